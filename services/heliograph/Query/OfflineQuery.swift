import DataBackup
import EmbeddedStore
import Foundation
import HTTPSupport
import Logging
import Processor
import PromQLEngine
import QueryAPI
import Settings

/// Queries over a data folder that no server has. Nothing in the folder changes: what is read back from the log, and whatever
/// else opening a store writes, goes into a temporary folder with copies of the databases and links to the blocks.
final class OfflineQuery {
    private let folder: String
    private let hold: FolderHold
    private let view: TemporaryFolder
    private let platform: Platform

    /// - Parameter settings: those of a server with this folder; their own folder is not looked at.
    /// - Throws: `CommandFailure` if a server has the folder, or if it is none.
    init(_ folder: String, settings: HeliographSettings) throws {
        self.folder = folder
        hold = FolderHold(folder)
        guard !hold.isInUse else {
            throw CommandFailure(
                "a server has the data folder \(folder); ask it instead: heliograph query --url http://ADDRESS:PORT …")
        }
        guard FileManager.default.fileExists(atPath: "\(folder)/log.sqlite") else {
            throw CommandFailure("\(folder) is no data folder: it has no log.sqlite; see --data")
        }
        view = TemporaryFolder(named: "heliograph-query-\(UUID().uuidString)")
        do {
            try OfflineQuery.fill(view.url, from: folder)
            var settings = settings
            settings.data.dir = view.url.path
            var logger = Logger(label: "heliograph.query", factory: { StreamLogHandler.standardError(label: $0) })
            logger.logLevel = .critical
            platform = try Platform(settings: settings, logger: logger, flushesAtStop: false)
            platform.processor.start()
        } catch {
            view.remove()
            throw CommandFailure("cannot open the data folder \(folder): \(error)")
        }
    }

    deinit {
        try? platform.close()
        view.remove()
    }

    /// The bytes that a server would answer with.
    ///
    /// - Parameter range: nil for the value at `time`.
    func answer(
        _ query: String, at time: Int64, range: QueryRange?, explains: Bool = false
    ) async throws -> [UInt8] {
        await platform.processor.waitUntilVisible()
        let (engine, budget) = (platform.engine, platform.budget())
        return try await platform.queryWork.run {
            let result =
                if let range {
                    try engine.range(
                        query, from: range.start, through: range.end, step: range.step, budget: budget,
                        explains: explains)
                } else {
                    try engine.instant(query, at: time, budget: budget, explains: explains)
                }
            return answerBytes(result)
        }
    }

    private static func fill(_ view: URL, from folder: String) throws {
        let files = FileManager.default
        let source = URL(fileURLWithPath: folder).standardizedFileURL
        try files.createDirectory(at: view, withIntermediateDirectories: true)
        for name in try files.contentsOfDirectory(atPath: folder) where name.hasSuffix(".sqlite") {
            try DatabaseCopy.copy(
                source.appendingPathComponent(name).path, to: view.appendingPathComponent(name).path)
        }
        for name in ["blocks", "rollups"] {
            try link(source.appendingPathComponent(name), at: view.appendingPathComponent(name))
        }
    }

    /// The folders below, with links to the files in them.
    private static func link(_ source: URL, at target: URL) throws {
        let files = FileManager.default
        var isFolder: ObjCBool = false
        guard files.fileExists(atPath: source.path, isDirectory: &isFolder) else { return }
        guard isFolder.boolValue else {
            return try files.createSymbolicLink(at: target, withDestinationURL: source)
        }
        try files.createDirectory(at: target, withIntermediateDirectories: true)
        for name in try files.contentsOfDirectory(atPath: source.path) {
            try link(source.appendingPathComponent(name), at: target.appendingPathComponent(name))
        }
    }
}
