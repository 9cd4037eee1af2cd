import XCTest

@testable import AttuneKit

final class RehearsalFilesTests: XCTestCase {
    private var folder = URL(fileURLWithPath: "/")

    override func setUpWithError() throws {
        folder = try makeTemporaryDirectory()
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("mood"), withIntermediateDirectories: true)
        try write(
            "layout.json",
            #"""
            {"format": 1, "feature_width": 2,
             "tasks": {"mood": {"labels": ["坏", "好"], "rows": {"rehearsal": 2, "yardstick": 1}}}}
            """#)
        try write("mood/rehearsal-features.f32", [1, 2, 3, 4] as [Float])
        try write("mood/rehearsal-probabilities.f32", [0.25, 0.75, 1, 0] as [Float])
        try write("mood/yardstick-features.f32", [5, 6] as [Float])
        try write("mood/yardstick-labels.i32", [1] as [Int32])
    }

    func testExamplesAreReadAsTheyWereWritten() async throws {
        let files = try RehearsalFiles(folder: folder, task: "mood")
        let rehearsal = try await files.rehearsal()
        XCTAssertEqual(
            rehearsal,
            [
                RehearsalExample(input: .features([1, 2]), probabilities: ["坏": 0.25, "好": 0.75]),
                RehearsalExample(input: .features([3, 4]), probabilities: ["坏": 1, "好": 0]),
            ])
        let yardstick = try await files.yardstick()
        XCTAssertEqual(yardstick, [LabelledExample(input: .features([5, 6]), label: "好")])
    }

    func testWhatIsMissingOrDamagedIsNamed() async throws {
        XCTAssertThrowsError(try RehearsalFiles(folder: folder, task: "none")) { error in
            XCTAssertEqual("\(error)", "there is no task none; there are mood")
        }
        let files = try RehearsalFiles(folder: folder, task: "mood")
        try write("mood/yardstick-labels.i32", [2] as [Int32])
        await assertThrows(.damaged("yardstick-labels.i32")) { _ = try await files.yardstick() }
        try write("mood/rehearsal-features.f32", [1] as [Float])
        await assertThrows(.damaged("rehearsal-features.f32")) { _ = try await files.rehearsal() }
        try FileManager.default.removeItem(at: folder.appendingPathComponent("mood/rehearsal-features.f32"))
        await assertThrows(.unreadable("rehearsal-features.f32")) { _ = try await files.rehearsal() }
        try write("layout.json", #"{"format": 2, "feature_width": 2, "tasks": {}}"#)
        XCTAssertThrowsError(try RehearsalFiles(folder: folder, task: "mood")) { error in
            XCTAssertEqual(error as? RehearsalFilesError, .unknownFormat(2))
        }
        try write("layout.json", "{")
        XCTAssertThrowsError(try RehearsalFiles(folder: folder, task: "mood")) { error in
            XCTAssertEqual(error as? RehearsalFilesError, .unreadable("layout.json"))
        }
    }

    func testParametersAreEncodedAsTheToolchainReadsThem() {
        let data = HeadParameters(weight: [1, 2, 3, 4], bias: [5, 6]).encoded()
        XCTAssertEqual(data.prefix(12), Data("ATH1".utf8) + Data([2, 0, 0, 0, 2, 0, 0, 0]))
        XCTAssertEqual(data.suffix(4), Data([0, 0, 0xC0, 0x40]), "6 in little-endian float32")
        XCTAssertEqual(data.count, 12 + 6 * 4)
    }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    private func write<Value>(_ name: String, _ values: [Value]) throws {
        try values.withUnsafeBytes { try Data($0).write(to: folder.appendingPathComponent(name)) }
    }

    private func assertThrows(_ expected: RehearsalFilesError, _ call: () async throws -> Void) async {
        do {
            try await call()
            XCTFail("nothing was thrown, not \(expected)")
        } catch {
            XCTAssertEqual(error as? RehearsalFilesError, expected)
        }
    }
}
