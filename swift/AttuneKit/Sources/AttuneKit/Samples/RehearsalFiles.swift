import Foundation

/// The rehearsal set of one task, out of the folder rehearsal/ of an export.
///
/// layout.json says how wide features are, how many rows there are and what the labels mean; the arrays beside it are
/// little-endian: features and probabilities in float32, labels in int32.
public struct RehearsalFiles: RehearsalSource {
    private let folder: URL
    private let width: Int
    private let labels: [String]
    private let rows: Rows

    private struct Layout: Decodable {
        let format: Int
        let feature_width: Int
        let tasks: [String: Task]

        struct Task: Decodable {
            let labels: [String]
            let rows: Rows
        }
    }

    private struct Rows: Decodable {
        let rehearsal: Int
        let yardstick: Int
    }

    /// Throws `RehearsalFilesError`.
    public init(folder: URL, task: String) throws {
        let layout: Layout
        do {
            layout = try JSONDecoder().decode(
                Layout.self, from: Data(contentsOf: folder.appendingPathComponent("layout.json")))
        } catch {
            throw RehearsalFilesError.unreadable("layout.json")
        }
        guard layout.format == 1 else { throw RehearsalFilesError.unknownFormat(layout.format) }
        guard let found = layout.tasks[task] else {
            throw RehearsalFilesError.unknownTask(task, known: layout.tasks.keys.sorted())
        }
        self.folder = folder.appendingPathComponent(task)
        width = layout.feature_width
        labels = found.labels
        rows = found.rows
    }

    public func rehearsal() async throws -> [RehearsalExample] {
        let features = try features("rehearsal", rows.rehearsal)
        let shares: [Float] = try read("rehearsal-probabilities.f32", count: rows.rehearsal * labels.count)
        return features.indices.map { row in
            let mine = shares[row * labels.count..<(row + 1) * labels.count].map(Double.init)
            let probabilities = Dictionary(zip(labels, mine), uniquingKeysWith: { first, _ in first })
            return RehearsalExample(input: .features(features[row]), probabilities: probabilities)
        }
    }

    public func yardstick() async throws -> [LabelledExample] {
        let features = try features("yardstick", rows.yardstick)
        let indices: [Int32] = try read("yardstick-labels.i32", count: rows.yardstick)
        return try zip(features, indices).map { features, index in
            guard labels.indices.contains(Int(index)) else {
                throw RehearsalFilesError.damaged("yardstick-labels.i32")
            }
            return LabelledExample(input: .features(features), label: labels[Int(index)])
        }
    }

    private func features(_ part: String, _ count: Int) throws -> [[Float]] {
        let values: [Float] = try read("\(part)-features.f32", count: count * width)
        return (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }

    /// Phones are little-endian, as the files are.
    private func read<Value>(_ name: String, count: Int) throws -> [Value] {
        guard let data = try? Data(contentsOf: folder.appendingPathComponent(name)) else {
            throw RehearsalFilesError.unreadable(name)
        }
        guard data.count == count * MemoryLayout<Value>.size else { throw RehearsalFilesError.damaged(name) }
        return data.withUnsafeBytes { bytes in
            (0..<count).map { bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Value>.size, as: Value.self) }
        }
    }
}

/// Why there is no rehearsal set.
public enum RehearsalFilesError: Error, Equatable, CustomStringConvertible {
    case unreadable(String)
    case unknownFormat(Int)
    case unknownTask(String, known: [String])
    /// It has not as many values as layout.json says, or one that can't be.
    case damaged(String)

    public var description: String {
        switch self {
        case .unreadable(let name): "\(name) can't be read: the export's folder rehearsal has to be in the app"
        case .unknownFormat(let format): "layout.json is of format \(format), and this AttuneKit reads 1"
        case .unknownTask(let task, let known): "there is no task \(task); there are \(known.joined(separator: ", "))"
        case .damaged(let name): "\(name) is not what layout.json says"
        }
    }
}
