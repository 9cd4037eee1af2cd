import XCTest

@testable import AttuneKit

final class GateTests: XCTestCase {
    func testABetterCandidateThatForgetsNothingPasses() {
        XCTAssertEqual(objections(answers(of: 20, candidate: 18, active: 6)), [])
    }

    func testAnEqualCandidateOnFewSamplesPasses() {
        XCTAssertEqual(objections(answers(of: 5, candidate: 3, active: 3)), [])
    }

    func testAWorseCandidateIsRejectedWithTheFigures() {
        let worse = answers(of: 5, candidate: 2, active: 3)
        XCTAssertEqual(objections(worse), [.worse(worse)])
        XCTAssertEqual(
            GateObjection.worse(worse).description,
            "worse on held-out samples: 2 of 5 right, the active version 3")
    }

    func testOnePointOfTheYardstickMayBeLostAndNoMore() {
        let better = answers(of: 20, candidate: 18, active: 6)
        XCTAssertEqual(objections(better, base: 0.80, candidate: 0.79), [])
        let found = objections(better, base: 0.80, candidate: 0.7899)
        XCTAssertEqual(found.map(\.description), ["forgets: 1.0 points lost on the yardstick, at most 1.0 allowed"])
        XCTAssertEqual(objections(better, base: 0.80, candidate: 0.85), [])
    }

    func testALabelThatFollowsNoPatternIsAGuess() {
        let guess = answers(of: 20, candidate: 8, active: 7)
        XCTAssertEqual(objections(guess), [.guess(guess)])
        // As many right, and far better than the active version: something was learnt.
        XCTAssertEqual(objections(answers(of: 20, candidate: 8, active: 0)), [])
    }

    func testNoSampleHeldOutIsNoReasonAgainst() {
        XCTAssertEqual(objections(HeldOutAnswers()), [])
    }

    func testWhatIsNotFiniteIsRejectedForThatAlone() {
        XCTAssertEqual(objections(answers(of: 5, candidate: 0, active: 5), candidate: .nan), [.notFinite])
    }

    func testBinomialTails() {
        XCTAssertEqual(Gate.binomialTail(0, of: 10, chance: 0.3), 1)
        XCTAssertEqual(Gate.binomialTail(5, of: 5, chance: 0.5), 1 / 32, accuracy: 1e-12)
        XCTAssertEqual(Gate.binomialTail(9, of: 10, chance: 0.5), 11 / 1024, accuracy: 1e-12)
        XCTAssertEqual(Gate.binomialTail(1, of: 500, chance: 1 / 3), 1, accuracy: 1e-9)
        XCTAssertEqual(Gate.binomialTail(3, of: 3, chance: 1), 1)
    }

    /// As many answers, the right ones of the two overlapping as far as they can.
    private func answers(of count: Int, candidate: Int, active: Int) -> HeldOutAnswers {
        var answers = HeldOutAnswers()
        for index in 0..<count {
            answers.add(candidateRight: index < candidate, activeRight: index < active)
        }
        return answers
    }

    private func objections(_ heldOut: HeldOutAnswers, base: Double = 0.8, candidate: Double = 0.8) -> [GateObjection] {
        Gate().objections(heldOut: heldOut, baseAccuracy: base, candidateAccuracy: candidate, labels: 3)
    }
}
