import Foundation

/// A head, or a pipeline that ends in one, which answers.
public protocol Classifier: Sendable {
    /// The probability of each label.
    func probabilities(of input: ModelInput) throws -> [String: Double]
}

extension Classifier {
    /// The most probable label; nil unless all probabilities are finite.
    func label(of input: ModelInput) throws -> String? {
        let probabilities = try probabilities(of: input)
        guard probabilities.values.allSatisfy(\.isFinite) else { return nil }
        return probabilities.sorted { $0.key < $1.key }.max { $0.value < $1.value }?.key
    }
}

/// Trains compiled models, and opens them: what an update needs of Core ML.
public protocol HeadTrainer: Sendable {
    /// Trains the compiled model at `model`, and writes the result, compiled too, to `destination`. A cancelled task
    /// throws `CancellationError`, soon; all else throws `UpdateError.trainingFailed`.
    func train(
        _ model: URL, on examples: [LabelledExample], parameters: TrainingParameters, to destination: URL,
        progress: @escaping @Sendable (UpdateProgress) -> Void
    ) async throws

    func open(_ model: URL) throws -> any Classifier
}
