import Foundation

/// What a model is given: cached features for a head alone, a text for a whole pipeline.
public enum ModelInput: Hashable, Sendable {
    /// The base's features [D] of a text.
    case features([Float])
    case text(String)
}

/// One piece of the user's feedback: what was seen, and the label that it should have had.
///
/// Features are personal data like the text that they were made from.
public struct Sample: Hashable, Sendable, Identifiable {
    /// The app's own, and never used for another sample.
    public let id: String
    public let input: ModelInput
    public let label: String
    public let date: Date

    public init(id: String, input: ModelInput, label: String, date: Date) {
        self.id = id
        self.input = input
        self.label = label
        self.date = date
    }
}

/// An input with the label that it is trained or measured with.
public struct LabelledExample: Hashable, Sendable {
    public let input: ModelInput
    public let label: String

    public init(input: ModelInput, label: String) {
        self.input = input
        self.label = label
    }
}
