import ChunkCodec
import Foundation
import GRDB
import TelemetryModel
import TimeSeriesStore

/// Builds a block's file. Tables are described in docs/formats/block.md.
struct BlockWriter {
    static let formatVersion = 1
    /// Samples per chunk of a block.
    static let chunkLength = 1024

    let folder: String
    let name: BlockName
    let files: any StoreFiles

    var path: String { "\(folder)/\(name.fileName)" }
    var temporaryPath: String { path + BlockName.temporarySuffix }

    /// Writes the file under its temporary name and fsyncs it. `publish` makes it a block.
    func write(series: [(labels: LabelSet, samples: SampleColumns)], events: [OperationalEvent]) throws {
        if files.exists(temporaryPath) { try files.remove(temporaryPath) }
        var configuration = Configuration()
        configuration.prepareDatabase { db in
            // Safe without a journal: until it is renamed, nobody counts on this file.
            try db.execute(sql: "PRAGMA journal_mode = OFF")
            try db.execute(sql: "PRAGMA synchronous = OFF")
            try db.execute(sql: "PRAGMA page_size = 8192")
        }
        let queue = try DatabaseQueue(path: temporaryPath, configuration: configuration)
        try queue.write { db in
            try createTables(db)
            try write(series, to: db)
            try write(events, to: db)
        }
        try queue.close()
        try files.syncFile(temporaryPath)
    }

    func publish() throws {
        try files.rename(temporaryPath, to: path)
        try files.syncFolder(folder)
    }

    private func createTables(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
                CREATE TABLE series(id INTEGER PRIMARY KEY, labels TEXT NOT NULL);
                CREATE TABLE posting(
                    name TEXT NOT NULL, value TEXT NOT NULL, ids BLOB NOT NULL, PRIMARY KEY(name, value)) WITHOUT ROWID;
                CREATE TABLE chunk(
                    series_id INTEGER NOT NULL, t_min INTEGER NOT NULL, t_max INTEGER NOT NULL, count INTEGER NOT NULL,
                    sum REAL, min REAL, max REAL, first REAL, last REAL, increase REAL,
                    encoding INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY(series_id, t_min)) WITHOUT ROWID;
                CREATE TABLE event(
                    t INTEGER NOT NULL, severity TEXT, source_id TEXT, metric_name TEXT, labels TEXT NOT NULL,
                    value REAL, message TEXT);
                """)
        for (key, value) in [
            ("format", Int64(BlockWriter.formatVersion)), ("from", name.from), ("to", name.to),
            ("through_offset", name.through),
        ] {
            try db.execute(sql: "INSERT INTO meta VALUES (?, ?)", arguments: [key, value])
        }
    }

    private func write(_ series: [(labels: LabelSet, samples: SampleColumns)], to db: Database) throws {
        let insertSeries = try db.cachedStatement(sql: "INSERT INTO series VALUES (?, ?)")
        let insertChunk = try db.cachedStatement(
            sql: "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        var postings: [Label: [Int]] = [:]
        for (id, entry) in series.enumerated() {
            try insertSeries.execute(arguments: [id, entry.labels.json])
            for label in entry.labels.labels { postings[label, default: []].append(id) }
            for piece in entry.samples.split(every: BlockWriter.chunkLength) {
                let statistics = ChunkStatistics(piece.values)
                let data = ChunkCodec.encode(timestamps: piece.timestamps, values: piece.values)
                try insertChunk.execute(arguments: [
                    id, piece.timestamps[0], piece.timestamps[piece.count - 1], piece.count, statistics.sum,
                    statistics.minimum, statistics.maximum, statistics.first, statistics.last, statistics.increase,
                    Int(data[0]), Data(data),
                ])
            }
        }
        let insertPosting = try db.cachedStatement(sql: "INSERT INTO posting VALUES (?, ?, ?)")
        for (label, ids) in postings {
            try insertPosting.execute(arguments: [label.name, label.value, Data(PostingList.encode(ids))])
        }
    }

    private func write(_ events: [OperationalEvent], to db: Database) throws {
        let statement = try db.cachedStatement(sql: "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)")
        for event in events {
            try statement.execute(arguments: [
                event.timestamp, event.severity?.rawValue, event.labels["source_id"], event.labels.metricName,
                event.labels.json, event.value, event.message,
            ])
        }
        try db.execute(sql: "CREATE INDEX event_by_time ON event(t)")
    }
}

/// What a reader can know of a chunk without decoding it. Null in SQL where a value is NaN.
struct ChunkStatistics {
    let sum: Double
    let minimum: Double
    let maximum: Double
    let first: Double
    let last: Double
    /// How much a counter rose, resets taken into account.
    let increase: Double

    /// `values` is not empty.
    init(_ values: [Double]) {
        first = values[0]
        last = values[values.count - 1]
        sum = values.reduce(0, +)
        minimum = values.reduce(.infinity) { Swift.min($0, $1) }
        maximum = values.reduce(-.infinity) { Swift.max($0, $1) }
        increase = zip(values, values.dropFirst()).reduce(0) { total, pair in
            total + (pair.1 < pair.0 ? pair.1 : pair.1 - pair.0)
        }
    }
}

/// Ascending series numbers as LEB128 differences.
enum PostingList {
    static func encode(_ ids: [Int]) -> [UInt8] {
        var out: [UInt8] = []
        var previous = 0
        for id in ids {
            var rest = UInt64(id - previous)
            previous = id
            while rest >= 0x80 {
                out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            out.append(UInt8(rest))
        }
        return out
    }

    /// Nil if the bytes are not a list of numbers below `count`.
    static func decode(_ bytes: Data, count: Int) -> [Int]? {
        var ids: [Int] = []
        var current = 0
        var difference = 0
        var shift = 0
        for byte in bytes {
            guard shift < 56 else { return nil }
            difference |= Int(byte & 0x7F) << shift
            if byte >= 0x80 {
                shift += 7
                continue
            }
            current += difference
            guard current < count else { return nil }
            ids.append(current)
            difference = 0
            shift = 0
        }
        return shift == 0 ? ids : nil
    }
}
