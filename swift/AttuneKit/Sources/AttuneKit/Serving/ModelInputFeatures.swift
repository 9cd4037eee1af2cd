#if canImport(CoreML)
import CoreML
import Foundation

/// A head's or a pipeline's input, with the label where it is trained on.
final class ModelInputFeatures: NSObject, MLFeatureProvider {
    private let input: ModelInput
    private let label: String?

    init(_ input: ModelInput, label: String? = nil) {
        self.input = input
        self.label = label
    }

    var featureNames: Set<String> {
        Set([inputName] + (label == nil ? [] : [FeatureName.label]))
    }

    func featureValue(for featureName: String) -> MLFeatureValue? {
        switch featureName {
        case inputName: inputValue
        case FeatureName.label: label.map(MLFeatureValue.init(string:))
        default: nil
        }
    }

    private var inputName: String {
        switch input {
        case .features: FeatureName.features
        case .text: FeatureName.text
        }
    }

    private var inputValue: MLFeatureValue {
        switch input {
        case .features(let values):
            MLFeatureValue(multiArray: MLMultiArray(MLShapedArray(scalars: values, shape: [values.count])))
        case .text(let text):
            MLFeatureValue(string: text)
        }
    }
}
#endif
