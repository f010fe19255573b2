import Foundation

/// The folder with everything durable, held by one process at a time.
final class DataFolder: Sendable {
    let path: String
    private let lock: Int32

    /// Makes the folder if it is missing.
    init(_ path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let file = "\(path)/LOCK"
        lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else {
            throw CommandFailure("cannot write to the data folder \(path): \(String(cString: strerror(errno)))")
        }
        // An flock ends with its process, however that ends (man 2 flock).
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            Foundation.close(lock)
            throw CommandFailure(
                "the data folder \(path) is in use by another heliograph process; stop that one, or give --data another "
                    + "folder")
        }
    }

    deinit { Foundation.close(lock) }
}
