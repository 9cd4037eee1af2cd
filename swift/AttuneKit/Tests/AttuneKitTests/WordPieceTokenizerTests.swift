import XCTest

@testable import AttuneKit

final class WordPieceTokenizerTests: XCTestCase {
    private struct Vector: Decodable {
        let text: String
        let ids: [Int32]
    }

    func testGivesTheIdsOfTheToolchainsTokenizer() throws {
        let tokenizer = try WordPieceTokenizer(contentsOf: TestResources.wordPiece)
        let vectors = try JSONDecoder().decode([Vector].self, from: Data(contentsOf: TestResources.vectors))
        XCTAssertGreaterThan(vectors.count, 350)
        for vector in vectors {
            XCTAssertEqual(tokenizer.ids(of: vector.text), vector.ids, "of \(vector.text.debugDescription)")
        }
    }

    func testLettersThatUnicodeTakesForOneAreToldApartInTheTables() throws {
        let tokenizer = try tables(["written": #"[["K","k"],["\#u{212A}","a"]]"#])
        XCTAssertEqual(tokenizer.ids(of: "K"), [1, 5, 2])
        XCTAssertEqual(tokenizer.ids(of: "\u{212A}"), [1, 4, 2])
    }

    func testAWordThatCannotBeSpeltIsUnknownAsAWhole() throws {
        let tokenizer = try tables([:])
        XCTAssertEqual(tokenizer.ids(of: "ak"), [1, 4, 6, 2])
        XCTAssertEqual(tokenizer.ids(of: "aka"), [1, 3, 2])
        XCTAssertEqual(tokenizer.ids(of: "a aka k"), [1, 4, 3, 5, 2])
    }

    func testAFileThatIsNotThereIsNamed() {
        let missing = URL(fileURLWithPath: "/nowhere/wordpiece.json")
        XCTAssertThrowsError(try WordPieceTokenizer(contentsOf: missing)) { error in
            XCTAssertEqual(error as? WordPieceError, .unreadable(path: "/nowhere/wordpiece.json"))
            XCTAssertTrue("\(error)".contains("/nowhere/wordpiece.json can't be read"), "\(error)")
        }
    }

    func testWhatIsNoTableIsRefusedWithTheReason() {
        let wrong: [(String, WordPieceError)] = [
            ("", .notJSON),
            ("[]", .notJSON),
            (#"{"format":1"#, .notJSON),
            (#"{"format":1}x"#, .notJSON),
            ("{}", .badField("format")),
            (#"{"format":2}"#, .unknownFormat(2)),
            (#"{"format":1}"#, .badField("longest")),
            (document(["longest": "1"]), .badField("longest")),
            (document(["frame": "[1]"]), .badField("frame")),
            (document(["alone": "[[9,3]]"]), .badField("alone")),
            (document(["written": #"[["a"]]"#]), .badField("written")),
            (document(["written": #"[["ab","a"]]"#]), .badField("written")),
            (document(["vocabulary": #"["a",1]"#]), .badField("vocabulary")),
        ]
        for (text, expected) in wrong {
            XCTAssertThrowsError(try WordPieceTokenizer(Data(text.utf8)), text) { error in
                XCTAssertEqual(error as? WordPieceError, expected, text)
            }
        }
    }

    func testAMegabyteIsCutToItsFirstTokens() throws {
        let tokenizer = try WordPieceTokenizer(contentsOf: TestResources.wordPiece)
        let text = String(repeating: "今天天气不错，", count: 50_000)
        XCTAssertEqual(tokenizer.ids(of: text).count, 256)
    }

    private func tables(_ changes: [String: String]) throws -> WordPieceTokenizer {
        try WordPieceTokenizer(Data(document(changes).utf8))
    }

    /// Tables of two letters, with some fields said otherwise.
    private func document(_ changes: [String: String]) -> String {
        let fields = [
            "format": "1", "longest": "8", "longest_word": "4", "unknown": "3", "prefix": "\"+\"", "frame": "[1,2]",
            "special": "[]", "dropped": "[]", "spaces": "[[32,32]]", "alone": "[]", "written": "[]",
            "vocabulary": #"["[PAD]","[CLS]","[SEP]","[UNK]","a","k","+k"]"#,
        ]
        let said = fields.merging(changes) { _, changed in changed }
        return "{" + said.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }
}
