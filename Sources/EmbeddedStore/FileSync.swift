import Foundation

/// fsync, with the error that the kernel gave.
enum FileSync {
    /// What was written to the file is on disk afterwards.
    static func file(_ path: String) throws { try sync(path, flags: O_RDONLY) }

    /// Names made or changed in the folder are on disk afterwards (man 2 fsync: a file's entry needs a sync of its folder).
    static func folder(_ path: String) throws { try sync(path, flags: O_RDONLY | O_DIRECTORY) }

    private static func sync(_ path: String, flags: Int32) throws {
        let descriptor = open(path, flags)
        guard descriptor >= 0 else { throw CocoaError(.fileReadUnknown, userInfo: [NSFilePathErrorKey: path]) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw CocoaError(
                .fileWriteUnknown,
                userInfo: [NSFilePathErrorKey: path, NSLocalizedDescriptionKey: String(cString: strerror(errno))])
        }
    }
}
