/// The file active.json: which version is active, where each came from, and what has become of it.
///
/// It is replaced as a whole, so that a pointer and the states that go with it change together or not at all.
struct Lineage: Codable, Equatable {
    struct Entry: Codable, Equatable {
        var parent: Int
        var state: VersionState
    }

    static let format = 1

    var format = Lineage.format
    var active = 0
    /// Destroyed versions stay here: their numbers are not used again, and what they led to keeps its ancestors.
    var versions: [Int: Entry] = [:]
    /// The samples of the last candidate that was rejected: training on just them again would end the same.
    var rejected: Set<Sample.ID> = []

    var next: Int {
        (versions.keys.max() ?? 0) + 1
    }

    /// Versions whose files should be there.
    var kept: Set<Int> {
        Set(versions.filter { $0.value.state != .destroyed }.keys)
    }

    /// Which version answers: the active one; if it can't be loaded, the nearest ancestor that was not rolled back;
    /// at last 0.
    var loadOrder: [Int] {
        var order: [Int] = []
        var number = active
        while let entry = versions[number], !order.contains(number) {
            if number == active || entry.state == .trying || entry.state == .good {
                order.append(number)
            }
            // A parent is always older: a file that says otherwise must not lead in circles.
            guard entry.parent < number else { break }
            number = entry.parent
        }
        return order + [0]
    }
}
