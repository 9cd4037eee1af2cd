#if canImport(CoreML)
import AttuneKit
import CoreML
import Foundation

/// The checks, one after the other; each prints a line.
struct Verification {
    /// Of a feature and of a probability, in fp16 on any unit.
    private static let mostDifference = 0.05

    private let export: URL
    private let reference: Reference
    private let tokenizer: WordPieceTokenizer

    init(export: URL) throws {
        self.export = export
        reference = try Reference(contentsOf: export.appendingPathComponent("reference.json"))
        tokenizer = try WordPieceTokenizer(contentsOf: export.appendingPathComponent("wordpiece.json"))
    }

    /// Is all as it should be?
    func run() async throws -> Bool {
        print("bundle \(reference.version), \(reference.sentences.count) sentences")
        var passed = told("token ids are those of the toolchain", by: tokenizes())
        let base = try await compiled("Base.mlpackage")
        for units in [MLComputeUnits.cpuOnly, .cpuAndGPU, .all] {
            let encoder = try TextEncoder(contentsOf: base, tokenizer: tokenizer, computeUnits: units)
            passed = try told("features on \(name(of: units))", by: compare(encoder)) && passed
        }
        for task in reference.labels.keys.sorted() {
            passed = try await verify(task) && passed
        }
        return passed
    }

    private func tokenizes() -> (Bool, String) {
        let wrong = reference.sentences.filter { tokenizer.ids(of: $0.text) != $0.input_ids }
        return (wrong.isEmpty, "\(wrong.count) differ")
    }

    private func compare(_ encoder: TextEncoder) throws -> (Bool, String) {
        var worst = 0.0
        var seconds: [Double] = []
        for sentence in reference.sentences {
            let started = Date()
            let features = try encoder.features(of: sentence.text)
            seconds.append(Date().timeIntervalSince(started))
            worst = max(worst, zip(features, sentence.features).map { Double(abs($0 - $1)) }.max() ?? .infinity)
        }
        let median = seconds.sorted()[seconds.count / 2] * 1000
        return (worst <= Self.mostDifference, "differ by at most \(worst); \(median) ms a sentence, median")
    }

    private func verify(_ task: String) async throws -> Bool {
        let head = try await compiled("Head-\(task).mlmodel")
        let labels = reference.labels[task] ?? []
        var passed = told("probabilities of \(task)", by: try compare(CoreMLClassifier(contentsOf: head), task, labels))
        let pipeline = "Attune-\(task).mlpackage"
        guard FileManager.default.fileExists(atPath: export.appendingPathComponent(pipeline).path) else {
            return passed  // a head that is not updatable has none
        }
        AttuneTokenizer.use(export.appendingPathComponent("wordpiece.json"))
        let whole = try CoreMLClassifier(contentsOf: try await compiled(pipeline), computeUnits: .all)
        passed = told("\(pipeline), from text", by: try compareTexts(whole, task, labels)) && passed
        return try await told("training \(task) by MLUpdateTask", by: train(head, labels)) && passed
    }

    private func compare(_ head: CoreMLClassifier, _ task: String, _ labels: [String]) throws -> (Bool, String) {
        try compare(task, labels) { try head.probabilities(of: .features($0.features)) }
    }

    private func compareTexts(_ whole: CoreMLClassifier, _ task: String, _ labels: [String]) throws -> (Bool, String) {
        try compare(task, labels) { try whole.probabilities(of: .text($0.text)) }
    }

    private func compare(
        _ task: String, _ labels: [String], answers: (Reference.Sentence) throws -> [String: Double]
    ) throws -> (Bool, String) {
        var worst = 0.0
        for sentence in reference.sentences {
            let found = try answers(sentence)
            for (label, right) in zip(labels, sentence.probabilities[task] ?? []) {
                worst = max(worst, abs((found[label] ?? .infinity) - right))
            }
        }
        return (worst <= Self.mostDifference, "differ by at most \(worst)")
    }

    /// Every sentence is given the first label: after training, each should have it.
    private func train(_ head: URL, _ labels: [String]) async throws -> (Bool, String) {
        let label = labels[0]
        let examples = reference.sentences.map { LabelledExample(input: .features($0.features), label: label) }
        let trained = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).mlmodelc")
        defer { try? FileManager.default.removeItem(at: trained) }
        let losses = Losses()
        try await CoreMLTrainer().train(
            head, on: examples, parameters: TrainingParameters(epochs: 20, learningRate: 0.01, seed: 0), to: trained
        ) { losses.add($0) }
        let classifier = try CoreMLClassifier(contentsOf: trained)
        let right = try examples.filter { example in
            let answer = try classifier.probabilities(of: example.input)
            return answer.max { $0.value < $1.value }?.key == label
        }.count
        let before = try HeadParameters(contentsOf: head)
        let after = try HeadParameters(contentsOf: trained)
        let (first, last) = losses.ends
        let passed = right == examples.count && last < first && after != before
        return (passed, "\(right) of \(examples.count) learnt; loss \(first) to \(last); weights read back")
    }

    private func compiled(_ name: String) async throws -> URL {
        try await MLModel.compileModel(at: export.appendingPathComponent(name))
    }

    private func told(_ what: String, by found: (passed: Bool, detail: String)) -> Bool {
        print("\(found.passed ? "ok  " : "FAIL") \(what): \(found.detail)")
        return found.passed
    }

    private func name(of units: MLComputeUnits) -> String {
        switch units {
        case .cpuOnly: "the CPU"
        case .cpuAndGPU: "CPU and GPU"
        default: "all units"
        }
    }
}

/// The first and the last loss of a training.
private final class Losses: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Double] = []

    func add(_ progress: UpdateProgress) {
        guard progress.event == .epochEnd, let loss = progress.loss else { return }
        lock.lock()
        defer { lock.unlock() }
        values.append(loss)
    }

    var ends: (Double, Double) {
        lock.lock()
        defer { lock.unlock() }
        return (values.first ?? .nan, values.last ?? .nan)
    }
}
#endif
