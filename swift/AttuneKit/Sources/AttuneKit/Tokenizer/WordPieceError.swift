/// Why a tokenizer can't be had.
public enum WordPieceError: Error, Equatable, CustomStringConvertible {
    /// There is no file, or it can't be read.
    case unreadable(path: String)
    /// It is no JSON object.
    case notJSON
    /// It is of a format that this version does not know.
    case unknownFormat(Int)
    /// A field is not there, or not what it has to be.
    case badField(String)
    /// The model is for texts of another length than the tables.
    case otherLength(tables: Int, model: Int)

    public var description: String {
        switch self {
        case .unreadable(let path):
            return "\(path) can't be read: the export's wordpiece.json has to be among the app's resources"
        case .notJSON:
            return "the tokenizer's tables are no JSON object"
        case .unknownFormat(let format):
            return "the tokenizer's tables are of format \(format), and this AttuneKit reads \(WordPieceTables.format)"
        case .badField(let name):
            return "the tokenizer's tables have no usable field \(name)"
        case .otherLength(let tables, let model):
            return "the tokenizer's tables are for \(tables) tokens, the model is for \(model): they are of two exports"
        }
    }
}
