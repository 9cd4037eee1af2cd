/// What the exported models call their inputs and outputs.
enum FeatureName {
    static let text = "text"
    static let inputIDs = "input_ids"
    static let attentionMask = "attention_mask"
    static let features = "features"
    static let label = "label"
    static let probabilities = "probabilities"
}
