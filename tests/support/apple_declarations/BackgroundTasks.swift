// Those declarations of Apple's BackgroundTasks that AttuneKit uses, by developer.apple.com. They have no bodies:
// they are there to check the package's types where there is no such framework, and nothing can run with them.

import Dispatch
import Foundation

private func declaredOnly() -> Never { fatalError("declared only") }

open class BGTask: NSObject {
    open var identifier: String { declaredOnly() }
    open var expirationHandler: (() -> Void)?
    open func setTaskCompleted(success: Bool) {}
}

open class BGProcessingTask: BGTask {}

open class BGTaskRequest: NSObject {
    open var identifier: String { declaredOnly() }
    open var earliestBeginDate: Date?
}

open class BGProcessingTaskRequest: BGTaskRequest {
    public init(identifier: String) {}
    open var requiresNetworkConnectivity = false
    open var requiresExternalPower = false
}

open class BGTaskScheduler: NSObject {
    open class var shared: BGTaskScheduler { declaredOnly() }
    open func register(
        forTaskWithIdentifier identifier: String, using queue: DispatchQueue?,
        launchHandler: @escaping (BGTask) -> Void
    ) -> Bool { declaredOnly() }
    open func submit(_ taskRequest: BGTaskRequest) throws {}
}
