import XCTest

@testable import AttuneKit

/// The whole update with a trainer that stands for Core ML: its models are files of input and label.
final class UpdateCoordinatorTests: XCTestCase {
    func testPublishesWhatWasLearnt() async throws {
        let phone = try Phone(self, samples: pattern(20))
        let outcome = try await phone.coordinator.run(.schedule)
        guard case .published(let version) = outcome else { return XCTFail("\(outcome)") }
        XCTAssertEqual(version.number, 1)
        XCTAssertEqual(version.learnt.count, 20)
        XCTAssertEqual(version.metrics["held_out"], 20)
        XCTAssertEqual(version.metrics["held_out_right"], 20)
        XCTAssertEqual(version.metrics["held_out_right_before"], 0)
        XCTAssertEqual(version.metrics["samples_right"], 20)
        XCTAssertEqual(phone.versions.active, 1)
        XCTAssertEqual(phone.leftovers, [])
    }

    func testNothingIsReadWithoutConsent() async throws {
        let phone = try Phone(self, samples: pattern(20))
        phone.samples.change { $0.consent = false }
        await assertThrows(try await phone.coordinator.run(.user), "not now: no consent to personalisation")
        XCTAssertEqual(phone.samples.reads, 0)
        XCTAssertEqual(phone.versions.active, 0)
    }

    func testConsentThatIsWithdrawnWhileItTrainsIsRespected() async throws {
        let phone = try Phone(self, samples: pattern(20))
        phone.trainer.onTrain { phone.samples.change { $0.consent = false } }
        await assertThrows(try await phone.coordinator.run(.schedule), "the consent to personalisation was withdrawn")
        XCTAssertEqual(phone.versions.active, 0)
        XCTAssertEqual(phone.leftovers, [])
    }

    func testASampleThatIsDeletedWhileItTrainsTeachesNothing() async throws {
        let phone = try Phone(self, samples: pattern(20))
        phone.trainer.onTrain { phone.samples.change { $0.samples.removeAll { $0.id == "7" } } }
        await assertThrows(
            try await phone.coordinator.run(.schedule), "a sample was deleted while it was trained on")
        XCTAssertEqual(phone.versions.active, 0)
        XCTAssertEqual(phone.leftovers, [])
    }

    func testASampleThatALaterOneCorrectsIsNoNewsAfterwards() async throws {
        let corrected = Sample(
            id: "old", input: .features([3]), label: "负面", date: Date(timeIntervalSince1970: -1))
        let phone = try Phone(self, samples: pattern(20) + [corrected])
        let outcome = try await phone.coordinator.run(.schedule)
        guard case .published(let version) = outcome else { return XCTFail("\(outcome)") }
        XCTAssertEqual(version.metrics["samples"], 20)
        await assertThrows(try await phone.coordinator.run(.user), "not now: 0 of 1 new samples")
    }

    func testConditionsAreTold() async throws {
        let phone = try Phone(self, samples: pattern(3), charging: false)
        await assertThrows(try await phone.coordinator.run(.schedule), "not now: not charging, 3 of 20 new samples")
    }

    func testACandidateThatForgetsIsRejectedAndNotTriedAgainUnasked() async throws {
        let phone = try Phone(self, samples: pattern(20))
        phone.trainer.change { $0.forgets = true }
        let outcome = try await phone.coordinator.run(.schedule)
        guard case .rejected(let objections, _) = outcome else { return XCTFail("\(outcome)") }
        XCTAssertEqual(
            objections.map(\.description), ["forgets: 100.0 points lost on the yardstick, at most 1.0 allowed"])
        XCTAssertEqual(phone.versions.active, 0)
        XCTAssertEqual(phone.leftovers, [])

        await assertThrows(
            try await phone.coordinator.run(.schedule), "not now: a candidate from just these samples was rejected")
        phone.trainer.change { $0.forgets = false }
        phone.samples.change { $0.samples += pattern(21).suffix(1) }
        guard case .published = try await phone.coordinator.run(.schedule) else { return XCTFail("one more is news") }
    }

