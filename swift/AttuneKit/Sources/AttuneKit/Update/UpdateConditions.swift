/// Heat, as Foundation's `ProcessInfo.ThermalState` grades it.
public enum ThermalState: Int, Comparable, Sendable {
    case nominal, fair, serious, critical

    public static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What the phone senses at one instant. The app reads it: UIDevice, NWPathMonitor, ProcessInfo.
public struct DeviceState: Equatable, Sendable {
    public var isCharging: Bool
    public var isOnWiFi: Bool
    public var isIdle: Bool
    /// A share of 1.
    public var battery: Double
    public var thermal: ThermalState

    public init(isCharging: Bool, isOnWiFi: Bool, isIdle: Bool, battery: Double, thermal: ThermalState) {
        self.isCharging = isCharging
        self.isOnWiFi = isOnWiFi
        self.isIdle = isIdle
        self.battery = battery
        self.thermal = thermal
    }
}

/// Who wants an update.
public enum UpdateTrigger: Sendable {
    /// The app's schedule.
    case schedule
    /// The user pressed "train now": one new sample is enough, and that the phone is in use is no reason against it.
    case user
}

/// One reason why an update may not run now.
public enum UpdateObstacle: Hashable, Sendable, CustomStringConvertible {
    case noConsent
    case notCharging
    case notOnWiFi
    case notIdle
    case batteryLow(Double, least: Double)
    case tooHot(ThermalState, most: ThermalState)
    case tooFewSamples(Int, least: Int)
    /// A candidate from just these samples was rejected.
    case rejectedBefore

    public var description: String {
        switch self {
        case .noConsent: "no consent to personalisation"
        case .notCharging: "not charging"
        case .notOnWiFi: "not on Wi-Fi"
        case .notIdle: "not idle"
        case .batteryLow(let level, let least):
            "battery at \(Int(level * 100)) %, below \(Int(least * 100)) %"
        case .tooHot(let state, let most): "too hot: \(state), at most \(most)"
        case .tooFewSamples(let count, let least): "\(count) of \(least) new samples"
        case .rejectedBefore: "a candidate from just these samples was rejected"
        }
    }
}

/// When a task may be trained: a rule on values, without a look at the phone.
public struct UpdateConditions: Equatable, Sendable {
    /// New samples that a scheduled update waits for.
    public var leastSamples = 20
    /// A share of 1.
    public var leastBattery = 0.2
    public var hottest = ThermalState.fair
    public var needsCharging = true
    public var needsWiFi = true
    public var needsIdle = true

    public init() {}

    /// All reasons against an update now; none means that it may run.
    ///
    /// - Parameters:
    ///   - newSamples: How many samples no version has learnt.
    ///   - rejectedBefore: A candidate from just these was rejected.
    public func obstacles(
        to trigger: UpdateTrigger, consent: Bool, device: DeviceState, newSamples: Int, rejectedBefore: Bool = false
    ) -> [UpdateObstacle] {
        let least = trigger == .user ? 1 : leastSamples
        let found: [(Bool, UpdateObstacle)] = [
            (!consent, .noConsent),
            (needsCharging && !device.isCharging, .notCharging),
            (needsWiFi && !device.isOnWiFi, .notOnWiFi),
            (needsIdle && !device.isIdle && trigger == .schedule, .notIdle),
            // A level that is not known reads as -1, or not a number: no reason to believe that it is enough.
            (!(device.battery >= leastBattery), .batteryLow(device.battery, least: leastBattery)),
            (device.thermal > hottest, .tooHot(device.thermal, most: hottest)),
            (newSamples < least, .tooFewSamples(newSamples, least: least)),
            (rejectedBefore && trigger == .schedule, .rejectedBefore),
        ]
        return found.filter(\.0).map(\.1)
    }
}
