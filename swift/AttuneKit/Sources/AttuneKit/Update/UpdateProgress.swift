/// What an update is at. Training waits while this is handled: be quick.
public struct UpdateProgress: Equatable, Sendable {
    public enum Event: Sendable {
        case trainingBegin, miniBatchEnd, epochEnd
    }

    public let event: Event
    /// From 0 on; nil where it is not told.
    public let epoch: Int?
    /// From 0 on in its epoch; nil where it is not told.
    public let miniBatch: Int?
    /// The mean loss, nil before the first mini-batch.
    public let loss: Double?

    public init(event: Event, epoch: Int? = nil, miniBatch: Int? = nil, loss: Double? = nil) {
        self.event = event
        self.epoch = epoch
        self.miniBatch = miniBatch
        self.loss = loss
    }
}
