/// What goes wrong with a task's versions.
public enum VersionError: Error, Equatable, CustomStringConvertible {
    /// There is no such version on this device, or not any more.
    case unknown(Int)
    /// The app's own head is serving already.
    case nothingToRollBack
    /// Another version became active since the candidate's training began.
    case activeChanged(from: Int, to: Int)
    /// A version's files are not those that were published.
    case damaged(Int, reason: String)
    /// The disk is full, or a file can't be read or written.
    case disk(String)

    public var description: String {
        switch self {
        case .unknown(let number): "there is no version \(number)"
        case .nothingToRollBack: "version 0, the app's own, is active: there is nothing to roll back"
        case .activeChanged(let from, let to):
            "the candidate was trained from version \(from), and \(to) has become active since"
        case .damaged(let number, let reason): "version \(number) is damaged: \(reason)"
        case .disk(let reason): "the versions can't be read or written: \(reason)"
        }
    }
}
