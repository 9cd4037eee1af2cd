#if canImport(CoreML)
import CoreML
import Foundation

extension HeadParameters {
    /// The exporter's name of the layer that learns.
    private static let layer = "head"

    /// Reads them out of a compiled Head-TASK, one that `MLUpdateTask` has trained for example. Throws
    /// `PredictionError`.
    public init(contentsOf url: URL) throws {
        let model: MLModel
        do {
            model = try MLModel(contentsOf: url, configuration: MLModelConfiguration())
        } catch {
            throw PredictionError.unusableModel(url.lastPathComponent, reason: "\(error)")
        }
        let weight = try Self.values(.weights, of: model)
        let bias = try Self.values(.biases, of: model)
        guard !bias.isEmpty, weight.count % bias.count == 0 else { throw PredictionError.badOutput(Self.layer) }
        self.init(weight: weight, bias: bias)
    }

    private static func values(_ key: MLParameterKey, of model: MLModel) throws -> [Float] {
        guard let array = try? model.parameterValue(for: key.scoped(to: layer)) as? MLMultiArray else {
            throw PredictionError.badOutput(layer)
        }
        return MLShapedArray<Float>(converting: array).scalars
    }
}
#endif
