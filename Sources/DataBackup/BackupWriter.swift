package import EmbeddedStore
import Foundation

/// Makes a backup of a data folder, of a running server's too, without making it wait.
///
/// The order makes the parts one whole:
///
///     log.sqlite          as of one moment: the batches that are not in blocks yet, and the ledger
///     other databases     each as of one moment
///     blocks, rollups  ┐  again, until no file came or went meanwhile: then the blocks and the deletes
///     tombstones       ┘  are those of one moment
///
/// A batch that the log had already trimmed is in a block, since blocks are published before the log is trimmed. A block may
/// hold more than the log that was copied before it: replay passes over what it has. So everything acknowledged before `run`
/// began is in the backup, once.
///
/// It is written as `NAME.partial`, fsynced and renamed: a folder called NAME is complete, whatever happened.
package struct BackupWriter {
    package struct Options: Sendable {
        package var dataFolder: String
        package var destination: String
        /// Blocks become further names of the data folder's files instead of copies of them. Saves time and space, and
        /// guards against mistakes, but not against the disk.
        package var linksBlocks = false
        /// An earlier backup on the destination's file system; blocks that it has are not written again but linked.
        package var previous: String?
        package var version: String

        package init(dataFolder: String, destination: String, version: String) {
            self.dataFolder = BackupWriter.withoutSlash(dataFolder)
            self.destination = BackupWriter.withoutSlash(destination)
            self.version = version
        }
    }

    package struct Report: Sendable {
        package let manifest: BackupManifest
        /// Bytes that were written, and those that are shared with other files.
        package let copiedBytes: Int
        package let linkedBytes: Int
        /// Files of the data folder that were left out because the server had set them aside as damaged.
        package let damaged: [String]
    }

    /// More than so many rounds means that something is wrong: a compaction takes longer than to copy its result.
    private static let maximumRounds = 100

    private let options: Options
    private let files: any StoreFiles
    private let progress: BackupProgressReceiver
    private let partial: String
    private var previous: BackupManifest?
    private var done: [String: BackupManifest.File] = [:]
    private var copiedBytes = 0
    private var linkedBytes = 0

    package init(
        _ options: Options, files: any StoreFiles = DiskFiles(), progress: @escaping BackupProgressReceiver = { _ in }
    ) {
        self.options = options
        self.files = files
        self.progress = progress
        partial = options.destination + BackupLayout.partialSuffix
    }

    /// - Throws: `BackupError`, `FileError`, `BlockFileError`. There is no backup then; `NAME.partial` may be left, and is
    ///   replaced by the next try.
    package mutating func run() throws -> Report {
        let hold = FolderHold(options.dataFolder)
        defer { withExtendedLifetime(hold) {} }
        try check()
        let started = Date()
        try preparePartial()
        let databases = try topDatabases()
        try copyDatabase(BackupLayout.log)
        for name in databases where name != BackupLayout.log && name != BackupLayout.tombstones {
            try copyDatabase(name)
        }
        try copyBlocks()
        let manifest = BackupManifest(
            heliographVersion: options.version, startedAt: started.iso8601, finishedAt: Date().iso8601,
            files: Array(done.values))
        try manifest.write(to: partial, files: files)
        try syncFolders()
        try files.rename(partial, to: options.destination)
        try files.syncFolder(BackupWriter.parent(of: options.destination))
        return Report(
            manifest: manifest, copiedBytes: copiedBytes, linkedBytes: linkedBytes, damaged: try damagedFiles())
    }

    // MARK: Before

    private mutating func check() throws {
        guard files.exists("\(options.dataFolder)/\(BackupLayout.log)") else {
            throw BackupError.noDataFolder(path: options.dataFolder)
        }
        if files.exists(options.destination), try !files.names(in: options.destination).isEmpty {
            throw BackupError.destinationInUse(path: options.destination)
        }
        if let folder = options.previous { previous = try BackupManifest(backup: folder) }
    }

    /// An empty folder, on a file system with space enough.
    private func preparePartial() throws {
        if files.exists(partial) {
            for name in try files.names(in: partial) {
                let isOurs =
                    name == BackupLayout.manifest || BackupLayout.immutableFolders.contains(name)
                    || name.contains(BackupLayout.databaseSuffix)
                guard isOurs else { throw BackupError.foreignPartial(path: partial, file: name) }
            }
            try FileManager.default.removeItem(atPath: partial)
        }
        try files.makeFolder(partial)
        let needed = try neededBytes()
        if let free = FileContent.freeBytes(at: partial), free < needed {
            try? FileManager.default.removeItem(atPath: partial)
            throw BackupError.noSpace(path: options.destination, needed: needed, available: free)
        }
    }

    private func neededBytes() throws -> Int {
        var needed = 0
        for name in try topDatabases() { needed += size("\(options.dataFolder)/\(name)") }
        guard !options.linksBlocks else { return needed }
        for path in try immutableFiles() {
            let bytes = size("\(options.dataFolder)/\(path)")
            if previous?.file(path)?.bytes != bytes { needed += bytes }
        }
        return needed
    }

    // MARK: Databases that change

    private func topDatabases() throws -> [String] {
        try files.names(in: options.dataFolder).filter { $0.hasSuffix(BackupLayout.databaseSuffix) && $0.first != "." }
    }

    private mutating func copyDatabase(_ name: String) throws {
        let path = "\(partial)/\(name)"
        if done[name] != nil {
            try files.remove(path)
            done[name] = nil
        }
        let progress = progress
        // SQLite's page size is not known here; the file's share of pages is.
        let size = size("\(options.dataFolder)/\(name)")
        try DatabaseCopy.copy("\(options.dataFolder)/\(name)", to: path) { pages, all in
            try progress(
                BackupProgress(
                    activity: "copying \(name)", bytes: Int(Double(size) * Double(pages) / Double(max(1, all))),
                    allBytes: size))
        }
        try files.syncFile(path)
        let digest = try FileContent.digest(of: path)
        copiedBytes += digest.bytes
        done[name] = BackupManifest.File(path: name, bytes: digest.bytes, sha256: digest.sha256)
    }

    // MARK: Files that do not change

    private mutating func copyBlocks() throws {
        for _ in 0..<BackupWriter.maximumRounds {
            let names = try immutableFiles()
            for path in done.keys where path.contains("/") && !names.contains(path) {
                try files.remove("\(partial)/\(path)")
                done[path] = nil
            }
            for path in names.sorted() where done[path] == nil { try takeBlock(path) }
            if files.exists("\(options.dataFolder)/\(BackupLayout.tombstones)") {
                try copyDatabase(BackupLayout.tombstones)
            }
            // Names are never used again for other content, so the same names are the same files.
            if try immutableFiles() == names { return }
        }
        throw BackupError.unstable(rounds: BackupWriter.maximumRounds)
    }

    /// Blocks and rollups, relative to the data folder; not what is being built or was set aside.
    private func immutableFiles() throws -> Set<String> {
        var found: Set<String> = []
        var folders = BackupLayout.immutableFolders
        while let folder = folders.popLast() {
            let path = "\(options.dataFolder)/\(folder)"
            guard files.exists(path) else { continue }
            for name in try files.names(in: path) where name.first != "." {
                if name.hasSuffix(BackupLayout.databaseSuffix) {
                    found.insert("\(folder)/\(name)")
                } else if BackupWriter.isFolder("\(path)/\(name)") {
                    folders.append("\(folder)/\(name)")
                }
            }
        }
        return found
    }

    /// Copies or links one file. If it is gone, the next round finds what took its place.
    private mutating func takeBlock(_ path: String) throws {
        let source = "\(options.dataFolder)/\(path)"
        let target = "\(partial)/\(path)"
        try files.makeFolder(BackupWriter.parent(of: target))
        let all = size(source)
        let report = progress
        let progress: (String) -> (Int) throws -> Void = { verb in
            { try report(BackupProgress(activity: "\(verb) \(path)", bytes: $0, allBytes: all)) }
        }
        do {
            if options.linksBlocks {
                try linkBlock(source, to: target)
                let digest = try FileContent.digest(of: target, progress: progress("linking"))
                linkedBytes += digest.bytes
                done[path] = BackupManifest.File(path: path, bytes: digest.bytes, sha256: digest.sha256)
                return
            }
            if let folder = options.previous, let known = previous?.file(path), known.bytes == all,
                try FileContent.digest(of: source, progress: progress("comparing")).sha256 == known.sha256,
                (try? files.size(of: "\(folder)/\(path)")) == known.bytes
            {
                try linkBlock("\(folder)/\(path)", to: target)
                linkedBytes += known.bytes
                done[path] = known
                return
            }
            let digest = try FileContent.copy(source, to: target, progress: progress("copying"))
            copiedBytes += digest.bytes
            done[path] = BackupManifest.File(path: path, bytes: digest.bytes, sha256: digest.sha256)
        } catch let error as FileError where error.code == ENOENT && !files.exists(source) {
            return
        }
    }

    private func linkBlock(_ source: String, to target: String) throws {
        do {
            try FileContent.link(source, to: target)
        } catch let error as FileError where error.code != ENOENT {
            throw BackupError.cannotLink(path: source, reason: String(cString: strerror(error.code)))
        }
    }

    // MARK: After

    private func syncFolders() throws {
        let folders = Set(done.keys.filter { $0.contains("/") }.flatMap { BackupWriter.folders(of: $0) })
        for folder in folders.sorted(by: >) { try files.syncFolder("\(partial)/\(folder)") }
        try files.syncFolder(partial)
    }

    private func damagedFiles() throws -> [String] {
        try BackupLayout.immutableFolders.flatMap { folder -> [String] in
            let path = "\(options.dataFolder)/\(folder)"
            guard files.exists(path) else { return [] }
            return try files.names(in: path).filter { $0.hasSuffix(StoreVerification.damagedSuffix) }
                .map { "\(folder)/\($0)" }
        }
    }

    private func size(_ path: String) -> Int { (try? files.size(of: path)) ?? 0 }
}

extension BackupWriter {
    static func withoutSlash(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    static func parent(of path: String) -> String {
        let parent = (path as NSString).deletingLastPathComponent
        return parent.isEmpty ? "." : parent
    }

    /// `a/b/c.sqlite` lies in `a` and `a/b`.
    static func folders(of path: String) -> [String] {
        let parts = path.split(separator: "/").dropLast()
        return parts.indices.map { parts[...$0].joined(separator: "/") }
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}

extension Date {
    /// `2026-01-31T12:00:00.000Z`
    var iso8601: String { formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }
}
