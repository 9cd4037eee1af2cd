/// A vocabulary as a tree of code points: the longest piece that a word goes on with is found in one walk.
///
/// A dictionary of `String` would not do: it takes canonically equivalent strings for one.
struct PieceTrie: Sendable {
    private typealias Node = Int32
    private static let root: Node = 0
    private static let noPiece: Int32 = -1

    private var children: [UInt64: Node] = [:]
    private var pieces: [Int32] = [noPiece]
    private var afterPrefix: Node?

    /// `vocabulary` is in the order of ids; pieces that go on with a word begin with `prefix` in it.
    init(vocabulary: [[CodePoint]], prefix: [CodePoint]) {
        for (id, piece) in vocabulary.enumerated() {
            insert(piece, id: Int32(id))
        }
        afterPrefix = prefix.reduce(Self.root as Node?) { node, point in node.flatMap { child(of: $0, by: point) } }
    }

    /// The longest piece, of one code point at least, that `word` has at `start`.
    func longestPiece(of word: [CodePoint], at start: Int) -> (id: Int32, length: Int)? {
        guard var node = start == 0 ? Self.root : afterPrefix else { return nil }
        var found: (id: Int32, length: Int)?
        for position in start..<word.count {
            guard let next = child(of: node, by: word[position]) else { break }
            node = next
            if pieces[Int(node)] != Self.noPiece {
                found = (pieces[Int(node)], position - start + 1)
            }
        }
        return found
    }

    private mutating func insert(_ piece: [CodePoint], id: Int32) {
        var node = Self.root
        for point in piece {
            if let next = child(of: node, by: point) {
                node = next
            } else {
                pieces.append(Self.noPiece)
                let next = Node(pieces.count - 1)
                children[Self.edge(node, point)] = next
                node = next
            }
        }
        pieces[Int(node)] = id
    }

    private func child(of node: Node, by point: CodePoint) -> Node? {
        children[Self.edge(node, point)]
    }

    private static func edge(_ node: Node, _ point: CodePoint) -> UInt64 {
        UInt64(node) << 32 | UInt64(point)
    }
}
