import Foundation

/// Answers on samples that neither the judged training nor the active version has seen.
public struct HeldOutAnswers: Equatable, Sendable {
    public var count = 0
    public var candidateRight = 0
    public var activeRight = 0
    /// Right by the candidate alone.
    public var gained = 0
    /// Right by the active version alone.
    public var lost = 0

    public init() {}

    /// Counts one sample.
    public mutating func add(candidateRight candidate: Bool, activeRight active: Bool) {
        count += 1
        candidateRight += candidate ? 1 : 0
        activeRight += active ? 1 : 0
        gained += candidate && !active ? 1 : 0
        lost += active && !candidate ? 1 : 0
    }
}

/// May a candidate be published? A rule on figures, the same as the device runtime's.
public struct Gate: Equatable, Sendable {
    /// Share of the yardstick that a candidate may get wrong beyond the head that ships.
    public var mostForgotten = 0.01
    /// On fewer held-out samples a head that has learnt most of a pattern would often look like a guess.
    public var leastForGuessing = 10
    public var significance = 0.05

    public init() {}

    /// All reasons against a candidate; none means that it may be published.
    ///
    /// The yardstick is compared with the head that ships, not with the active version, so that many small losses
    /// can't add up. Samples whose labels follow no pattern let a candidate do no better than guessing on those that
    /// it did not see; it is refused unless it clearly beats the active version all the same.
    ///
    /// - Parameters:
    ///   - baseAccuracy, candidateAccuracy: Shares of the yardstick that the head that ships and the candidate get
    ///     right.
    ///   - labels: How many labels the task has.
    public func objections(
        heldOut: HeldOutAnswers, baseAccuracy: Double, candidateAccuracy: Double, labels: Int
    ) -> [GateObjection] {
        guard candidateAccuracy.isFinite else { return [.notFinite] }
        var found: [GateObjection] = []
        if heldOut.candidateRight < heldOut.activeRight {
            found.append(.worse(heldOut))
        } else if heldOut.count >= leastForGuessing, isGuess(heldOut, labels: labels) {
            found.append(.guess(heldOut))
        }
        let lost = baseAccuracy - candidateAccuracy
        if lost > mostForgotten + 1e-9 {
            found.append(.forgets(lost, most: mostForgotten))
        }
        return found
    }

    private func isGuess(_ heldOut: HeldOutAnswers, labels: Int) -> Bool {
        let guessing = Self.binomialTail(heldOut.candidateRight, of: heldOut.count, chance: 1 / Double(max(1, labels)))
        // The sign test: as many gains among the differences by a fair coin.
        let noGain = Self.binomialTail(heldOut.gained, of: heldOut.gained + heldOut.lost, chance: 0.5)
        return guessing > significance && noGain > significance
    }

    /// P(X >= successes) for X ~ Binomial(trials, chance).
    static func binomialTail(_ successes: Int, of trials: Int, chance: Double) -> Double {
        guard successes > 0 else { return 1 }
        guard chance > 0 else { return 0 }
        guard chance < 1, successes <= trials else { return successes <= trials ? 1 : 0 }
        return (successes...trials).reduce(0) { sum, count in
            let ways = lgamma(Double(trials + 1)) - lgamma(Double(count + 1)) - lgamma(Double(trials - count + 1))
            return sum + exp(ways + Double(count) * log(chance) + Double(trials - count) * log1p(-chance))
        }
    }
}

/// One reason why a candidate is rejected.
public enum GateObjection: Equatable, Sendable, CustomStringConvertible {
    /// It gives probabilities that are not finite, or none.
    case notFinite
    case worse(HeldOutAnswers)
    case guess(HeldOutAnswers)
    /// Share of the yardstick lost.
    case forgets(Double, most: Double)

    public var description: String {
        switch self {
        case .notFinite: "it does not give a finite probability of each label"
        case .worse(let heldOut):
            "worse on held-out samples: \(heldOut.candidateRight) of \(heldOut.count) right, "
                + "the active version \(heldOut.activeRight)"
        case .guess(let heldOut):
            "no better than guessing on held-out samples: \(heldOut.candidateRight) of \(heldOut.count) right"
        case .forgets(let lost, let most):
            String(format: "forgets: %.1f points lost on the yardstick, at most %.1f allowed", lost * 100, most * 100)
        }
    }
}
