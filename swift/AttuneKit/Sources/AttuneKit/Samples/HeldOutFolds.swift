/// Slices of the user's samples that are left out of a training in turn, to see what it makes of samples it did not
/// see.
enum HeldOutFolds {
    static let count = 5
    /// From here on one slice says enough, and all of them would cost more than the update.
    static let oneSliceFrom = 200

    /// Disjoint slices, each with a like share of every label: `count` of them, leave-one-out where there are fewer
    /// samples than that, one of many samples, and none of a single one.
    static func of(_ samples: [Sample], seed: Int) -> [[Sample]] {
        guard samples.count >= 2 else { return [] }
        var generator = SeededGenerator(seed: seed)
        let shuffled = samples.sorted { $0.id < $1.id }.shuffled(using: &generator)
        let labels = Set(shuffled.map(\.label)).sorted()
        let byLabel = labels.flatMap { label in shuffled.filter { $0.label == label } }
        let folds = min(count, byLabel.count)
        let slices = (0..<folds).map { first in
            stride(from: first, to: byLabel.count, by: folds).map { byLabel[$0] }
        }
        return samples.count >= oneSliceFrom ? Array(slices.prefix(1)) : slices
    }
}
