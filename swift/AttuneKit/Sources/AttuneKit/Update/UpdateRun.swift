import Foundation

/// One update from its conditions to its verdict. It knows no Core ML, and leaves nothing behind.
struct UpdateRun: Sendable {
    let samples: any SampleStore
    let rehearsal: any RehearsalSource
    let trainer: any HeadTrainer
    let versions: VersionStore
    let conditions: UpdateConditions
    let gate: Gate
    let userWeight: Double
    let device: @Sendable () async -> DeviceState

    func run(
        _ trigger: UpdateTrigger, _ parameters: TrainingParameters,
        progress: @escaping @Sendable (UpdateProgress) -> Void
    ) async throws -> UpdateOutcome {
        let active = versions.active
        let ids = try await checkConditions(trigger)
        let (seen, maker, parent) = try await prepare(parameters)
        defer { try? FileManager.default.removeItem(at: maker.scratch) }
        try Task.checkCancellation()

        let seenIDs = Set(seen.map(\.id))
        let learnt = parent == 0 ? [] : try published { try versions.version(parent).learnt }
        let candidate = try await maker.make(from: TrainingSet.latest(seen), learnt: learnt, progress: progress)
        try await checkStillAllowed(seenIDs)
        guard candidate.objections.isEmpty else {
            try published { try versions.noteRejection(of: ids) }
            return .rejected(candidate.objections, metrics: candidate.metrics)
        }
        return .published(
            try published {
                try versions.publish(
                    candidate.model, parent: parent, replacing: active, metrics: candidate.metrics,
                    learnt: seenIDs)
            })
    }

    /// What was withdrawn, deleted or cancelled while it trained still counts; from here on nothing stops halfway.
    private func checkStillAllowed(_ seen: Set<Sample.ID>) async throws {
        guard await samples.hasConsent() else { throw UpdateError.consentWithdrawn }
        guard seen.isSubset(of: try await read { try await samples.sampleIDs() }) else {
            throw UpdateError.sampleDeleted
        }
        try Task.checkCancellation()
    }

    /// The ids of the samples that no version has learnt. Consent comes first: without it nothing is asked of the
    /// store.
    private func checkConditions(_ trigger: UpdateTrigger) async throws -> Set<Sample.ID> {
        guard await samples.hasConsent() else { throw UpdateError.notNow([.noConsent]) }
        let ids = try await read { try await samples.sampleIDs() }.subtracting(versions.learnt)
        let obstacles = conditions.obstacles(
            to: trigger, consent: true, device: await device(), newSamples: ids.count,
            rejectedBefore: !ids.isEmpty && ids.isSubset(of: versions.rejected))
        guard obstacles.isEmpty else { throw UpdateError.notNow(obstacles) }
        return ids
    }

    private func prepare(_ parameters: TrainingParameters) async throws -> ([Sample], CandidateMaker, Int) {
        let seen = try await read { try await samples.samples() }
        let rehearsed = try await read { try await rehearsal.rehearsal() }
        let yardstick = try await read { try await rehearsal.yardstick() }
        // What answers is trained on: where the active version can't be loaded, that is an ancestor.
        let served = try published {
            try versions.load { url in
                _ = try trainer.open(url)
                return url
            }
        }
        let maker = CandidateMaker(
            trainer: trainer, gate: gate, parameters: parameters, userWeight: userWeight, rehearsal: rehearsed,
            yardstick: yardstick, active: served.model, base: try published { try versions.model(of: 0) },
            scratch: try published { try versions.makeScratch() })
        return (seen, maker, served.version)
    }

    private func read<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as CancellationError {
            throw error
        } catch {
            throw UpdateError.unreadableData(error)
        }
    }

    private func published<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as VersionError {
            throw UpdateError.notPublished(error)
        }
    }
}
