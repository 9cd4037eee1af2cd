import Foundation

/// Writes that a crash leaves either undone or done, and what a phone is told about files of personal data.
enum DurableFiles {
    /// Replaces the file at `url` as a whole: temporary file, on the disk, renamed.
    static func replace(_ url: URL, with data: Data) throws {
        let temporary = url.appendingPathExtension("new")
        try data.write(to: temporary)
        try protect(temporary)
        try synchronize(temporary)
        guard rename(temporary.path, url.path) == 0 else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: url.path])
        }
        synchronizeDirectory(url.deletingLastPathComponent())
    }

    /// Moves a finished directory to `url`, where none may be.
    static func move(_ directory: URL, to url: URL) throws {
        for file in try files(in: directory).keys {
            try synchronize(directory.appendingPathComponent(file))
        }
        try FileManager.default.moveItem(at: directory, to: url)
        synchronizeDirectory(url.deletingLastPathComponent())
    }

    /// Bytes of each file under `directory`, by its path in it.
    static func files(in directory: URL) throws -> [String: Int] {
        var sizes: [String: Int] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: directory.path) {
            let file = directory.appendingPathComponent(path)
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
            if attributes[.type] as? FileAttributeType == .typeRegular {
                sizes[path] = (attributes[.size] as? NSNumber)?.intValue
            }
        }
        return sizes
    }

    /// Can't be read before the phone was unlocked once since it started: a background update can, a thief can't.
    static func protect(_ url: URL) throws {
        #if os(iOS) || os(tvOS) || os(watchOS) || os(visionOS)
        let attributes = [FileAttributeKey.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication]
        try FileManager.default.setAttributes(attributes, ofItemAtPath: url.path)
        #endif
    }

    /// A trained head says something about its user: it does not leave the phone in a backup.
    static func excludeFromBackup(_ url: URL) throws {
        #if canImport(Darwin)
        var url = url
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try url.setResourceValues(values)
        #endif
    }

    private static func synchronize(_ file: URL) throws {
        let handle = try FileHandle(forUpdating: file)
        defer { try? handle.close() }
        try handle.synchronize()
    }

    /// Makes a rename last. A file system that can't do this for a directory has no way to do it at all.
    private static func synchronizeDirectory(_ directory: URL) {
        let descriptor = open(directory.path, O_RDONLY)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
