import XCTest

@testable import AttuneKit

final class UpdateConditionsTests: XCTestCase {
    private let ready = DeviceState(isCharging: true, isOnWiFi: true, isIdle: true, battery: 0.9, thermal: .nominal)
    private let inHand = DeviceState(isCharging: false, isOnWiFi: false, isIdle: false, battery: 0.1, thermal: .serious)

    func testAReadyPhoneWithTwentyNewSamplesMayTrain() {
        XCTAssertEqual(obstacles(ready, samples: 20), [])
        XCTAssertEqual(obstacles(ready, samples: 19), [.tooFewSamples(19, least: 20)])
    }

    func testAllReasonsAreTold() {
        XCTAssertEqual(
            obstacles(inHand, samples: 3, consent: false, rejected: true),
            [
                .noConsent, .notCharging, .notOnWiFi, .notIdle, .batteryLow(0.1, least: 0.2),
                .tooHot(.serious, most: .fair), .tooFewSamples(3, least: 20), .rejectedBefore,
            ])
    }

    func testAUserWhoAsksNeedsOneSampleAndMayHoldThePhone() {
        var device = ready
        device.isIdle = false
        XCTAssertEqual(obstacles(device, samples: 1, trigger: .user, rejected: true), [])
        XCTAssertEqual(obstacles(device, samples: 0, trigger: .user), [.tooFewSamples(0, least: 1)])
        XCTAssertEqual(obstacles(device, samples: 1, trigger: .user, consent: false), [.noConsent])
        device.isCharging = false
        XCTAssertEqual(obstacles(device, samples: 1, trigger: .user), [.notCharging])
    }

    func testABatteryLevelThatIsNotKnownIsNotEnough() {
        for level in [-1, Double.nan] {
            var device = ready
            device.battery = level
            XCTAssertEqual(obstacles(device, samples: 20).count, 1)
        }
    }

    func testBoundsAreInclusive() {
        var device = ready
        device.battery = 0.2
        device.thermal = .fair
        XCTAssertEqual(obstacles(device, samples: 20), [])
    }

    func testAPolicyCanDropConditions() {
        var conditions = UpdateConditions()
        conditions.needsCharging = false
        conditions.needsWiFi = false
        conditions.needsIdle = false
        conditions.leastBattery = 0.05
        conditions.hottest = .serious
        conditions.leastSamples = 3
        XCTAssertEqual(conditions.obstacles(to: .schedule, consent: true, device: inHand, newSamples: 3), [])
    }

    func testReasonsReadAsSentencesDo() {
        let told = obstacles(inHand, samples: 3).map(\.description)
        XCTAssertEqual(
            told,
            [
                "not charging", "not on Wi-Fi", "not idle", "battery at 10 %, below 20 %",
                "too hot: serious, at most fair", "3 of 20 new samples",
            ])
    }

    private func obstacles(
        _ device: DeviceState, samples: Int, trigger: UpdateTrigger = .schedule, consent: Bool = true,
        rejected: Bool = false
    ) -> [UpdateObstacle] {
        UpdateConditions().obstacles(
            to: trigger, consent: consent, device: device, newSamples: samples, rejectedBefore: rejected)
    }
}
