#if canImport(CoreML)
import CoreML
import Foundation

/// Trains updatable Core ML models by `MLUpdateTask`: a Head-TASK on features, or an Attune-TASK pipeline on texts.
public struct CoreMLTrainer: HeadTrainer {
    private let computeUnits: MLComputeUnits

    /// - Parameter computeUnits: The CPU is best for a head. A pipeline runs the whole base for each example of each
    ///   epoch, and wants `.all`.
    public init(computeUnits: MLComputeUnits = .cpuOnly) {
        self.computeUnits = computeUnits
    }

    public func open(_ model: URL) throws -> any Classifier {
        try CoreMLClassifier(contentsOf: model, computeUnits: computeUnits)
    }

    public func train(
        _ model: URL, on examples: [LabelledExample], parameters: TrainingParameters, to destination: URL,
        progress: @escaping @Sendable (UpdateProgress) -> Void
    ) async throws {
        let training = UpdateTaskRun(destination: destination, progress: progress)
        let configuration = MLModelConfiguration()
        configuration.computeUnits = computeUnits
        configuration.parameters = parameters.byKey
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                training.start(
                    model, SampleBatchProvider(examples), configuration, ending: { continuation.resume(with: $0) })
            }
        } onCancel: {
            training.cancel()
        }
    }
}

extension TrainingParameters {
    fileprivate var byKey: [MLParameterKey: Any] {
        let values: [(MLParameterKey, Any?)] = [
            (.epochs, epochs), (.miniBatchSize, miniBatchSize), (.learningRate, learningRate), (.shuffle, shuffle),
            (.seed, seed),
        ]
        return Dictionary(uniqueKeysWithValues: values.compactMap { key, value in value.map { (key, $0) } })
    }
}
#endif
