import EmbeddedStore
import Foundation
import IngestLog
import TimeSeriesStore

/// Reads everything in a data folder, or in a backup, and says what is not as it was written. Changes nothing; a server may
/// have the folder.
package struct FolderVerification {
    package enum Subject: Sendable {
        case data
        /// Every file is also compared with the manifest.
        case backup
    }

    private let folder: String
    private let subject: Subject
    private let files = DiskFiles()
    private let progress: BackupProgressReceiver
    private var report = VerificationReport()

    package init(_ folder: String, _ subject: Subject, progress: @escaping BackupProgressReceiver = { _ in }) {
        self.folder = BackupWriter.withoutSlash(folder)
        self.subject = subject
        self.progress = progress
    }

    /// - Throws: `BackupError` if there is no such folder, or no backup in it; what is wrong inside is in the report.
    package mutating func run() throws -> VerificationReport {
        report = VerificationReport()
        var manifest: BackupManifest?
        switch subject {
        case .data:
            guard files.exists("\(folder)/\(BackupLayout.log)") else { throw BackupError.noDataFolder(path: folder) }
            if BackupRestore.isUnfinished(folder) {
                report.problems.append("a restore into this folder was broken off: empty it and restore again")
            }
        case .backup: manifest = try BackupManifest(backup: folder)
        }
        let hold = FolderHold(folder)
        defer { withExtendedLifetime(hold) {} }
        try verifyDatabases(manifest, isInUse: hold.isInUse)
        try verifyBlocks(manifest)
        if let manifest {
            try compare(with: manifest)
        } else {
            try nameLeftovers(isInUse: hold.isInUse)
        }
        report.files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        return report
    }

    // MARK: Databases

    private mutating func verifyDatabases(_ manifest: BackupManifest?, isInUse: Bool) throws {
        var names = try files.names(in: folder).filter { $0.hasSuffix(BackupLayout.databaseSuffix) && $0.first != "." }
        if let manifest { names = names.filter { manifest.file($0) != nil } }
        for name in names {
            try progress(BackupProgress(activity: "reading \(name)", bytes: 0, allBytes: 0))
            let path = "\(folder)/\(name)"
            var file = VerificationReport.File(
                path: name, kind: .database, bytes: size(path) + size(path + "-wal"), content: "", problems: [])
            switch name {
            case BackupLayout.log: try verifyLog(&file, isInUse: isInUse)
            case BackupLayout.alerts:
                file.kind = .alerts
                verifyDatabase(path, &file)
                guard file.problems.isEmpty else { break }
                do {
                    let found = try StoreVerification.verifyAlertStates(folder: folder)
                    file.content = "\(found.records) records"
                    file.problems = found.problems
                } catch {
                    file.problems.append("\(error)")
                }
            default:
                file.kind =
                    switch name {
                    case BackupLayout.exemplars: .exemplars
                    case BackupLayout.tombstones: .tombstones
                    default: .database
                    }
                verifyDatabase(path, &file)
            }
            report.files.append(file)
        }
    }

    private mutating func verifyLog(_ file: inout VerificationReport.File, isInUse: Bool) throws {
        file.kind = .log
        let finding = try LogVerification.verify(folder: folder, isInUse: isInUse) { [progress] batches in
            try progress(BackupProgress(activity: "reading log.sqlite, \(batches) batches", bytes: 0, allBytes: 0))
        }
        file.content =
            "\(finding.batches) batches, \(finding.records) records, \(finding.series) series, "
            + "\(finding.deadLetters) dead letters, through batch \(finding.end)"
        file.problems = finding.problems
    }

    private func verifyDatabase(_ path: String, _ file: inout VerificationReport.File) {
        file.problems = DatabaseCheck.problems(of: path)
        guard file.problems.isEmpty else { return }
        do {
            file.content = try DatabaseCheck.rowCounts(of: path).map { "\($0.table) \($0.rows)" }.joined(
                separator: ", ")
        } catch {
            file.problems.append("\(error)")
        }
    }

    private func size(_ path: String) -> Int { (try? files.size(of: path)) ?? 0 }

    // MARK: Blocks

    private mutating func verifyBlocks(_ manifest: BackupManifest?) throws {
        var seen: Set<String> = []
        var superseded: Set<String> = []
        // A running store may replace blocks meanwhile: then those that took their place are read in the next round.
        while true {
            let paths = try blockPaths().filter { !seen.contains($0) && (manifest == nil || manifest?.file($0) != nil) }
            if paths.isEmpty { break }
            for path in paths {
                seen.insert(path)
                let folderOfBlock = "\(folder)/\(BackupWriter.parent(of: path))"
                let name = (path as NSString).lastPathComponent
                let bytes = size("\(folder)/\(path)")
                try progress(BackupProgress(activity: "reading \(path)", bytes: 0, allBytes: bytes))
                guard let finding = StoreVerification.verifyBlock(folder: folderOfBlock, file: name) else { continue }
                let isBlock = path.hasPrefix("\(StoreVerification.blockFolder)/")
                if isBlock { superseded.formUnion(finding.replaces) }
                report.files.append(
                    VerificationReport.File(
                        path: path, kind: isBlock ? .block : .rollup, bytes: bytes, content: finding.words,
                        problems: finding.problem.map { [$0] } ?? []))
            }
        }
        let prefix = "\(StoreVerification.blockFolder)/"
        for file in report.files
        where file.kind == .block && superseded.contains(String(file.path.dropFirst(prefix.count))) {
            report.notes.append("\(file.path): another block has taken its place; the next start removes it")
        }
    }

    private func blockPaths() throws -> [String] { try paths().filter { $0.hasSuffix(BackupLayout.databaseSuffix) } }

    /// All files below the folders of blocks and rollups, relative to the folder, in order.
    private func paths() throws -> [String] {
        var found: [String] = []
        var folders = BackupLayout.immutableFolders
        while let next = folders.popLast() {
            let path = "\(folder)/\(next)"
            guard files.exists(path) else { continue }
            for name in try files.names(in: path) {
                if BackupWriter.isFolder("\(path)/\(name)") {
                    folders.append("\(next)/\(name)")
                } else {
                    found.append("\(next)/\(name)")
                }
            }
        }
        return found.sorted()
    }

    // MARK: What else there is

    private mutating func compare(with manifest: BackupManifest) throws {
        let all = manifest.byteCount
        let problems = try manifest.check(folder: folder) { [progress] bytes in
            try progress(BackupProgress(activity: "comparing with the manifest", bytes: bytes, allBytes: all))
        }
        for problem in problems {
            let sentence = "not as in the manifest: expected \(problem.expected), found \(problem.found)"
            if let index = report.files.firstIndex(where: { $0.path == problem.file }) {
                report.files[index].problems.append(sentence)
            } else {
                report.problems.append("\(problem.file): \(sentence)")
            }
        }
        let known = Set(manifest.files.map(\.path) + [BackupLayout.manifest])
        let names = try files.names(in: folder).filter { !BackupLayout.immutableFolders.contains($0) } + paths()
        for name in names where !known.contains(name) {
            report.notes.append("\(name): not in the manifest; restore leaves it out")
        }
        report.notes.append(
            "made by version \(manifest.heliographVersion), \(manifest.startedAt) to \(manifest.finishedAt)")
    }

    private mutating func nameLeftovers(isInUse: Bool) throws {
        for path in try files.names(in: folder) + paths() {
            if path.contains(StoreVerification.damagedSuffix) {
                report.problems.append(
                    "\(path): was found damaged and set aside; what of it could not be read is not served. See the runbook, "
                        + "\"Damaged files\"; remove it when it is of no more use")
            } else if path.hasSuffix(StoreVerification.temporarySuffix) {
                report.notes.append(
                    isInUse
                        ? "\(path): is being written"
                        : "\(path): was being written when the server ended; the next start removes it")
            }
        }
        if isInUse { report.notes.append("a server has this folder: each file was read as of one moment") }
    }
}

extension BlockFinding {
    fileprivate var words: String {
        var words = span.map { "\($0), " } ?? ""
        if isOldFormat { return words + "of an older format: the next start rewrites it" }
        words += "\(series) series, \(samples) samples"
        if events > 0 { words += ", \(events) events" }
        return words
    }
    /// The time it covers, as far as a calendar has it.
    private var span: String? {
        guard let range, range.from.magnitude < 1 << 53, range.through.magnitude < 1 << 53 else { return nil }
        let text = { (time: Int64) in
            Date(timeIntervalSince1970: Double(time) / 1000).formatted(
                .iso8601.year().month().day().time(includingFractionalSeconds: false))
        }
        return "\(text(range.from)) to \(text(range.through + 1))"
    }
}
