import Foundation

/// A model that answers, the version that it is, and why it is not the active one, if so.
public struct Served<Model> {
    public let version: Int
    public let model: Model
    /// Empty where the active version answers; else what was wrong with each one that was tried before.
    public let degraded: [String]
}

extension Served: Sendable where Model: Sendable {}

/// The versions of one task's head on this phone: immutable directories, and a pointer to the active one.
///
///     active.json              the pointer, replaced as a whole
///     versions/3/version.json  where it comes from, its figures, what it learnt
///     versions/3/model.mlmodelc
///     incoming/...             what is being made; whatever an interrupted update left here is removed at start
///
/// A crash at any instant leaves the old version active or the new one, whole. One process may open a directory at a
/// time. All methods may be called from any thread, and throw `VersionError`.
public final class VersionStore: Sendable {
    let directory: URL
    private let base: URL
    private let state: Locked<State>

    private struct State {
        var lineage: Lineage
        var damage: String?
        var revision = 0
    }

    /// Opens a directory, makes it if need be, and removes what an interrupted update or deletion left there.
    ///
    /// - Parameter base: The compiled head that ships with the app, version 0.
    public init(directory: URL, base: URL) throws {
        self.directory = directory
        self.base = base
        let files = VersionFiles(directory: directory)
        state = Locked(
            try Self.onDisk {
                let found = try files.open()
                return State(lineage: found.lineage, damage: found.damage)
            })
    }

    /// Application Support/Attune/TASK.
    public static func defaultDirectory(task: String) throws -> URL {
        try onDisk {
            try FileManager.default.url(
                for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true
            ).appendingPathComponent("Attune").appendingPathComponent(task)
        }
    }

    /// The version that the pointer names.
    public var active: Int {
        state.withLock { $0.lineage.active }
    }

    /// Grows with every change of what is served.
    var revision: Int {
        state.withLock { $0.revision }
    }

    /// Samples that some version has learnt, whatever has become of it: they are no news.
    var learnt: Set<Sample.ID> {
        versions().reduce(into: []) { $0.formUnion($1.learnt) }
    }

    /// The samples of the last candidate that was rejected.
    var rejected: Set<Sample.ID> {
        state.withLock { $0.lineage.rejected }
    }

    /// All versions that can be read, oldest first.
    public func versions() -> [HeadVersion] {
        let lineage = state.withLock { $0.lineage }
        return lineage.kept.sorted().compactMap { try? version($0, in: lineage) }
    }

    /// One version.
    public func version(_ number: Int) throws -> HeadVersion {
        try version(number, in: state.withLock { $0.lineage })
    }

    /// Opens what answers: the active version; where `open` can't, the nearest ancestor that was not rolled back; at
    /// last the head that ships. Throws what `open` throws only if that one can't be opened either.
    public func load<Model>(_ open: (URL) throws -> Model) throws -> Served<Model> {
        let (lineage, damage) = state.withLock { ($0.lineage, $0.damage) }
        var degraded = damage.map { [$0] } ?? []
        for number in lineage.loadOrder where number > 0 {
            do {
                return Served(version: number, model: try open(try model(of: number)), degraded: degraded)
            } catch let error as VersionError {
                degraded.append("\(error)")
            } catch {
                degraded.append("version \(number) can't be loaded: \(error)")
            }
        }
        return Served(version: 0, model: try open(base), degraded: degraded)
    }

    /// The compiled model of a version, once its files are found to be whole.
    public func model(of number: Int) throws -> URL {
        guard number != 0 else { return base }
        guard state.withLock({ $0.lineage.kept.contains(number) }) else { throw VersionError.unknown(number) }
        return try files.model(of: number)
    }

    /// A new directory for an update's own files, on the disk that `publish` moves them on.
    func makeScratch() throws -> URL {
        try Self.onDisk { try files.makeIncoming() }
    }

    /// Makes the compiled model at `model`, which is moved away from there, the active version.
    ///
    /// - Parameters:
    ///   - parent: The version that it was trained from.
    ///   - active: The version that was active then and must still be, as a rule the parent; another one where the
    ///     active version could not be loaded.
    ///   - learnt: The samples that it was trained on; those of its ancestors are added.
    @discardableResult
    public func publish(
        _ model: URL, parent: Int, replacing active: Int? = nil, metrics: [String: Double], learnt: Set<Sample.ID>,
        created: Date = Date()
    ) throws -> HeadVersion {
        try state.withLock { state in
            let expected = active ?? parent
            guard state.lineage.active == expected else {
                throw VersionError.activeChanged(from: expected, to: state.lineage.active)
            }
            let before = parent == 0 ? [] : try files.record(of: parent).learnt
            let record = try Self.onDisk {
                try files.add(
                    model,
                    VersionRecord(
                        number: state.lineage.next, parent: parent, created: created.wholeSeconds, metrics: metrics,
                        learnt: learnt.union(before), files: try DurableFiles.files(in: model)))
            }
            try change(&state) { lineage in
                lineage.versions[record.number] = Lineage.Entry(parent: parent, state: .trying)
                lineage.active = record.number
                lineage.rejected = []
            }
            return HeadVersion(record, state: .trying)
        }
    }

