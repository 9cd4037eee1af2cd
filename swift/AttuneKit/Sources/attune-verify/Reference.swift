import Foundation

/// reference.json of an export: sentences with what the models should say of them.
struct Reference: Decodable {
    let version: String
    /// By task, in the order of its probabilities.
    let labels: [String: [String]]
    let sentences: [Sentence]

    struct Sentence: Decodable {
        let text: String
        let input_ids: [Int32]
        let features: [Float]
        let probabilities: [String: [Double]]
    }

    init(contentsOf url: URL) throws {
        self = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: url))
    }
}
