import Foundation

/// Where things lie in a directory of versions, and how they get there.
struct VersionFiles {
    private static let model = "model.mlmodelc"
    private static let record = "version.json"

    private let root: URL
    private let pointer: URL
    private let versions: URL
    private let incoming: URL

    init(directory: URL) {
        root = directory
        pointer = directory.appendingPathComponent("active.json")
        versions = directory.appendingPathComponent("versions")
        incoming = directory.appendingPathComponent("incoming")
    }

    /// Makes what is missing, removes what no version owns, and reads the pointer. `damage` says why the pointer
    /// can't be believed; all versions are kept then, and none is active.
    func open() throws -> (lineage: Lineage, damage: String?) {
        let manager = FileManager.default
        try manager.createDirectory(at: root, withIntermediateDirectories: true)
        try DurableFiles.protect(root)
        try DurableFiles.excludeFromBackup(root)
        if manager.fileExists(atPath: incoming.path) {
            try manager.removeItem(at: incoming)
        }
        // The pointer before the first version, so that versions without one tell of damage.
        if !manager.fileExists(atPath: pointer.path), !manager.fileExists(atPath: versions.path) {
            try write(Lineage())
        }
        try manager.createDirectory(at: versions, withIntermediateDirectories: true)
        guard let lineage = readPointer() else {
            return (recovered(), "active.json is missing or damaged: the app's own version serves")
        }
        try remove(Set(numbers()).subtracting(lineage.kept))
        return (lineage, nil)
    }

    func write(_ lineage: Lineage) throws {
        try DurableFiles.replace(pointer, with: encoder.encode(lineage))
    }

    func makeIncoming() throws -> URL {
        let directory = incoming.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try DurableFiles.protect(directory)
        return directory
    }

    /// Puts a version's directory together aside, and then in its place in one step.
    func add(_ model: URL, _ record: VersionRecord) throws -> VersionRecord {
        let directory = try makeIncoming()
        try FileManager.default.moveItem(at: model, to: directory.appendingPathComponent(Self.model))
        try encoder.encode(record).write(to: directory.appendingPathComponent(Self.record))
        // What a publication that failed has left under this number belongs to no version.
        try remove([record.number])
        try DurableFiles.move(directory, to: place(of: record.number))
        return record
    }

    func record(of number: Int) throws -> VersionRecord {
        let file = place(of: number).appendingPathComponent(Self.record)
        guard let data = try? Data(contentsOf: file) else {
            throw VersionError.damaged(number, reason: "\(Self.record) is missing")
        }
        guard let record = try? decoder.decode(VersionRecord.self, from: data), record.number == number else {
            throw VersionError.damaged(number, reason: "\(Self.record) is not of this version")
        }
        return record
    }

    /// Throws `VersionError.damaged` unless all of the model's files are there, in full length.
    func model(of number: Int) throws -> URL {
        let model = place(of: number).appendingPathComponent(Self.model)
        let expected = try record(of: number).files
        let found = (try? DurableFiles.files(in: model)) ?? [:]
        if let file = expected.keys.sorted().first(where: { found[$0] != expected[$0] }) {
            throw VersionError.damaged(number, reason: "its file \(file) is missing or cut short")
        }
        return model
    }

    func remove(_ numbers: Set<Int>) throws {
        for number in numbers where FileManager.default.fileExists(atPath: place(of: number).path) {
            try FileManager.default.removeItem(at: place(of: number))
        }
    }

    private func readPointer() -> Lineage? {
        guard
            let data = try? Data(contentsOf: pointer),
            let lineage = try? decoder.decode(Lineage.self, from: data), lineage.format == Lineage.format,
            lineage.active == 0 || lineage.kept.contains(lineage.active)
        else { return nil }
        return lineage
    }

    private func recovered() -> Lineage {
        var lineage = Lineage()
        for number in numbers() {
            lineage.versions[number] = Lineage.Entry(parent: (try? record(of: number).parent) ?? 0, state: .trying)
        }
        return lineage
    }

    private func numbers() -> [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: versions.path)) ?? []
        return names.compactMap(Int.init)
    }

    private func place(of number: Int) -> URL {
        versions.appendingPathComponent(String(number))
    }

    private var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys]
        return encoder
    }

    private var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }
}
