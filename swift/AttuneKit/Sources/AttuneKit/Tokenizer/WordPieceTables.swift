import Foundation

/// What the file wordpiece.json of an export says, field by field.
struct WordPieceTables {
    static let format = 1

    let longest: Int
    let longestWord: Int
    let unknown: Int32
    let prefix: [CodePoint]
    let first: Int32
    let last: Int32
    let special: [(text: [CodePoint], id: Int32)]
    let dropped: CodePointSet
    let spaces: CodePointSet
    let alone: CodePointSet
    let written: [CodePoint: [CodePoint]]
    let vocabulary: [[CodePoint]]

    /// Throws `WordPieceError`.
    init(_ data: Data) throws {
        let fields: Fields
        do {
            fields = try Fields(ExactJSON(data))
        } catch let error as ExactJSON.Malformed {
            throw WordPieceError.notJSON(position: error.position)
        }
        let format = try fields.read("format", \.integer)
        guard format == Self.format else { throw WordPieceError.unknownFormat(format) }

        longest = try fields.read("longest") { $0.integer.flatMap { $0 >= 2 ? $0 : nil } }
        longestWord = try fields.read("longest_word", \.integer)
        prefix = try fields.read("prefix", \.string)
        vocabulary = try fields.read("vocabulary") { $0.array(of: \.string) }
        unknown = try fields.read("unknown", \.id)
        (first, last) = try fields.read("frame") { frame in
            frame.array(of: \.id).flatMap { $0.count == 2 ? ($0[0], $0[1]) : nil }
        }
        special = try fields.read("special") { $0.members(of: \.id) }.map { (text: $0.text, id: $0.value) }
        dropped = try fields.read("dropped", \.ranges)
        spaces = try fields.read("spaces", \.ranges)
        alone = try fields.read("alone", \.ranges)
        let images = try fields.read("written") { $0.members(of: \.string) }
        guard images.allSatisfy({ $0.text.count == 1 }) else { throw WordPieceError.badField("written") }
        written = Dictionary(images.map { ($0.text[0], $0.value) }, uniquingKeysWith: { _, latter in latter })
    }
}

private struct Fields {
    private let values: [String: ExactJSON]

    init(_ document: ExactJSON) throws {
        guard case .object(let members) = document else { throw WordPieceError.notJSON(position: 0) }
        let named = members.map { member in
            (String(String.UnicodeScalarView(member.name.compactMap(Unicode.Scalar.init))), member.value)
        }
        values = Dictionary(named, uniquingKeysWith: { _, latter in latter })
    }

    func read<Value>(_ name: String, _ convert: (ExactJSON) -> Value?) throws -> Value {
        guard let value = values[name].flatMap(convert) else { throw WordPieceError.badField(name) }
        return value
    }
}

extension ExactJSON {
    fileprivate var integer: Int? {
        if case .integer(let value) = self { value } else { nil }
    }

    fileprivate var id: Int32? {
        integer.flatMap(Int32.init(exactly:))
    }

    fileprivate var string: [CodePoint]? {
        if case .string(let value) = self { value } else { nil }
    }

    fileprivate var ranges: CodePointSet? {
        let bounds = array { $0.array { $0.integer.flatMap(CodePoint.init(exactly:)) } }
        guard let bounds, bounds.allSatisfy({ $0.count == 2 && $0[0] <= $0[1] }) else { return nil }
        return CodePointSet(bounds.map { $0[0]...$0[1] })
    }

    fileprivate func array<Item>(of convert: (ExactJSON) -> Item?) -> [Item]? {
        guard case .array(let values) = self else { return nil }
        let items = values.compactMap(convert)
        return items.count == values.count ? items : nil
    }

    fileprivate func members<Item>(of convert: (ExactJSON) -> Item?) -> [(text: [CodePoint], value: Item)]? {
        guard case .object(let members) = self else { return nil }
        let items = members.compactMap { member in convert(member.value).map { (text: member.name, value: $0) } }
        return items.count == members.count ? items : nil
    }
}
