import XCTest

extension XCTestCase {
    /// A directory that is removed after the test.
    func makeTemporaryDirectory() throws -> URL {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        addTeardownBlock { try? FileManager.default.removeItem(at: directory) }
        return directory
    }
}

/// Stands for a compiled model: a directory with a file or two, of which the first says what it is.
enum ModelDirectory {
    static func make(at url: URL, saying content: String) throws {
        let nested = url.appendingPathComponent("model")
        try FileManager.default.createDirectory(at: nested, withIntermediateDirectories: true)
        try Data(content.utf8).write(to: url.appendingPathComponent("coremldata.bin"))
        try Data("weights".utf8).write(to: nested.appendingPathComponent("weights.bin"))
    }

    static func make(in directory: URL, saying content: String) throws -> URL {
        let url = directory.appendingPathComponent("\(UUID().uuidString).mlmodelc")
        try make(at: url, saying: content)
        return url
    }

    static func read(_ url: URL) throws -> String {
        String(decoding: try Data(contentsOf: url.appendingPathComponent("coremldata.bin")), as: UTF8.self)
    }
}
