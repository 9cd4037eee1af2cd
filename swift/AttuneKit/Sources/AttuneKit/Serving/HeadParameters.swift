import Foundation

/// A head: one linear layer on the frozen features. Trained ones are personal data.
public struct HeadParameters: Equatable, Sendable {
    /// [C, D], label by label.
    public let weight: [Float]
    /// [C].
    public let bias: [Float]

    /// `weight` has as many values for each one of `bias`.
    public init(weight: [Float], bias: [Float]) {
        precondition(!bias.isEmpty && weight.count % bias.count == 0)
        self.weight = weight
        self.bias = bias
    }

    /// The bytes that `attune-toolchain head read --like` takes: "ATH1", C and D as UInt32, then weight and bias as
    /// float32, all little-endian. Keep them as guarded as the samples.
    public func encoded() -> Data {
        var data = Data("ATH1".utf8)
        for size in [bias.count, weight.count / bias.count] {
            withUnsafeBytes(of: UInt32(size).littleEndian) { data.append(contentsOf: $0) }
        }
        for value in weight + bias {
            withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }
        return data
    }
}
