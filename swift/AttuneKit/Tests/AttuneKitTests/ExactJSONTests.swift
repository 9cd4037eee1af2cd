import XCTest

@testable import AttuneKit

final class ExactJSONTests: XCTestCase {
    func testReadsEscapesAndCodePointsAsTheyStand() throws {
        XCTAssertEqual(try string(#""\u0041\n\"\\\/\ud83d\ude00é""#), "A\n\"\\/😀é")
        XCTAssertEqual(try string("\"e\u{301}\u{212A}\u{F900}\""), "e\u{301}\u{212A}\u{F900}")
    }

    func testNamesThatSwiftCallsEqualStayTwo() throws {
        let text = "{\"\u{212B}\": 1, \"\u{C5}\": [-2, true, 1.5e3]}"
        guard case .object(let members) = try ExactJSON(Data(text.utf8)) else { return XCTFail("no object") }
        XCTAssertEqual(members.map(\.name), [[0x212B], [0xC5]])
    }

    func testWhatIsNoJSONIsRefused() {
        let wrong = [
            "", " ", "{", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "tru", "\"", "\"\n\"", "1 2", "nan",
            #""\x""#, #""\u12""#, #""\ud83d""#, #""\ud83d\u0041""#,
        ]
        for text in wrong {
            XCTAssertThrowsError(try ExactJSON(Data(text.utf8)), text) { error in
                XCTAssertTrue(error is ExactJSON.Malformed, text)
            }
        }
        XCTAssertThrowsError(try ExactJSON(Data([0x22, 0xFF, 0x22])))
    }

    private func string(_ text: String) throws -> String? {
        guard case .string(let points) = try ExactJSON(Data(text.utf8)) else { return nil }
        let scalars = String.UnicodeScalarView(points.compactMap(Unicode.Scalar.init))
        return String(scalars)
    }
}
