/// What an update trains on: the user's samples among rehearsal examples, mixed so that neither drowns the other.
public struct TrainingSet: Sendable {
    /// In the order in which they are trained on.
    public let examples: [LabelledExample]

    /// Mixes `samples` with `rehearsal`.
    ///
    /// Core ML weighs all examples the same, so what would be a weight is a number of copies here: the user's samples
    /// are repeated until there are `userWeight` of them to one rehearsal example, or the rehearsal examples where
    /// there are too few of those. On the device runtime a weight of 0.1 to 0.2 was measured to teach without
    /// forgetting. Of samples with one input the last one counts. The same arguments give the same set.
    public init(samples: [Sample], rehearsal: [RehearsalExample], userWeight: Double = 0.1, seed: Int = 0) {
        var generator = SeededGenerator(seed: seed)
        let taught = Self.latest(samples)
        let wanted = userWeight * Double(rehearsal.count)
        let repeats = Self.copies(wanted / Double(taught.count))
        let rounds = Self.copies(Double(taught.count) / wanted)

        var mixed: [LabelledExample] = []
        for _ in 0..<repeats {
            mixed += taught.map { LabelledExample(input: $0.input, label: $0.label) }
        }
        for _ in 0..<rounds {
            mixed += rehearsal.compactMap { example in
                example.drawLabel(using: &generator).map { LabelledExample(input: example.input, label: $0) }
            }
        }
        mixed.shuffle(using: &generator)
        examples = mixed
    }

    /// At least one, and one where there is nothing to be weighed against.
    private static func copies(_ ratio: Double) -> Int {
        ratio.isFinite ? max(1, Int(ratio.rounded())) : 1
    }

    /// The last sample of each input, oldest first.
    static func latest(_ samples: [Sample]) -> [Sample] {
        let ordered = samples.sorted { ($0.date, $0.id) < ($1.date, $1.id) }
        var last: [ModelInput: Sample] = [:]
        for sample in ordered {
            last[sample.input] = sample
        }
        return ordered.filter { last[$0.input] == $0 }
    }
}
