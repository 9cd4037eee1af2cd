/// A Unicode code point, as a number.
typealias CodePoint = UInt32

/// A set of code points as sorted ranges that don't overlap, searched by halves.
struct CodePointSet: Sendable {
    private let ranges: [ClosedRange<CodePoint>]

    init(_ ranges: [ClosedRange<CodePoint>]) {
        self.ranges = ranges.sorted { $0.lowerBound < $1.lowerBound }
    }

    func contains(_ point: CodePoint) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < point {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < ranges.count && ranges[low].lowerBound <= point
    }
}
