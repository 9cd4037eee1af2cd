#if canImport(CoreML)
import CoreML
import Foundation

/// A compiled Core ML model that several threads may ask: one after the other, as Apple wants it of an `MLModel`.
final class SerialModel: @unchecked Sendable {
    private let model: MLModel
    private let lock = NSLock()

    /// Throws `PredictionError`.
    init(contentsOf url: URL, computeUnits: MLComputeUnits) throws {
        let configuration = MLModelConfiguration()
        configuration.computeUnits = computeUnits
        do {
            model = try MLModel(contentsOf: url, configuration: configuration)
        } catch {
            throw PredictionError.unusableModel(url.lastPathComponent, reason: "\(error)")
        }
    }

    /// Throws `PredictionError`.
    func prediction(from input: MLFeatureProvider) throws -> MLFeatureProvider {
        lock.lock()
        defer { lock.unlock() }
        do {
            return try model.prediction(from: input)
        } catch {
            throw PredictionError.failed("\(error)")
        }
    }
}
#endif
