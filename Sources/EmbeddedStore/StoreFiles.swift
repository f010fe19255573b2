import Foundation

/// What the store does with files beside SQLite's own reading and writing: the seam at which tests inject faults.
///
/// Every call is one system call or a loop of them, blocks, and throws `FileError` with the kernel's own reason.
package protocol StoreFiles: Sendable {
    /// Names in a folder, ascending bytewise.
    func names(in folder: String) throws -> [String]
    func makeFolder(_ path: String) throws
    func exists(_ path: String) -> Bool
    /// Bytes in the file.
    func size(of path: String) throws -> Int
    /// Removes a file. Survives a power loss after `syncFolder`.
    func remove(_ path: String) throws
    /// Atomically gives the file another name, replacing what had it (man 2 rename). Survives a power loss after `syncFolder`.
    func rename(_ path: String, to: String) throws
    /// What was written to the file is on disk afterwards (man 2 fsync).
    func syncFile(_ path: String) throws
    /// Names made, changed or removed in the folder are on disk afterwards: a file's entry needs a sync of its folder.
    func syncFolder(_ path: String) throws
    /// Makes a byte-by-byte copy under another name; not synced.
    func copy(_ path: String, to: String) throws
}

/// A file operation that the kernel refused.
package struct FileError: Error, CustomStringConvertible {
    package let operation: String
    package let path: String
    package let code: Int32

    package init(operation: String, path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    package var description: String { "cannot \(operation) \(path): \(String(cString: strerror(code)))" }
}

/// The real file system.
package struct DiskFiles: StoreFiles {
    package init() {}

    package func names(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw FileError(operation: "list", path: folder, code: errno)
        }
    }

    package func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw FileError(operation: "make the folder", path: path, code: errno)
        }
    }

    package func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    package func size(of path: String) throws -> Int {
        var status = stat()
        try check(stat(path, &status), "look at", path)
        return Int(status.st_size)
    }

    package func remove(_ path: String) throws { try check(unlink(path), "remove", path) }

    package func rename(_ path: String, to other: String) throws {
        try check(Foundation.rename(path, other), "rename", path)
    }

    package func syncFile(_ path: String) throws { try sync(path, flags: O_RDONLY) }
    package func syncFolder(_ path: String) throws { try sync(path, flags: O_RDONLY | O_DIRECTORY) }

    package func copy(_ path: String, to other: String) throws {
        do {
            try FileManager.default.copyItem(atPath: path, toPath: other)
        } catch {
            throw FileError(operation: "copy", path: path, code: errno)
        }
    }

    private func sync(_ path: String, flags: Int32) throws {
        let descriptor = open(path, flags | O_CLOEXEC)
        try check(descriptor, "open", path)
        defer { close(descriptor) }
        try check(fsync(descriptor), "sync", path)
    }

    private func check(_ result: Int32, _ operation: String, _ path: String) throws {
        if result < 0 { throw FileError(operation: operation, path: path, code: errno) }
    }
}
