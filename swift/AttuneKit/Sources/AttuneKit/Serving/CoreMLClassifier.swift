#if canImport(CoreML)
import CoreML
import Foundation

/// A compiled Head-TASK, which takes features, or Attune-TASK, the pipeline, which takes a text.
public final class CoreMLClassifier: Classifier {
    private let model: SerialModel

    /// - Parameter computeUnits: A head is too small for anything but the CPU to pay.
    /// - Throws: `PredictionError`.
    public init(contentsOf url: URL, computeUnits: MLComputeUnits = .cpuOnly) throws {
        model = try SerialModel(contentsOf: url, computeUnits: computeUnits)
    }

    /// Throws `PredictionError`.
    public func probabilities(of input: ModelInput) throws -> [String: Double] {
        let output = try model.prediction(from: ModelInputFeatures(input))
        let values = output.featureValue(for: FeatureName.probabilities)?.dictionaryValue ?? [:]
        var probabilities: [String: Double] = [:]
        for case (let label as String, let probability) in values {
            probabilities[label] = probability.doubleValue
        }
        guard !probabilities.isEmpty else { throw PredictionError.badOutput(FeatureName.probabilities) }
        return probabilities
    }
}
#endif
