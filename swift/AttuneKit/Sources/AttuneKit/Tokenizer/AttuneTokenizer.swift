#if canImport(CoreML)
import CoreML
import Foundation

/// The custom model in an exported pipeline: Core ML finds the class by this name, gives it a text and takes token
/// ids.
///
/// Its tables are wordpiece.json in the main bundle, unless `use(_:)` says otherwise before the pipeline is opened.
#if canImport(ObjectiveC)
@objc(AttuneTokenizer)
#endif
public final class AttuneTokenizer: NSObject, MLCustomModel {
    private static let shared = Locked<(url: URL?, tokenizer: WordPieceTokenizer?)>((nil, nil))

    private let tokenizer: WordPieceTokenizer

    /// Takes the tables from another file. Models that are open already keep theirs.
    public static func use(_ url: URL) {
        shared.withLock { $0 = (url, nil) }
    }

    /// Called by Core ML. Throws `WordPieceError`.
    public required init(modelDescription: MLModelDescription, parameters: [String: Any]) throws {
        tokenizer = try Self.loaded()
        if let length = (parameters["max_length"] as? NSNumber)?.intValue, length != tokenizer.longest {
            throw WordPieceError.otherLength(tables: tokenizer.longest, model: length)
        }
        super.init()
    }

    /// Called by Core ML: `text` to `input_ids` and `attention_mask`, int32 [1, S].
    public func prediction(from input: MLFeatureProvider, options: MLPredictionOptions) throws -> MLFeatureProvider {
        TokenFeatures(tokenizer.ids(of: input.featureValue(for: FeatureName.text)?.stringValue ?? ""))
    }

    /// Read once: a pipeline makes a new instance each time that it is opened.
    private static func loaded() throws -> WordPieceTokenizer {
        try shared.withLock { shared in
            if let tokenizer = shared.tokenizer {
                return tokenizer
            }
            let bundled = Bundle.main.url(forResource: "wordpiece", withExtension: "json")
            guard let url = shared.url ?? bundled else { throw WordPieceError.unreadable(path: "wordpiece.json") }
            let tokenizer = try WordPieceTokenizer(contentsOf: url)
            shared.tokenizer = tokenizer
            return tokenizer
        }
    }
}
#endif
