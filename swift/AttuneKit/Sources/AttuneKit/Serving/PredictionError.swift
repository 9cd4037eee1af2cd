/// Why there is no prediction.
public enum PredictionError: Error, Equatable, CustomStringConvertible {
    /// A compiled model can't be opened, by its file name, as Core ML tells it.
    case unusableModel(String, reason: String)
    /// Core ML refused the input.
    case failed(String)
    /// An output is missing, of another type, or not finite: the models are not those of one export.
    case badOutput(String)

    public var description: String {
        switch self {
        case .unusableModel(let name, let reason): "\(name) can't be opened: \(reason)"
        case .failed(let reason): "the prediction failed: \(reason)"
        case .badOutput(let name): "the model gives no usable \(name): is it of the same export?"
        }
    }
}