    /// Makes another version active, and tells which: `number`, 0 being the app's own; without one the active
    /// version's parent, or the nearest ancestor if the parent was rolled back or destroyed itself. A version that is
    /// left for an older one counts as rolled back; a newer one can be chosen again.
    ///
    /// It takes effect for the next prediction, and disturbs none in flight.
    @discardableResult
    public func rollback(to number: Int? = nil) throws -> Int {
        try state.withLock { state in
            let left = state.lineage.active
            guard left != 0 || number.map({ $0 != 0 }) == true else { throw VersionError.nothingToRollBack }
            // Behind the active one in that order comes its parent, or who stands in for it, or 0.
            let target = number ?? state.lineage.loadOrder[1]
            try requireWhole(target, in: state)
            try change(&state) { lineage in
                if target < left {
                    lineage.versions[left]?.state = .rolledBack
                }
                lineage.active = target
                // What was rolled back to has been chosen again, whatever became of it before.
                if lineage.versions[target]?.state == .rolledBack {
                    lineage.versions[target]?.state = .trying
                }
            }
            return target
        }
    }

    /// Says that later feedback has agreed with a version.
    public func markGood(_ number: Int) throws {
        try state.withLock { state in
            guard state.lineage.kept.contains(number) else { throw VersionError.unknown(number) }
            try change(&state) { $0.versions[number]?.state = .good }
        }
    }

    /// Removes versions that learnt from samples which must be forgotten, and all that come from them. Where the
    /// active one is among them, its nearest ancestor that remains takes its place.
    public func destroyVersions(thatLearnt samples: Set<Sample.ID>) throws {
        let lineage = state.withLock { $0.lineage }
        // One that can't say what it learnt may have learnt this.
        try destroy(lineage.kept.filter { (try? files.record(of: $0).learnt.isDisjoint(with: samples)) != true })
    }

    /// Removes every version: the app's own head serves.
    public func destroyAll() throws {
        try destroy(state.withLock { $0.lineage.kept })
    }

    /// Keeps the samples of a candidate that was rejected from being trained on again, alone and unasked.
    func noteRejection(of samples: Set<Sample.ID>) throws {
        try state.withLock { state in try change(&state) { $0.rejected = samples } }
    }

    private var files: VersionFiles {
        VersionFiles(directory: directory)
    }

    private func version(_ number: Int, in lineage: Lineage) throws -> HeadVersion {
        guard let entry = lineage.versions[number], lineage.kept.contains(number) else {
            throw VersionError.unknown(number)
        }
        return HeadVersion(try files.record(of: number), state: entry.state)
    }

    private func destroy(_ numbers: Set<Int>) throws {
        try state.withLock { state in
            // The pointer first: after a crash in between, what is left of the files is removed at the next start.
            try change(&state) { lineage in
                let order = lineage.loadOrder
                for number in numbers {
                    lineage.versions[number]?.state = .destroyed
                }
                lineage.active = order.first { !numbers.contains($0) } ?? 0
            }
            try Self.onDisk { try files.remove(numbers) }
        }
    }

    private func requireWhole(_ number: Int, in state: State) throws {
        guard number != 0 else { return }
        guard state.lineage.kept.contains(number) else { throw VersionError.unknown(number) }
        _ = try files.model(of: number)
    }

    private func change(_ state: inout State, _ edit: (inout Lineage) -> Void) throws {
        var lineage = state.lineage
        edit(&lineage)
        try Self.onDisk { try files.write(lineage) }
        let served = lineage.active != state.lineage.active || state.damage != nil
        state = State(lineage: lineage, damage: nil, revision: state.revision + (served ? 1 : 0))
    }

    private static func onDisk<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as VersionError {
            throw error
        } catch {
            throw VersionError.disk("\(error)")
        }
    }
}

extension HeadVersion {
    fileprivate init(_ record: VersionRecord, state: VersionState) {
        self.init(
            number: record.number, parent: record.parent, created: record.created, metrics: record.metrics,
            learnt: record.learnt, state: state)
    }
}

extension Date {
    /// As the file keeps it.
    fileprivate var wholeSeconds: Date {
        Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down))
    }
}
