#if canImport(CoreML)
import CoreML
import Foundation

/// The frozen base with its tokenizer: a text to its features.
public final class TextEncoder: Sendable {
    private let tokenizer: WordPieceTokenizer
    private let model: SerialModel

    /// - Parameters:
    ///   - url: Base.mlmodelc, as Xcode compiles it of Base.mlpackage.
    ///   - computeUnits: Where it runs. A base in fp16 is as well on the Neural Engine.
    /// - Throws: `PredictionError`.
    public init(contentsOf url: URL, tokenizer: WordPieceTokenizer, computeUnits: MLComputeUnits = .all) throws {
        self.tokenizer = tokenizer
        model = try SerialModel(contentsOf: url, computeUnits: computeUnits)
    }

    /// The features [D] of a text. They are personal data like the text itself. Throws `PredictionError`.
    public func features(of text: String) throws -> [Float] {
        let output = try model.prediction(from: TokenFeatures(tokenizer.ids(of: text)))
        let features = output.featureValue(for: FeatureName.features)?.shapedArrayValue(of: Float.self)?.scalars
        guard let features, features.allSatisfy(\.isFinite) else {
            throw PredictionError.badOutput(FeatureName.features)
        }
        return features
    }
}

/// Token ids of one text as the base takes them: two int32 arrays [1, S], all of whose tokens count.
final class TokenFeatures: NSObject, MLFeatureProvider {
    private let ids: [Int32]

    init(_ ids: [Int32]) {
        self.ids = ids
    }

    var featureNames: Set<String> {
        [FeatureName.inputIDs, FeatureName.attentionMask]
    }

    func featureValue(for featureName: String) -> MLFeatureValue? {
        switch featureName {
        case FeatureName.inputIDs: row(ids)
        case FeatureName.attentionMask: row(ids.map { _ in 1 })
        default: nil
        }
    }

    private func row(_ values: [Int32]) -> MLFeatureValue {
        MLFeatureValue(multiArray: MLMultiArray(MLShapedArray(scalars: values, shape: [1, values.count])))
    }
}
#endif
