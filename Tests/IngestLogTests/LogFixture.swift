import Foundation
import GRDB
import TelemetryModel
import TestSupport
import Testing

@testable import IngestLog

/// A data folder with a log that tests open, fill, close, and damage behind its back.
final class LogFixture {
    let folder: TemporaryFolder
    let registry = SeriesRegistry()
    private(set) var log: IngestLog

    init(limits: LogLimits = LogLimits()) throws {
        folder = try TemporaryFolder()
        log = try IngestLog(folder: folder.path, registry: registry, limits: limits)
    }

    var file: String { "\(folder.path)/\(LogDatabase.fileName)" }
    var fileSize: Int {
        ((try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int) ?? 0
    }
    var files: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted() }

    func reopen() throws -> IngestLog {
        try log.close()
        log = try IngestLog(folder: folder.path, registry: SeriesRegistry())
        return log
    }

    /// Appends a batch of random values; returns its offset.
    @discardableResult
    func append(
        _ count: Int, _ generator: inout SeededGenerator, as ingestProtocol: IngestProtocol = .contract
    ) async throws -> Int64 {
        var batch = TelemetryBatch()
        let reference = try #require(registry.reference(for: LabelSet(["__name__": "m", "source_id": "s"])))
        for index in 0..<count {
            batch.append(reference, at: Int64(index), value: Double(bitPattern: generator.next()))
        }
        return try await log.append(
            LogSubmission(batch: batch, rejected: [], ingestProtocol: ingestProtocol, receivedAt: 7))
    }

    /// Runs SQL on the file, beside the log.
    func execute(_ sql: String) throws {
        let queue = try DatabaseQueue(path: file)
        try queue.write { db in try db.execute(sql: sql) }
        try queue.close()
    }

    func fetch(_ sql: String) throws -> [Row] {
        let queue = try DatabaseQueue(path: file)
        defer { try? queue.close() }
        return try queue.read { db in try Row.fetchAll(db, sql: sql) }
    }
}

extension IngestLog {
    /// All that replay has after an offset.
    func entries(after offset: Int64 = 0) throws -> [LogEntry] {
        let replay = try replay(after: offset)
        defer { replay.cancel() }
        var all: [LogEntry] = []
        while let entries = try replay.next() { all += entries }
        return all
    }
}

extension [LogEntry] {
    var batches: [CommittedBatch] {
        compactMap { entry in
            if case .batch(let batch) = entry { batch } else { nil }
        }
    }

    var damages: [DamagedBatches] {
        compactMap { entry in
            if case .damaged(let damage) = entry { damage } else { nil }
        }
    }
}
