import Foundation

/// The files beside the tests. They are written from the bundle that ships: see tests/swift in the repository.
enum TestResources {
    static let wordPiece = url("wordpiece")
    static let vectors = url("vectors")

    private static func url(_ name: String) -> URL {
        guard let url = Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Resources") else {
            preconditionFailure("\(name).json is not among the test's resources")
        }
        return url
    }
}
