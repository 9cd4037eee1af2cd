/// A public example with what the base's own head says about it: rehearsing it keeps an update from forgetting.
public struct RehearsalExample: Hashable, Sendable {
    public let input: ModelInput
    /// Of each label, by the head that ships.
    public let probabilities: [String: Double]

    public init(input: ModelInput, probabilities: [String: Double]) {
        self.input = input
        self.probabilities = probabilities
    }

    /// A label at random, as probable as the base's head says.
    ///
    /// Core ML's loss takes hard labels only. Drawn anew each time an example is rehearsed, they have the soft
    /// targets as their mean; always taking the most probable one taught too much certainty, and cost up to 12 points
    /// of accuracy.
    func drawLabel(using generator: inout some RandomNumberGenerator) -> String? {
        let labels = probabilities.sorted { $0.key < $1.key }.filter { $0.value > 0 }
        let total = labels.reduce(0) { $0 + $1.value }
        guard total > 0, total.isFinite else { return nil }
        var left = Double.random(in: 0..<total, using: &generator)
        for (label, probability) in labels {
            left -= probability
            if left < 0 {
                return label
            }
        }
        return labels.last?.key
    }
}

/// Where the public examples come from, as a rule a file of the app: features of some 2,000 of them are 1 MB.
public protocol RehearsalSource: Sendable {
    /// What is rehearsed beside the user's samples.
    func rehearsal() async throws -> [RehearsalExample]

    /// Examples with their true labels that are never rehearsed: they show what an update has forgotten.
    func yardstick() async throws -> [LabelledExample]
}
