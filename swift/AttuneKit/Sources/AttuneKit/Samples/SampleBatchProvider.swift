#if canImport(CoreML)
import CoreML
import Foundation

/// What an `MLUpdateTask` trains on. Each example is turned into Core ML's arrays when it is asked for, and not kept.
public final class SampleBatchProvider: NSObject, MLBatchProvider {
    private let examples: [LabelledExample]

    /// As a rule the examples of a `TrainingSet`.
    public init(_ examples: [LabelledExample]) {
        self.examples = examples
    }

    public var count: Int {
        examples.count
    }

    public func features(at index: Int) -> MLFeatureProvider {
        ModelInputFeatures(examples[index].input, label: examples[index].label)
    }
}
#endif
