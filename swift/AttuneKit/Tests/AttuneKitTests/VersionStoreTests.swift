import XCTest

@testable import AttuneKit

final class VersionStoreTests: XCTestCase {
    private var root = URL(fileURLWithPath: "/")
    private var base = URL(fileURLWithPath: "/")
    private var directory = URL(fileURLWithPath: "/")

    override func setUpWithError() throws {
        root = try makeTemporaryDirectory()
        base = root.appendingPathComponent("Head.mlmodelc")
        directory = root.appendingPathComponent("Attune").appendingPathComponent("sentiment")
        try ModelDirectory.make(at: base, saying: "base")
    }

    func testServesTheAppsOwnHeadAtFirst() throws {
        let served = try open().load(ModelDirectory.read)
        XCTAssertEqual(served.version, 0)
        XCTAssertEqual(served.model, "base")
        XCTAssertEqual(served.degraded, [])
    }

    func testAPublishedVersionServesAtOnceAndAfterARestart() throws {
        let store = try open()
        let before = store.revision
        let created = Date(timeIntervalSince1970: 1_700_000_000)
        let made = try model("first")
        let version = try store.publish(
            made, parent: 0, metrics: ["held_out": 4], learnt: ["a", "b"], created: created)

        XCTAssertEqual(
            version,
            HeadVersion(
                number: 1, parent: 0, created: created, metrics: ["held_out": 4], learnt: ["a", "b"], state: .trying))
        XCTAssertGreaterThan(store.revision, before)
        XCTAssertFalse(exists(made), "it was moved, not copied")
        for store in [store, try open()] {
            XCTAssertEqual(try store.load(ModelDirectory.read).model, "first")
            XCTAssertEqual(store.active, 1)
            XCTAssertEqual(store.versions(), [version])
        }
    }

    func testAVersionHasLearntWhatItsAncestorsLearnt() throws {
        let store = try open(publishing: 2)
        XCTAssertEqual(try store.version(2).parent, 1)
        XCTAssertEqual(try store.version(2).learnt, ["sample 1", "sample 2"])
    }

    func testRollsBackToTheParentToANumberAndToTheAppsOwn() throws {
        let store = try open(publishing: 3)
        XCTAssertEqual(try store.rollback(), 2)
        XCTAssertEqual(try store.load(ModelDirectory.read).model, "model 2")
        XCTAssertEqual(try store.version(3).state, .rolledBack)
        XCTAssertEqual(try store.rollback(to: 3), 3)
        XCTAssertEqual(store.versions().map(\.state), [.trying, .trying, .trying], "forward is no rollback of 2")
        XCTAssertEqual(try store.rollback(to: 2), 2)
        XCTAssertEqual(try store.rollback(), 1)
        XCTAssertEqual(try store.rollback(to: 3), 3)
        XCTAssertEqual(try store.rollback(), 1, "2 was rolled back itself")
        XCTAssertEqual(try store.rollback(to: 0), 0)
        XCTAssertEqual(try open().load(ModelDirectory.read).version, 0)
        XCTAssertThrowsError(try store.rollback()) { XCTAssertEqual($0 as? VersionError, .nothingToRollBack) }
        XCTAssertThrowsError(try store.rollback(to: 9)) { XCTAssertEqual($0 as? VersionError, .unknown(9)) }
    }

    func testANumberIsNotUsedAgainAfterARollback() throws {
        let store = try open(publishing: 2)
        try store.rollback()
        let version = try store.publish(model("other"), parent: 1, metrics: [:], learnt: [])
        XCTAssertEqual(version.number, 3)
        XCTAssertEqual(version.parent, 1)
    }

    func testACandidateIsRefusedWhereTheActiveVersionHasChangedMeanwhile() throws {
        let store = try open(publishing: 2)
        try store.rollback()
        XCTAssertThrowsError(try store.publish(model("late"), parent: 2, metrics: [:], learnt: [])) {
            XCTAssertEqual($0 as? VersionError, .activeChanged(from: 2, to: 1))
        }
        XCTAssertEqual(store.active, 1)
    }

    func testAMissingVersionFallsBackToItsAncestorAndSaysWhy() throws {
        try open(publishing: 3).markGood(1)
        try FileManager.default.removeItem(at: path("versions/3"))
        let served = try open().load(ModelDirectory.read)
        XCTAssertEqual(served.version, 2)
        XCTAssertEqual(served.degraded, ["version 3 is damaged: version.json is missing"])
    }

    func testAFileThatWasCutShortIsNoticed() throws {
        _ = try open(publishing: 2)
        try Data("w".utf8).write(to: path("versions/2/model.mlmodelc/model/weights.bin"))
        let served = try open().load(ModelDirectory.read)
        XCTAssertEqual(served.version, 1)
        XCTAssertEqual(served.degraded, ["version 2 is damaged: its file model/weights.bin is missing or cut short"])
    }

    func testAModelThatCannotBeOpenedFallsBackPastWhatWasRolledBack() throws {
        let store = try open(publishing: 3)
        try store.rollback()
        try store.rollback()
        try store.rollback(to: 3)
        struct Unusable: Error {}
        let served = try store.load { url in
            let content = try ModelDirectory.read(url)
            if content == "model 3" { throw Unusable() }
            return content
        }
        XCTAssertEqual(served.model, "model 1")
        XCTAssertEqual(served.degraded, ["version 3 can't be loaded: Unusable()"])
    }

