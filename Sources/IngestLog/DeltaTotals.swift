import Foundation
import GRDB
import NativeHistograms
package import TelemetryModel

/// Running totals of series that come as differences: table `delta_total` of `log.sqlite`, written in the transaction of the
/// batch that holds their samples. So a total says exactly what was acknowledged, whatever ends the process.
struct DeltaTotals {
    let db: Database

    static func createTable(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE delta_total(
                    ref INTEGER PRIMARY KEY,
                    start_ns INTEGER NOT NULL,
                    interval_start_ns INTEGER NOT NULL,
                    end_ns INTEGER NOT NULL,
                    value INTEGER NOT NULL,
                    histogram BLOB)
                """)
    }

    func write(_ totals: [DeltaTotal]) throws {
        guard !totals.isEmpty else { return }
        let statement = try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO delta_total VALUES (?, ?, ?, ?, ?, ?)")
        for total in totals {
            try statement.execute(arguments: [
                total.reference.rawValue, Int64(bitPattern: total.start), Int64(bitPattern: total.intervalStart),
                Int64(bitPattern: total.end), Int64(bitPattern: total.value.bitPattern),
                total.histogram.map { Data(DeltaTotals.bytes(of: $0)) },
            ])
        }
    }

    func read(_ references: [SeriesReference]) throws -> [SeriesReference: DeltaTotal] {
        let statement = try db.cachedStatement(
            sql: "SELECT start_ns, interval_start_ns, end_ns, value, histogram FROM delta_total WHERE ref = ?")
        var totals: [SeriesReference: DeltaTotal] = [:]
        for reference in references {
            guard let row = try Row.fetchOne(statement, arguments: [reference.rawValue]) else { continue }
            let blob: Data? = try row.decode(atIndex: 4)
            totals[reference] = DeltaTotal(
                reference: reference, start: UInt64(bitPattern: try row.decode(atIndex: 0)),
                intervalStart: UInt64(bitPattern: try row.decode(atIndex: 1)),
                end: UInt64(bitPattern: try row.decode(atIndex: 2)),
                value: Double(bitPattern: UInt64(bitPattern: try row.decode(atIndex: 3))),
                histogram: try blob.map { try DeltaTotals.histogram(in: Array($0)) })
        }
        return totals
    }

    /// As a batch of one record, which has a form and a checksum.
    private static func bytes(of histogram: NativeHistogram) -> [UInt8] {
        var batch = TelemetryBatch()
        batch.append(SeriesReference(0), at: 0, histogram: histogram)
        return BatchPayload.encode(batch)
    }

    private static func histogram(in bytes: [UInt8]) throws -> NativeHistogram {
        guard let histogram = try BatchPayload.decode(bytes).histograms.first?.histogram else {
            throw LogCorruption(position: 0, expected: "a histogram")
        }
        return histogram
    }
}

extension IngestLog {
    /// The totals as of the newest commit, of those of the series that have one. Blocks on SQLite, some microseconds a series.
    package func deltaTotals(of references: [SeriesReference]) throws -> [SeriesReference: DeltaTotal] {
        try reader.read { db in try DeltaTotals(db: db).read(references) }
    }
}
