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
        let format = try Self.decoded(Format.self, data).format
        guard format == Self.format else { throw WordPieceError.unknownFormat(format) }
        let document = try Self.decoded(Document.self, data)
        guard document.longest >= 2 else { throw WordPieceError.badField("longest") }
        guard document.frame.count == 2 else { throw WordPieceError.badField("frame") }
        let images = document.written.map { (point: $0.key.codePoints, image: $0.value.codePoints) }
        guard images.allSatisfy({ $0.point.count == 1 }) else { throw WordPieceError.badField("written") }

        longest = document.longest
        longestWord = document.longest_word
        unknown = document.unknown
        prefix = document.prefix.codePoints
        (first, last) = (document.frame[0], document.frame[1])
        special = document.special.map { (text: $0.key.codePoints, id: $0.value) }
        dropped = try Self.set("dropped", document.dropped)
        spaces = try Self.set("spaces", document.spaces)
        alone = try Self.set("alone", document.alone)
        written = Dictionary(images.map { ($0.point[0], $0.image) }, uniquingKeysWith: { _, latter in latter })
        vocabulary = document.vocabulary.map(\.codePoints)
    }

    private static func set(_ field: String, _ ranges: [[CodePoint]]) throws -> CodePointSet {
        guard ranges.allSatisfy({ $0.count == 2 && $0[0] <= $0[1] }) else { throw WordPieceError.badField(field) }
        return CodePointSet(ranges.map { $0[0]...$0[1] })
    }

    private static func decoded<Value: Decodable>(_ type: Value.Type, _ data: Data) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch DecodingError.keyNotFound(let key, _) {
            throw WordPieceError.badField(key.stringValue)
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            guard let field = context.codingPath.first else { throw WordPieceError.notJSON }
            throw WordPieceError.badField(field.stringValue)
        } catch {
            throw WordPieceError.notJSON
        }
    }
}

private struct Format: Decodable {
    let format: Int
}

/// The file, under its own names.
private struct Document: Decodable {
    let longest: Int
    let longest_word: Int
    let unknown: Int32
    let prefix: String
    let frame: [Int32]
    let special: [Pair<Int32>]
    let dropped: [[CodePoint]]
    let spaces: [[CodePoint]]
    let alone: [[CodePoint]]
    let written: [Pair<String>]
    let vocabulary: [String]
}

/// Key and value as a list of two: an object's keys "K" and "K", the sign of Kelvin, would be one key in Swift.
private struct Pair<Value: Decodable>: Decodable {
    let key: String
    let value: Value

    init(from decoder: any Decoder) throws {
        var parts = try decoder.unkeyedContainer()
        key = try parts.decode(String.self)
        value = try parts.decode(Value.self)
    }
}

extension String {
    fileprivate var codePoints: [CodePoint] {
        unicodeScalars.map(\.value)
    }
}
