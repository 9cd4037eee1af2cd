/// Runs the updates of one task, one at a time: conditions, training, gate, publication.
public actor UpdateCoordinator {
    private let update: UpdateRun
    private var running: Task<UpdateOutcome, any Error>?
    private var stop: UpdateError?

    /// - Parameters:
    ///   - userWeight: What the user's samples count together beside the rehearsal examples.
    ///   - device: Reads the phone's state when an update is about to begin.
    public init(
        samples: any SampleStore, rehearsal: any RehearsalSource, trainer: any HeadTrainer, versions: VersionStore,
        conditions: UpdateConditions = UpdateConditions(), gate: Gate = Gate(), userWeight: Double = 0.1,
        device: @escaping @Sendable () async -> DeviceState
    ) {
        update = UpdateRun(
            samples: samples, rehearsal: rehearsal, trainer: trainer, versions: versions, conditions: conditions,
            gate: gate, userWeight: userWeight, device: device)
    }

    /// Is an update running?
    public var isRunning: Bool {
        running != nil
    }

    /// Runs one update to its end. Cancelling the task that waits for it cancels the update. Throws `UpdateError`.
    ///
    /// - Parameter progress: Called while the candidate is trained, and not for the trainings that judge it.
    public func run(
        _ trigger: UpdateTrigger, parameters: TrainingParameters = .recommended,
        progress: @escaping @Sendable (UpdateProgress) -> Void = { _ in }
    ) async throws -> UpdateOutcome {
        guard running == nil else { throw UpdateError.alreadyRunning }
        let task = Task { [update] in try await update.run(trigger, parameters, progress: progress) }
        running = task
        stop = nil
        defer { running = nil }
        do {
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch let error as UpdateError {
            throw error
        } catch is CancellationError {
            throw stop ?? UpdateError.cancelled
        } catch {
            throw UpdateError.trainingFailed("\(error)")
        }
    }

    /// Stops the running update, if there is one; it throws `UpdateError.cancelled`.
    public func cancel() {
        end(.cancelled)
    }

    /// The same for a system that wants its time back, or a condition that was lost: `UpdateError.expired`.
    public func expire() {
        end(.expired)
    }

    private func end(_ error: UpdateError) {
        stop = stop ?? error
        running?.cancel()
    }
}
