import EmbeddedStore
import Foundation
import IngestLog
import NativeHistograms
import TelemetryModel
import TestSupport

@testable import DataBackup

/// A data folder with a real log and real blocks, and room for backups beside it.
final class DataFixture {
    let folder: TemporaryFolder
    let log: IngestLog
    let store: EmbeddedStore
    private let registry = SeriesRegistry()
    private static let hour: Int64 = 3_600_000

    var data: String { "\(folder.path)/data" }
    var backup: String { "\(folder.path)/backup" }

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: "\(folder.path)/data", withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: "\(folder.path)/data/LOCK"))
        log = try IngestLog(folder: "\(folder.path)/data", registry: registry)
        store = try EmbeddedStore(dataFolder: "\(folder.path)/data")
        let alerts = try AlertStateDatabase(folder: "\(folder.path)/data")
        try alerts.save(["group/a;b": Array(#"{"version":1}"#.utf8)])
        try alerts.close()
    }

    /// Puts records through the log, durably; returns the offset.
    ///
    /// - Parameter histograms: what the first records are, instead of numbers; they then have start timestamps, too.
    @discardableResult
    func append(
        source: String = "a", from time: Int64 = 0, count: Int = 100, step: Int64 = 1000,
        histograms: [NativeHistogram] = []
    ) async throws -> Int64 {
        let labels = LabelSet(["__name__": "m", "source_id": source])
        var batch = TelemetryBatch()
        guard let reference = registry.reference(for: labels) else { return 0 }
        for index in 0..<count {
            let timestamp = time + Int64(index) * step
            if index < histograms.count {
                batch.starts.append(RecordStart(sampleIndex: index, startTimestamp: timestamp - 1))
                batch.append(reference, at: timestamp, histogram: histograms[index])
            } else {
                batch.append(reference, at: timestamp, value: Double(index) + 0.25)
            }
        }
        let offset = try await log.append(
            LogSubmission(batch: batch, rejected: [], ingestProtocol: .contract, receivedAt: 1000))
        let id = store.id(for: labels)
        _ = store.append(
            batch.references.map { _ in id }, timestamps: batch.timestamps, values: batch.values,
            histograms: batch.histograms, starts: batch.starts, events: [], offset: offset, arrivedAt: 0,
            isReplay: false)
        return offset
    }

    /// Moves all that the head has into blocks, and writes the ledger down. Records count as stored.
    func flush() throws {
        _ = store.detachAll(through: log.durableOffset)
        let records = try log.recordCount(after: 0)
        let counts = LedgerCounts(accepted: records, stored: records)
        _ = try store.writeDetached(now: 0) {
            try log.write(
                LedgerCheckpoint(
                    offset: log.durableOffset,
                    entries: [LedgerEntry(ingestProtocol: .contract, sourceID: "a", counts: counts)]))
        }
    }

    func makeBackup(
        to destination: String? = nil, progress: @escaping BackupProgressReceiver = { _ in },
        options change: (inout BackupWriter.Options) -> Void = { _ in }
    ) throws -> BackupWriter.Report {
        var options = BackupWriter.Options(dataFolder: data, destination: destination ?? backup, version: "test")
        change(&options)
        var writer = BackupWriter(options, progress: progress)
        return try writer.run()
    }

    func verify(_ folder: String, _ subject: FolderVerification.Subject) throws -> VerificationReport {
        var verification = FolderVerification(folder, subject)
        return try verification.run()
    }

    func names(_ folder: String) throws -> [String] { try DiskFiles().names(in: folder) }

    /// Names of the data folder's blocks.
    func blocks() throws -> [String] {
        try names("\(data)/blocks").filter { $0.hasSuffix(".sqlite") }
    }
}

/// Flips one bit of a file; returns nothing but the change.
func flipBit(of path: String, at position: Int, bit: Int = 3) throws {
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    try handle.seek(toOffset: UInt64(position))
    let byte = try handle.read(upToCount: 1) ?? Data([0])
    try handle.seek(toOffset: UInt64(position))
    try handle.write(contentsOf: Data([byte[0] ^ (1 << UInt8(bit))]))
}

/// The positions at which some bytes stand in a file.
func positions(of bytes: [UInt8], in path: String) throws -> [Int] {
    let content = try Data(contentsOf: URL(fileURLWithPath: path))
    var found: [Int] = []
    var rest = content.startIndex
    while let range = content[rest...].firstRange(of: Data(bytes)) {
        found.append(range.lowerBound)
        rest = range.upperBound
    }
    return found
}
