/// The gate's verdict on an update's candidate.
public enum UpdateOutcome: Equatable, Sendable {
    /// It is active now.
    case published(HeadVersion)
    /// The active version is what it was.
    case rejected([GateObjection], metrics: [String: Double])
}
