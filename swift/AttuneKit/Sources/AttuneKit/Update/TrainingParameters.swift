/// What an update may choose. nil leaves the model's own default; each is bounded by what the model allows.
///
/// Source: Apple's `MLParameterKey`.
public struct TrainingParameters: Equatable, Sendable {
    public var epochs: Int?
    public var miniBatchSize: Int?
    public var learningRate: Double?
    public var shuffle: Bool?
    public var seed: Int?

    /// For a head on a `TrainingSet`. The 60 epochs that the exported heads have as a default are those of the device
    /// runtime, whose steps see all rehearsal examples at once. In mini-batches of 32 they go over labels that were
    /// drawn once too often: in a simulation on the shipped sentiment head they cost 1.4 points of the yardstick, and
    /// these none to 0.2, with all of 20 samples learnt either way.
    public static let recommended = TrainingParameters(epochs: 10, miniBatchSize: 64)

    public init(
        epochs: Int? = nil, miniBatchSize: Int? = nil, learningRate: Double? = nil, shuffle: Bool? = nil,
        seed: Int? = nil
    ) {
        self.epochs = epochs
        self.miniBatchSize = miniBatchSize
        self.learningRate = learningRate
        self.shuffle = shuffle
        self.seed = seed
    }
}
