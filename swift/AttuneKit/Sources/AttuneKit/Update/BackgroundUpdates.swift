#if canImport(BackgroundTasks) && !os(macOS) && !os(watchOS)
import BackgroundTasks
import Foundation

/// Updates while the phone lies charging, when the system finds the time.
///
/// The app's Info.plist has to have the identifier under `BGTaskSchedulerPermittedIdentifiers`, and `processing`
/// among its background modes.
public final class BackgroundUpdates: Sendable {
    private let identifier: String
    private let coordinator: UpdateCoordinator
    private let interval: TimeInterval

    /// - Parameter interval: Seconds that lie between two updates at least.
    public init(identifier: String, coordinator: UpdateCoordinator, interval: TimeInterval = 6 * 3600) {
        self.identifier = identifier
        self.coordinator = coordinator
        self.interval = interval
    }

    /// Tells the system who runs these updates. It has to be called before the app has finished launching, once.
    ///
    /// - Returns: false if the identifier is not in the app's Info.plist.
    public func register() -> Bool {
        BGTaskScheduler.shared.register(forTaskWithIdentifier: identifier, using: nil) { self.run($0) }
    }

    /// Asks for the next update. Throws `BGTaskScheduler.Error`.
    public func schedule() throws {
        let request = BGProcessingTaskRequest(identifier: identifier)
        request.requiresExternalPower = true
        request.earliestBeginDate = Date(timeIntervalSinceNow: interval)
        try BGTaskScheduler.shared.submit(request)
    }

    private func run(_ task: BGTask) {
        // The next one first: one that is cut short must not be the last.
        try? schedule()
        let granted = GrantedTask(task)
        let update = Task { [coordinator] in
            granted.end(isDone: await Self.isDone(coordinator))
        }
        task.expirationHandler = { [coordinator] in
            Task {
                await coordinator.expire()
                update.cancel()
            }
        }
    }

    /// That there is nothing to do now is an update done as well.
    private static func isDone(_ coordinator: UpdateCoordinator) async -> Bool {
        do {
            _ = try await coordinator.run(.schedule)
            return true
        } catch UpdateError.notNow, UpdateError.alreadyRunning {
            return true
        } catch {
            return false
        }
    }
}

/// The system's task, which is told its end from another thread, as Apple allows.
private struct GrantedTask: @unchecked Sendable {
    private let task: BGTask

    init(_ task: BGTask) {
        self.task = task
    }

    func end(isDone: Bool) {
        task.setTaskCompleted(success: isDone)
    }
}
#endif
