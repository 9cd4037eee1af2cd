import Foundation

/// JSON in which strings are code points, names of an object's members too.
///
/// Foundation's decoders put members into dictionaries of `String`, and of two names that are canonically equivalent,
/// "K" and the Kelvin sign for example, one is lost. A tokenizer's tables have dozens of such pairs.
enum ExactJSON {
    case object([(name: [CodePoint], value: ExactJSON)])
    case array([ExactJSON])
    case string([CodePoint])
    case integer(Int)
    /// A fraction, true, false or null, which those tables don't have.
    case other

    /// The text is no JSON, from this code point on.
    struct Malformed: Error {
        let position: Int
    }

    /// Throws `Malformed`.
    init(_ data: Data) throws {
        guard let text = String(bytes: data, encoding: .utf8) else { throw Malformed(position: 0) }
        var reader = Reader(points: text.unicodeScalars.map(\.value))
        self = try reader.document()
    }
}

private struct Reader {
    let points: [CodePoint]
    var position = 0

    init(points: [CodePoint]) {
        self.points = points
    }

    mutating func document() throws -> ExactJSON {
        let value = try value()
        skipSpace()
        guard position == points.count else { throw malformed }
        return value
    }

    private mutating func value() throws -> ExactJSON {
        skipSpace()
        switch try peek() {
        case "{": return .object(try list(from: "{", to: "}") { try $0.member() })
        case "[": return .array(try list(from: "[", to: "]") { try $0.value() })
        case "\"": return .string(try string())
        default: return try word()
        }
    }

    private mutating func list<Item>(
        from opening: Unicode.Scalar, to closing: Unicode.Scalar, of item: (inout Reader) throws -> Item
    ) throws -> [Item] {
        try take(opening)
        skipSpace()
        var items: [Item] = []
        while try peek() != closing {
            if !items.isEmpty {
                try take(",")
            }
            items.append(try item(&self))
            skipSpace()
        }
        try take(closing)
        return items
    }

    private mutating func member() throws -> (name: [CodePoint], value: ExactJSON) {
        skipSpace()
        let name = try string()
        skipSpace()
        try take(":")
        return (name, try value())
    }

    private mutating func string() throws -> [CodePoint] {
        try take("\"")
        var content: [CodePoint] = []
        while try peek() != "\"" {
            let point = points[position]
            position += 1
            guard point >= 0x20 else { throw malformed }
            content.append(point == UInt32(ascii: "\\") ? try escaped() : point)
        }
        try take("\"")
        return content
    }

    private mutating func escaped() throws -> CodePoint {
        let escape = try peek()
        position += 1
        switch escape {
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 0x09
        case "b": return 0x08
        case "f": return 0x0C
        case "\"", "\\", "/": return escape.value
        case "u":
            let unit = try hexadecimal()
            guard 0xD800..<0xDC00 ~= unit else { return unit }
            try take("\\")
            try take("u")
            let low = try hexadecimal()
            guard 0xDC00..<0xE000 ~= low else { throw malformed }
            return 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
        default: throw malformed
        }
    }

    private mutating func hexadecimal() throws -> CodePoint {
        guard position + 4 <= points.count else { throw malformed }
        let digits = points[position..<position + 4].compactMap { point in
            Unicode.Scalar(point).map(Character.init)?.hexDigitValue
        }
        guard digits.count == 4 else { throw malformed }
        position += 4
        return digits.reduce(0) { $0 << 4 + CodePoint($1) }
    }

    private mutating func word() throws -> ExactJSON {
        let rest = points[position...].prefix { !Self.ends.contains($0) }
        let word = String(String.UnicodeScalarView(rest.compactMap(Unicode.Scalar.init)))
        // Not all that Swift takes for a number, nan for one, is JSON's.
        let isNumber = word.first.map("-0123456789".contains) == true && Double(word) != nil
        guard isNumber || ["true", "false", "null"].contains(word) else { throw malformed }
        position = rest.endIndex
        return Int(word).map(ExactJSON.integer) ?? .other
    }

    private mutating func skipSpace() {
        while position < points.count, Self.space.contains(points[position]) {
            position += 1
        }
    }

    private func peek() throws -> Unicode.Scalar {
        guard position < points.count, let scalar = Unicode.Scalar(points[position]) else { throw malformed }
        return scalar
    }

    private mutating func take(_ expected: Unicode.Scalar) throws {
        guard try peek() == expected else { throw malformed }
        position += 1
    }

    private var malformed: ExactJSON.Malformed {
        ExactJSON.Malformed(position: position)
    }

    private static let space = Set(" \t\r\n".unicodeScalars.map(\.value))
    private static let ends = Set(" \t\r\n,]}".unicodeScalars.map(\.value))
}