    func testACandidateWithoutFiniteProbabilitiesIsRejected() async throws {
        let phone = try Phone(self, samples: pattern(20))
        phone.trainer.change { $0.breaks = true }
        let outcome = try await phone.coordinator.run(.schedule)
        guard case .rejected([.notFinite], _) = outcome else { return XCTFail("\(outcome)") }
    }

    func testSamplesThatWereLearntAreNoNews() async throws {
        let phone = try Phone(self, samples: pattern(20))
        _ = try await phone.coordinator.run(.schedule)
        await assertThrows(try await phone.coordinator.run(.user), "not now: 0 of 1 new samples")
        try phone.versions.rollback()
        await assertThrows(try await phone.coordinator.run(.user), "not now: 0 of 1 new samples")
    }

    func testOneUpdateAtATimeAndACancelledOneLeavesNothing() async throws {
        let phone = try Phone(self, samples: pattern(20))
        phone.trainer.change { $0.waits = true }
        let first = Task { try await phone.coordinator.run(.schedule) }
        while await !phone.coordinator.isRunning || phone.trainer.trainings == 0 {
            try await Task.sleep(nanoseconds: 1_000_000)
        }
        await assertThrows(try await phone.coordinator.run(.user), "an update is running")
        await phone.coordinator.cancel()
        await assertThrows(try await first.value, "cancelled")
        XCTAssertEqual(phone.versions.active, 0)
        XCTAssertEqual(phone.leftovers, [])

        phone.trainer.change { $0.waits = false }
        guard case .published = try await phone.coordinator.run(.schedule) else { return XCTFail("it runs again") }
    }

    func testAnUpdateExpires() async throws {
        let phone = try Phone(self, samples: pattern(20))
        phone.trainer.change { $0.waits = true }
        let update = Task { try await phone.coordinator.run(.schedule) }
        while phone.trainer.trainings == 0 {
            try await Task.sleep(nanoseconds: 1_000_000)
        }
        await phone.coordinator.expire()
        await assertThrows(try await update.value, "expired")
    }

    func testARollbackWhileItTrainsWins() async throws {
        let phone = try Phone(self, samples: pattern(20))
        _ = try await phone.coordinator.run(.schedule)
        phone.samples.change { $0.samples += pattern(40).suffix(20) }
        phone.trainer.onTrain { _ = try? phone.versions.rollback(to: 0) }
        await assertThrows(
            try await phone.coordinator.run(.schedule),
            "not published: the candidate was trained from version 1, and 0 has become active since")
        XCTAssertEqual(phone.versions.active, 0)
    }

    func testTrainsOnWhatServesWhereTheActiveVersionIsDamaged() async throws {
        let phone = try Phone(self, samples: pattern(20))
        _ = try await phone.coordinator.run(.schedule)
        try FileManager.default.removeItem(at: try phone.versions.model(of: 1))
        phone.samples.change { $0.samples += pattern(40).suffix(20) }
        let outcome = try await phone.coordinator.run(.schedule)
        guard case .published(let version) = outcome else { return XCTFail("\(outcome)") }
        XCTAssertEqual(version.number, 2)
        XCTAssertEqual(version.parent, 0)
        XCTAssertEqual(phone.versions.active, 2)
    }

    func testProgressIsTold() async throws {
        let phone = try Phone(self, samples: pattern(20))
        let seen = Locked<[UpdateProgress.Event]>([])
        _ = try await phone.coordinator.run(.schedule) { progress in seen.withLock { $0.append(progress.event) } }
        XCTAssertEqual(seen.withLock { $0 }, [.trainingBegin, .epochEnd])
    }

    /// Samples that all say the same of inputs from 0 on.
    private func pattern(_ count: Int) -> [Sample] {
        (0..<count).map { index in
            Sample(
                id: "\(index)", input: .features([Float(index)]), label: "正面",
                date: Date(timeIntervalSince1970: Double(index)))
        }
    }

    private func assertThrows(
        _ body: @autoclosure () async throws -> UpdateOutcome, _ message: String, line: UInt = #line
    ) async {
        do {
            let outcome = try await body()
            XCTFail("\(outcome)", line: line)
        } catch {
            XCTAssertEqual((error as? UpdateError)?.description, message, line: line)
        }
    }
}