    func testTheAppsOwnHeadServesWhereThePointerIsDamagedAndNoVersionIsLost() throws {
        for damage in ["", "{\"format\":1", #"{"format":9,"active":1,"versions":{},"rejected":[]}"#] {
            directory = root.appendingPathComponent(UUID().uuidString)
            _ = try open(publishing: 2)
            try Data(damage.utf8).write(to: path("active.json"))
            let store = try open()
            let served = try store.load(ModelDirectory.read)
            XCTAssertEqual(served.version, 0)
            XCTAssertEqual(served.degraded, ["active.json is missing or damaged: the app's own version serves"])
            XCTAssertEqual(store.versions().map(\.number), [1, 2])

            try store.rollback(to: 2)
            let repaired = try open().load(ModelDirectory.read)
            XCTAssertEqual(repaired.model, "model 2")
            XCTAssertEqual(repaired.degraded, [])
        }
    }

    func testAMissingPointerBesideVersionsIsDamageToo() throws {
        _ = try open(publishing: 1)
        try FileManager.default.removeItem(at: path("active.json"))
        let store = try open()
        XCTAssertEqual(try store.load(ModelDirectory.read).version, 0)
        XCTAssertEqual(store.versions().map(\.number), [1])
    }

    func testAPublicationThatWasInterruptedBeforeItsRenameLeavesNothing() throws {
        let store = try open(publishing: 1)
        try ModelDirectory.make(at: store.makeScratch().appendingPathComponent("candidate.mlmodelc"), saying: "half")
        XCTAssertTrue(exists(path("incoming")))
        XCTAssertEqual(try open().load(ModelDirectory.read).model, "model 1")
        XCTAssertFalse(exists(path("incoming")))
    }

    func testAPublicationThatWasInterruptedBeforeItsPointerLeavesNothing() throws {
        _ = try open(publishing: 1)
        let pointer = try Data(contentsOf: path("active.json"))
        _ = try open().publish(model("second"), parent: 1, metrics: [:], learnt: [])
        try pointer.write(to: path("active.json"))

        let store = try open()
        XCTAssertEqual(try store.load(ModelDirectory.read).model, "model 1")
        XCTAssertFalse(exists(path("versions/2")))
        XCTAssertEqual(try store.publish(model("again"), parent: 1, metrics: [:], learnt: []).number, 2)
        XCTAssertEqual(try store.load(ModelDirectory.read).model, "again")
    }

    func testAPointerThatWasNotYetRenamedIsNotRead() throws {
        _ = try open(publishing: 1)
        try Data(#"{"format":1,"active":0,"versions":{},"rejected":[]}"#.utf8).write(to: path("active.json.new"))
        XCTAssertEqual(try open().active, 1)
    }

    func testForgettingASampleDestroysWhatLearntFromItAndAllThatCameOfIt() throws {
        let store = try open(publishing: 3)
        try store.destroyVersions(thatLearnt: ["sample 2"])
        XCTAssertEqual(store.active, 1)
        XCTAssertEqual(store.versions().map(\.number), [1])
        XCTAssertFalse(exists(path("versions/2")))
        XCTAssertFalse(exists(path("versions/3")))
        XCTAssertThrowsError(try store.rollback(to: 3)) { XCTAssertEqual($0 as? VersionError, .unknown(3)) }
        XCTAssertEqual(try store.publish(model("new"), parent: 1, metrics: [:], learnt: []).number, 4)
    }

    func testAVersionThatCannotSayWhatItLearntIsDestroyedToo() throws {
        let store = try open(publishing: 2)
        try Data("?".utf8).write(to: path("versions/2/version.json"))
        try store.destroyVersions(thatLearnt: ["somebody else's"])
        XCTAssertFalse(exists(path("versions/2")))
        XCTAssertEqual(store.active, 1)
    }

    func testADeletionThatWasInterruptedIsFinishedAtTheNextStart() throws {
        let store = try open(publishing: 2)
        let kept = root.appendingPathComponent("kept")
        try FileManager.default.copyItem(at: path("versions/2"), to: kept)
        try store.destroyVersions(thatLearnt: ["sample 2"])
        try FileManager.default.moveItem(at: kept, to: path("versions/2"))
        XCTAssertEqual(try open().active, 1)
        XCTAssertFalse(exists(path("versions/2")))
    }

    func testErasingLeavesTheAppsOwnHeadAlone() throws {
        let store = try open(publishing: 2)
        try store.destroyAll()
        XCTAssertEqual(try store.load(ModelDirectory.read).version, 0)
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: path("versions").path), [])
    }

    func testReadersSeeWholeVersionsWhileOthersPublishAndRollBack() throws {
        let store = try open(publishing: 1)
        let root = root
        DispatchQueue.concurrentPerform(iterations: 4) { worker in
            for round in 0..<40 {
                do {
                    if worker > 0 {
                        let served = try store.load(ModelDirectory.read)
                        XCTAssertEqual(served.model, "model \(served.version)")
                        XCTAssertEqual(served.degraded, [])
                    } else if round % 2 == 0 {
                        let next = try ModelDirectory.make(in: root, saying: "model \(2 + round / 2)")
                        try store.publish(next, parent: store.active, metrics: [:], learnt: [])
                    } else {
                        try store.rollback()
                    }
                } catch {
                    XCTFail("\(error)")
                }
            }
        }
    }

    private func open(publishing count: Int = 0) throws -> VersionStore {
        let store = try VersionStore(directory: directory, base: base)
        for number in 0..<count {
            try store.publish(
                model("model \(number + 1)"), parent: number, metrics: [:], learnt: ["sample \(number + 1)"])
        }
        return store
    }

    private func model(_ content: String) throws -> URL {
        try ModelDirectory.make(in: root, saying: content)
    }

    private func path(_ name: String) -> URL {
        directory.appendingPathComponent(name)
    }

    private func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path)
    }
}
