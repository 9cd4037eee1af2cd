#if canImport(CoreML)
import CoreML
import Foundation

/// One `MLUpdateTask` from start to end, which it tells exactly once.
///
/// Apple does not say whether a task that was cancelled still calls its completion handler. So a cancellation ends
/// the run at once, and whatever the task says later is not heard.
final class UpdateTaskRun: Sendable {
    typealias Ending = (Result<Void, any Error>) -> Void

    private struct State {
        var task: MLUpdateTask?
        var ending: Ending?
        var isCancelled = false
    }

    private let destination: URL
    private let progress: @Sendable (UpdateProgress) -> Void
    private let state = Locked(State())

    /// - Parameter destination: Where the trained model is written, compiled.
    init(destination: URL, progress: @escaping @Sendable (UpdateProgress) -> Void) {
        self.destination = destination
        self.progress = progress
    }

    func start(
        _ model: URL, _ data: MLBatchProvider, _ configuration: MLModelConfiguration, ending: @escaping Ending
    ) {
        let handlers = MLUpdateProgressHandlers(
            forEvents: [.trainingBegin, .miniBatchEnd, .epochEnd],
            progressHandler: { self.report($0) },
            completionHandler: { self.complete($0) })
        state.withLock { $0.ending = ending }
        do {
            let task = try MLUpdateTask(
                forModelAt: model, trainingData: data, configuration: configuration, progressHandlers: handlers)
            state.withLock { $0.task = task }
            task.resume()
        } catch {
            return end(.failure(UpdateError.trainingFailed("\(error)")))
        }
        // One that came before there was anything to cancel.
        if state.withLock({ $0.isCancelled }) {
            cancel()
        }
    }

    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
        end(.failure(CancellationError()))
    }

    private func report(_ context: MLUpdateContext) {
        if let seen = UpdateProgress(context) {
            progress(seen)
        }
    }

    private func complete(_ context: MLUpdateContext) {
        guard state.withLock({ $0.ending != nil }) else { return }
        if let error = context.task.error {
            return end(.failure(UpdateError.trainingFailed("\(error)")))
        }
        guard context.task.state == .completed else {
            return end(.failure(UpdateError.trainingFailed("the task ended in the state \(context.task.state)")))
        }
        do {
            try context.model.write(to: destination)
            end(.success(()))
        } catch {
            end(.failure(UpdateError.trainingFailed("the trained model can't be written: \(error)")))
        }
    }

    private func end(_ result: Result<Void, any Error>) {
        let ending = state.withLock { state in
            defer {
                state.ending = nil
                // The task holds its handlers, and they hold this run.
                state.task = nil
            }
            return state.ending
        }
        ending?(result)
    }
}

extension UpdateProgress {
    fileprivate init?(_ context: MLUpdateContext) {
        func number(_ key: MLMetricKey) -> NSNumber? {
            context.metrics[key] as? NSNumber
        }
        let event: Event
        switch context.event {
        case .trainingBegin: event = .trainingBegin
        case .miniBatchEnd: event = .miniBatchEnd
        case .epochEnd: event = .epochEnd
        default: return nil
        }
        self.init(
            event: event, epoch: number(.epochIndex)?.intValue, miniBatch: number(.miniBatchIndex)?.intValue,
            loss: number(.lossValue)?.doubleValue)
    }
}
#endif
