import XCTest

@testable import AttuneKit

/// A phone that has everything but Core ML.
final class Phone: Sendable {
    let samples: MemorySamples
    let trainer = PatternTrainer()
    let versions: VersionStore
    let coordinator: UpdateCoordinator
    private let directory: URL

    init(_ test: XCTestCase, samples: [Sample], charging: Bool = true) throws {
        let root = try test.makeTemporaryDirectory()
        let base = root.appendingPathComponent("Head.mlmodelc")
        try ModelDirectory.make(at: base, saying: "负面")
        directory = root.appendingPathComponent("sentiment")
        versions = try VersionStore(directory: directory, base: base)
        self.samples = MemorySamples(samples)
        let device = DeviceState(isCharging: charging, isOnWiFi: true, isIdle: true, battery: 1, thermal: .nominal)
        coordinator = UpdateCoordinator(
            samples: self.samples, rehearsal: PublicExamples(), trainer: trainer, versions: versions,
            device: { device })
    }

    /// What updates have left where they work.
    var leftovers: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directory.appendingPathComponent("incoming").path)) ?? []
    }
}

/// Samples in memory, which counts how often they were read.
final class MemorySamples: SampleStore {
    struct State {
        var samples: [Sample]
        var consent = true
        var reads = 0
    }

    private let state: Locked<State>

    init(_ samples: [Sample]) {
        state = Locked(State(samples: samples))
    }

    var reads: Int {
        state.withLock { $0.reads }
    }

    func change(_ edit: (inout State) -> Void) {
        state.withLock { edit(&$0) }
    }

    func hasConsent() async -> Bool {
        state.withLock { $0.consent }
    }

    func sampleIDs() async throws -> Set<Sample.ID> {
        Set(try await samples().map(\.id))
    }

    func samples() async throws -> [Sample] {
        state.withLock { state in
            state.reads += 1
            return state.samples
        }
    }
}

/// Inputs below 0 are public, and the head that ships says 负面 of them.
struct PublicExamples: RehearsalSource {
    func rehearsal() async throws -> [RehearsalExample] {
        (1...100).map { RehearsalExample(input: .features([Float(-$0)]), probabilities: ["负面": 1]) }
    }

    func yardstick() async throws -> [LabelledExample] {
        (101...200).map { LabelledExample(input: .features([Float(-$0)]), label: "负面") }
    }
}

/// Learns one label for all inputs from 0 on, and one for those below.
final class PatternTrainer: HeadTrainer {
    struct Behaviour {
        var forgets = false
        var breaks = false
        var waits = false
        var trainings = 0
        var onTrain: @Sendable () -> Void = {}
    }

    private let behaviour = Locked(Behaviour())

    var trainings: Int {
        behaviour.withLock { $0.trainings }
    }

    func change(_ edit: (inout Behaviour) -> Void) {
        behaviour.withLock { edit(&$0) }
    }

    func onTrain(_ body: @escaping @Sendable () -> Void) {
        change { $0.onTrain = body }
    }

    func train(
        _ model: URL, on examples: [LabelledExample], parameters: TrainingParameters, to destination: URL,
        progress: @escaping @Sendable (UpdateProgress) -> Void
    ) async throws {
        let behaviour = self.behaviour.withLock { behaviour in
            behaviour.trainings += 1
            return behaviour
        }
        behaviour.onTrain()
        if behaviour.waits {
            try await Task.sleep(nanoseconds: 60_000_000_000)
        }
        progress(UpdateProgress(event: .trainingBegin))
        let label = examples.first { $0.input.number >= 0 }?.label ?? "负面"
        let content = behaviour.breaks ? "broken" : behaviour.forgets ? "\(label) everywhere" : label
        try ModelDirectory.make(at: destination, saying: content)
        progress(UpdateProgress(event: .epochEnd, epoch: 0, loss: 0.5))
    }

    func open(_ model: URL) throws -> any Classifier {
        PatternClassifier(content: try ModelDirectory.read(model))
    }
}

private struct PatternClassifier: Classifier {
    let content: String

    func probabilities(of input: ModelInput) throws -> [String: Double] {
        if content == "broken" {
            return ["正面": .nan, "负面": .nan]
        }
        let label = content.hasSuffix(" everywhere") || input.number >= 0 ? String(content.prefix(2)) : "负面"
        return ["正面": label == "正面" ? 0.9 : 0.1, "负面": label == "负面" ? 0.9 : 0.1]
    }
}

extension ModelInput {
    fileprivate var number: Float {
        if case .features(let values) = self { values[0] } else { .nan }
    }
}
