import Foundation

/// Text to the token ids that the base takes, exactly as the toolchain's tokenizer gives them.
///
/// Everything is done by code points, and what they are is asked of the tables of the export, never of the system:
/// its Unicode version would differ from one phone to the next. Two texts that Swift calls equal, "é" in one code
/// point or in two, are thus two texts here.
///
/// Source: Schuster and Nakajima, Japanese and Korean voice search, 2012; the tables' meaning is told in the
/// toolchain's wordpiece.py.
public struct WordPieceTokenizer: Sendable {
    /// Most tokens of a text, the first and the last included; what is over is cut off.
    public let longest: Int

    private let longestWord: Int
    private let unknown: Int32
    private let first: Int32
    private let last: Int32
    private let special: [(text: [CodePoint], id: Int32)]
    private let dropped: CodePointSet
    private let spaces: CodePointSet
    private let alone: CodePointSet
    private let written: [CodePoint: [CodePoint]]
    private let pieces: PieceTrie

    /// Reads wordpiece.json of an export. Throws `WordPieceError`.
    public init(contentsOf url: URL) throws {
        guard let data = try? Data(contentsOf: url) else { throw WordPieceError.unreadable(path: url.path) }
        try self.init(data)
    }

    /// Takes the content of wordpiece.json. Throws `WordPieceError`.
    public init(_ data: Data) throws {
        let tables = try WordPieceTables(data)
        longest = tables.longest
        longestWord = tables.longestWord
        unknown = tables.unknown
        first = tables.first
        last = tables.last
        // Where two begin at one place, the longer is meant.
        special = tables.special.sorted { $0.text.count > $1.text.count }
        dropped = tables.dropped
        spaces = tables.spaces
        alone = tables.alone
        written = tables.written
        pieces = PieceTrie(vocabulary: tables.vocabulary, prefix: tables.prefix)
    }

    /// Two to `longest` token ids.
    public func ids(of text: String) -> [Int32] {
        let points = text.unicodeScalars.map(\.value)
        let room = longest - 2
        var ids: [Int32] = []
        var word: [CodePoint] = []
        var position = 0
        while position < points.count, ids.count < room {
            if let token = specialToken(in: points, at: position) {
                spell(&word, into: &ids)
                ids.append(token.id)
                position += token.text.count
            } else {
                read(points[position], into: &word, ids: &ids)
                position += 1
            }
        }
        spell(&word, into: &ids)
        return [first] + ids.prefix(room) + [last]
    }

    private func specialToken(in points: [CodePoint], at position: Int) -> (text: [CodePoint], id: Int32)? {
        special.first { points[position...].starts(with: $0.text) && !$0.text.isEmpty }
    }

    private func read(_ point: CodePoint, into word: inout [CodePoint], ids: inout [Int32]) {
        if dropped.contains(point) {
            return
        }
        if spaces.contains(point) {
            return spell(&word, into: &ids)
        }
        for image in written[point] ?? [point] {
            if image == UInt32(ascii: " ") {
                spell(&word, into: &ids)
            } else if alone.contains(image) {
                spell(&word, into: &ids)
                word.append(image)
                spell(&word, into: &ids)
            } else {
                word.append(image)
            }
        }
    }

    /// Moves a finished word into `ids`, in the longest pieces from left to right.
    private func spell(_ word: inout [CodePoint], into ids: inout [Int32]) {
        guard !word.isEmpty else { return }
        defer { word.removeAll(keepingCapacity: true) }
        guard word.count <= longestWord else { return ids.append(unknown) }
        let before = ids.count
        var start = 0
        while start < word.count {
            guard let piece = pieces.longestPiece(of: word, at: start) else {
                ids.removeSubrange(before...)
                return ids.append(unknown)
            }
            ids.append(piece.id)
            start += piece.length
        }
    }
}

extension UInt32 {
    /// The code point of an ASCII character.
    init(ascii scalar: Unicode.Scalar) {
        self = scalar.value
    }
}
