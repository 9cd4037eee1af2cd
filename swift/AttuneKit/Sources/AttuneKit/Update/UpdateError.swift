/// Why an update ended without a verdict. The active version is what it was, and nothing is left behind.
public enum UpdateError: Error, CustomStringConvertible {
    /// One at a time.
    case alreadyRunning
    /// It may not run now, for all these reasons.
    case notNow([UpdateObstacle])
    /// The user took the consent back while it ran.
    case consentWithdrawn
    /// The user deleted one of the samples while it ran: no version may come of it.
    case sampleDeleted
    case cancelled
    /// The system wanted the time back, or a condition was lost.
    case expired
    /// The app's samples or rehearsal examples can't be read.
    case unreadableData(any Error)
    /// The model can't be trained: a wrong shape or label, or a parameter out of its bounds, as Core ML tells it.
    case trainingFailed(String)
    /// The candidate can't be stored, or another version became active meanwhile.
    case notPublished(VersionError)

    public var description: String {
        switch self {
        case .alreadyRunning: "an update is running"
        case .notNow(let obstacles): "not now: " + obstacles.map(\.description).joined(separator: ", ")
        case .consentWithdrawn: "the consent to personalisation was withdrawn"
        case .sampleDeleted: "a sample was deleted while it was trained on"
        case .cancelled: "cancelled"
        case .expired: "expired"
        case .unreadableData(let error): "the samples can't be read: \(error)"
        case .trainingFailed(let reason): "training failed: \(reason)"
        case .notPublished(let error): "not published: \(error)"
        }
    }
}
