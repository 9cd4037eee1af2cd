import XCTest

@testable import AttuneKit

final class TrainingSetTests: XCTestCase {
    func testTheUsersSamplesWeighAsMuchAsWasAsked() {
        let set = TrainingSet(samples: samples(20), rehearsal: rehearsal(2000), userWeight: 0.1)
        let taught = set.examples.filter { $0.label == "taught" }
        XCTAssertEqual(taught.count, 200)
        XCTAssertEqual(Set(taught).count, 20)
        XCTAssertEqual(set.examples.count, 2200)
    }

    func testRehearsalIsRepeatedWhereThereAreManySamples() {
        let set = TrainingSet(samples: samples(300), rehearsal: rehearsal(1000), userWeight: 0.1)
        XCTAssertEqual(set.examples.filter { $0.label == "taught" }.count, 300)
        XCTAssertEqual(set.examples.count, 300 + 3000)
    }

    func testWithoutRehearsalTheSamplesAreTaughtOnce() {
        XCTAssertEqual(TrainingSet(samples: samples(7), rehearsal: []).examples.count, 7)
        XCTAssertEqual(TrainingSet(samples: [], rehearsal: rehearsal(5)).examples.count, 5)
    }

    func testTheSameSeedGivesTheSameSetAndAnotherAnother() {
        func set(_ seed: Int) -> [LabelledExample] {
            TrainingSet(samples: samples(20), rehearsal: rehearsal(200), seed: seed).examples
        }
        XCTAssertEqual(set(4), set(4))
        XCTAssertNotEqual(set(4), set(5))
    }

    func testLabelsAreDrawnAsOftenAsTheBaseSays() {
        let example = RehearsalExample(input: .text("还行"), probabilities: ["负面": 0.1, "中性": 0.6, "正面": 0.3])
        var generator = SeededGenerator(seed: 1)
        var counts: [String: Int] = [:]
        for _ in 0..<10_000 {
            counts[example.drawLabel(using: &generator) ?? "none", default: 0] += 1
        }
        XCTAssertEqual(Double(counts["负面"] ?? 0), 1000, accuracy: 120)
        XCTAssertEqual(Double(counts["中性"] ?? 0), 6000, accuracy: 200)
        XCTAssertEqual(Double(counts["正面"] ?? 0), 3000, accuracy: 200)
    }

    func testAnExampleWithoutProbabilitiesIsLeftOut() {
        let broken = [[:], ["a": 0], ["a": .nan]].map { RehearsalExample(input: .text("x"), probabilities: $0) }
        XCTAssertEqual(TrainingSet(samples: samples(2), rehearsal: broken).examples.count, 2)
    }

    func testALaterCorrectionOfTheSameTextWins() {
        let samples = [
            Sample(id: "2", input: .text("加班"), label: "正面", date: Date(timeIntervalSince1970: 2)),
            Sample(id: "1", input: .text("加班"), label: "负面", date: Date(timeIntervalSince1970: 1)),
        ]
        XCTAssertEqual(
            TrainingSet(samples: samples, rehearsal: []).examples,
            [LabelledExample(input: .text("加班"), label: "正面")])
    }

    func testFoldsAreDisjointWholeAndStratified() {
        let samples = (0..<20).map { sample($0, label: $0 < 15 ? "a" : "b") }
        let folds = HeldOutFolds.of(samples, seed: 3)
        XCTAssertEqual(folds.map(\.count), [4, 4, 4, 4, 4])
        XCTAssertEqual(Set(folds.flatMap { $0 }), Set(samples))
        for fold in folds {
            XCTAssertEqual(fold.filter { $0.label == "b" }.count, 1)
        }
    }

    func testFewSamplesAreLeftOutOneByOneAndManyOnlyOnce() {
        XCTAssertEqual(HeldOutFolds.of(samples(1), seed: 0).count, 0)
        XCTAssertEqual(HeldOutFolds.of(samples(3), seed: 0).map(\.count), [1, 1, 1])
        XCTAssertEqual(HeldOutFolds.of(samples(200), seed: 0).map(\.count), [40])
    }

    private func samples(_ count: Int) -> [Sample] {
        (0..<count).map { sample($0, label: "taught") }
    }

    private func sample(_ index: Int, label: String) -> Sample {
        Sample(id: "\(index)", input: .features([Float(index)]), label: label, date: Date(timeIntervalSince1970: 0))
    }

    private func rehearsal(_ count: Int) -> [RehearsalExample] {
        (0..<count).map {
            RehearsalExample(input: .features([Float(-$0 - 1)]), probabilities: ["kept": 0.7, "other": 0.3])
        }
    }
}
