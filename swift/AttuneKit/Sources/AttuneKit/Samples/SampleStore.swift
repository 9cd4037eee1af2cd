/// Where the app keeps one task's samples, encrypted. AttuneKit reads them for an update and keeps none.
public protocol SampleStore: Sendable {
    /// Does the user agree to personalisation now? Nothing else is asked of the store where the answer is no.
    func hasConsent() async -> Bool

    /// The ids of all samples.
    func sampleIDs() async throws -> Set<Sample.ID>

    /// All samples, in any order.
    func samples() async throws -> [Sample]
}
