/// One answer, with what feedback on it needs.
public struct Prediction: Equatable, Sendable {
    public let label: String
    public let probabilities: [String: Double]
    /// The version of the head that answered; 0 is the app's own.
    public let version: Int
    /// What the base made of the text [D], to be cached with a sample: training then needs no base. Personal data.
    public let features: [Float]
}
