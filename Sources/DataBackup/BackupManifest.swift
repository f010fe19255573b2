import EmbeddedStore
import Foundation

/// What is in a backup: `manifest.json`, written last, so that a folder with one is a complete backup.
package struct BackupManifest: Codable, Sendable {
    package struct File: Codable, Sendable, Hashable {
        /// Relative to the folder, with `/` between names.
        package let path: String
        package let bytes: Int
        /// SHA-256 (FIPS 180-4) of the content, in lower-case hexadecimal digits, as `sha256sum` prints it.
        package let sha256: String
    }

    static let currentFormat = 1

    package let format: Int
    /// Of the program that made it.
    package let heliographVersion: String
    /// ISO 8601. What was acknowledged before is in the backup.
    package let startedAt: String
    package let finishedAt: String
    /// In order of paths.
    package let files: [File]

    private enum CodingKeys: String, CodingKey {
        case format
        case heliographVersion = "heliograph_version"
        case startedAt = "started_at"
        case finishedAt = "finished_at"
        case files
    }

    package init(heliographVersion: String, startedAt: String, finishedAt: String, files: [File]) {
        format = BackupManifest.currentFormat
        self.heliographVersion = heliographVersion
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    package var byteCount: Int { files.reduce(0) { $0 + $1.bytes } }

    func file(_ path: String) -> File? { files.first { $0.path == path } }

    /// Reads the manifest of a backup.
    ///
    /// - Throws: `BackupError.noManifest` with what is wrong with it.
    package init(backup folder: String) throws(BackupError) {
        let path = "\(folder)/\(BackupLayout.manifest)"
        let manifest: BackupManifest
        do {
            manifest = try JSONDecoder().decode(BackupManifest.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch let error as DecodingError {
            throw .noManifest(path: folder, reason: "its manifest.json cannot be read: \(error)")
        } catch {
            throw .noManifest(path: folder, reason: "it has no manifest.json that can be read")
        }
        guard manifest.format == BackupManifest.currentFormat else {
            throw .noManifest(
                path: folder,
                reason:
                    "it has format \(manifest.format), and this version reads format \(BackupManifest.currentFormat)")
        }
        // The paths become names of files that are written: none may lead out of the folder.
        if let foreign = manifest.files.first(where: { !BackupLayout.isContent($0.path) }) {
            throw .noManifest(path: folder, reason: "its manifest.json names \(foreign.path), which no backup has")
        }
        guard manifest.file(BackupLayout.log) != nil, Set(manifest.files.map(\.path)).count == manifest.files.count
        else {
            throw .noManifest(path: folder, reason: "its manifest.json does not name each file once, and log.sqlite")
        }
        self = manifest
    }

    /// Writes and fsyncs the file; its name is durable after a sync of the folder.
    func write(to folder: String, files: any StoreFiles) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let path = "\(folder)/\(BackupLayout.manifest)"
        try encoder.encode(self).write(to: URL(fileURLWithPath: path))
        try files.syncFile(path)
    }

    /// Compares every file's size and checksum; what differs, in order of paths.
    ///
    /// - Parameter progress: called with the bytes read so far.
    package func check(folder: String, progress: (_ bytes: Int) throws -> Void = { _ in }) throws -> [BackupProblem] {
        var problems: [BackupProblem] = []
        var before = 0
        for file in files {
            if let problem = try check(file, folder: folder, progress: { try progress(before + $0) }) {
                problems.append(problem)
            }
            before += file.bytes
        }
        return problems
    }

    /// Nil if the file is as the manifest says.
    func check(_ file: File, folder: String, progress: (Int) throws -> Void = { _ in }) throws -> BackupProblem? {
        let path = "\(folder)/\(file.path)"
        guard let size = try? DiskFiles().size(of: path) else {
            return BackupProblem(file: file.path, expected: "\(file.bytes) bytes", found: "no file")
        }
        guard size == file.bytes else {
            return BackupProblem(file: file.path, expected: "\(file.bytes) bytes", found: "\(size)")
        }
        do {
            let read = try FileContent.digest(of: path, progress: progress)
            guard read.sha256 == file.sha256 else {
                return BackupProblem(file: file.path, expected: "SHA-256 \(file.sha256)", found: read.sha256)
            }
        } catch let error as FileError {
            return BackupProblem(file: file.path, expected: "\(file.bytes) bytes", found: "\(error)")
        }
        return nil
    }
}
