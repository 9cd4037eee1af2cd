import Foundation

/// What has become of a version.
public enum VersionState: String, Codable, Sendable {
    /// Published, and not yet proven.
    case trying
    /// The app has found it good.
    case good
    case rolledBack
    /// Its files are gone, because the samples that it learnt from had to be forgotten.
    case destroyed
}

/// A published version of a task's head. Its files never change; its state can.
public struct HeadVersion: Equatable, Sendable {
    /// From 1 on; 0 is the head that ships with the app, which can't be lost.
    public let number: Int
    /// The version that it was trained from.
    public let parent: Int
    public let created: Date
    /// The gate's figures.
    public let metrics: [String: Double]
    /// The samples that it, or a version that it comes from, was trained on.
    public let learnt: Set<Sample.ID>
    public let state: VersionState
}

/// The file version.json beside a version's model.
struct VersionRecord: Codable, Equatable {
    var format = 1
    let number: Int
    let parent: Int
    let created: Date
    let metrics: [String: Double]
    let learnt: Set<Sample.ID>
    /// Bytes of each of the model's files by its path in the model's directory: what is cut short is noticed.
    let files: [String: Int]
}
