#if canImport(CoreML)
import Foundation

/// Answers for one task: tokenizer, base, and the version of the head that is active at that moment.
///
/// A version that is published or rolled back answers from the next prediction on. Those in flight end with the head
/// that they began with.
public final class PersonalModel: Sendable {
    private let encoder: TextEncoder
    private let versions: VersionStore
    private let head = Locked<(revision: Int, served: Served<CoreMLClassifier>)?>(nil)

    public init(encoder: TextEncoder, versions: VersionStore) {
        self.encoder = encoder
        self.versions = versions
    }

    /// One pass of the base, and one of the head. Throws `PredictionError`.
    public func predict(_ text: String) async throws -> Prediction {
        try answer(text)
    }

    /// Which version answers, and why it is not the active one, if so. Throws `PredictionError`.
    public func status() throws -> (version: Int, degraded: [String]) {
        let served = try current()
        return (served.version, served.degraded)
    }

    /// Not async: in an async function Swift would take Core ML's own async prediction, which iOS 16 does not have.
    private func answer(_ text: String) throws -> Prediction {
        let served = try current()
        let features = try encoder.features(of: text)
        let probabilities = try served.model.probabilities(of: .features(features))
        guard
            probabilities.values.allSatisfy(\.isFinite),
            let best = probabilities.sorted(by: { $0.key < $1.key }).max(by: { $0.value < $1.value })
        else { throw PredictionError.badOutput(FeatureName.probabilities) }
        return Prediction(
            label: best.key, probabilities: probabilities, version: served.version, features: features)
    }

    private func current() throws -> Served<CoreMLClassifier> {
        try head.withLock { loaded in
            // Read before loading: what changes meanwhile is seen next time.
            let revision = versions.revision
            if let loaded, loaded.revision == revision {
                return loaded.served
            }
            let served = try versions.load { try CoreMLClassifier(contentsOf: $0) }
            loaded = (revision, served)
            return served
        }
    }
}
#endif
