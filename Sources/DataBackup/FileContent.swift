import Crypto
import EmbeddedStore
import Foundation

/// Reading and copying whole files, with their checksums.
enum FileContent {
    struct Digest {
        let bytes: Int
        /// Lower-case hexadecimal digits.
        let sha256: String
    }

    private static let pieceBytes = 1 << 20

    /// - Parameter progress: called with the bytes read so far.
    static func digest(of path: String, progress: (Int) throws -> Void = { _ in }) throws -> Digest {
        try read(path, progress: progress) { _ in }
    }

    /// Copies into a new file and fsyncs it. Its name is durable after a sync of the folder.
    ///
    /// - Throws: `FileError`; what was written so far is removed.
    static func copy(_ path: String, to other: String, progress: (Int) throws -> Void = { _ in }) throws -> Digest {
        let target = open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard target >= 0 else { throw FileError(operation: "make", path: other, code: errno) }
        var isOpen = true
        do {
            let digest = try read(path, progress: progress) { try write($0, to: target, other) }
            guard fsync(target) == 0 else { throw FileError(operation: "sync", path: other, code: errno) }
            isOpen = false
            guard close(target) == 0 else { throw FileError(operation: "close", path: other, code: errno) }
            return digest
        } catch {
            if isOpen { close(target) }
            unlink(other)
            throw error
        }
    }

    /// Gives a file a second name (man 2 link).
    static func link(_ path: String, to other: String) throws {
        guard Foundation.link(path, other) == 0 else { throw FileError(operation: "link", path: path, code: errno) }
    }

    /// Bytes that may still be written to the file system of a folder.
    static func freeBytes(at folder: String) -> Int? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        return Int(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
    }

    private static func read(
        _ path: String, progress: (Int) throws -> Void, _ take: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Digest {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw FileError(operation: "open", path: path, code: errno) }
        defer { close(source) }
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 4096)
        defer { piece.deallocate() }
        var hash = SHA256()
        var total = 0
        while true {
            // Safe: the kernel writes no more than the buffer's size, and only what it says it wrote is used.
            let count = Foundation.read(source, piece.baseAddress, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError(operation: "read", path: path, code: errno) }
            if count == 0 { break }
            let bytes = UnsafeRawBufferPointer(rebasing: piece[..<count])
            hash.update(bufferPointer: bytes)
            try take(bytes)
            total += count
            try progress(total)
        }
        let text = hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return Digest(bytes: total, sha256: text.joined())
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to target: Int32, _ path: String) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let count = Foundation.write(target, piece.baseAddress, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError(operation: "write", path: path, code: count == 0 ? ENOSPC : errno) }
            rest = rest.dropFirst(count)
        }
    }
}
