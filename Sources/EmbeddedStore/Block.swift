import Foundation
import GRDB
import Synchronization
import TelemetryModel
import TimeSeriesStore

/// A block's file, open for reading. Immutable and thread-safe.
final class Block: Sendable {
    let name: BlockName
    let path: String
    private let queue: DatabaseQueue
    private let labels = Mutex<[LabelSet]?>(nil)
    private let seriesCount: Int

    init(folder: String, name: BlockName) throws {
        self.name = name
        self.path = "\(folder)/\(name.fileName)"
        var configuration = Configuration()
        configuration.readonly = true
        configuration.prepareDatabase { db in
            // The file never changes: one shared lock for good instead of one per read, and no copy into a page cache.
            try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
            try db.execute(sql: "PRAGMA mmap_size = 1073741824")
        }
        queue = try DatabaseQueue(path: path, configuration: configuration)
        seriesCount = try queue.read { db in
            let format = try Int.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'format'")
            guard format == BlockWriter.formatVersion else {
                throw BlockDamage(
                    file: name.fileName, expected: "format \(BlockWriter.formatVersion)",
                    found: format.map { "format \($0)" } ?? "none")
            }
            return try Int.fetchOne(db, sql: "SELECT count(*) FROM series") ?? 0
        }
    }

    var range: TimeRange { TimeRange(from: name.from, through: name.to - 1) }

    /// Labels of all series, by id; read once.
    func allLabels() throws -> [LabelSet] {
        if let known = labels.withLock({ $0 }) { return known }
        let read = try queue.read { db in
            try String.fetchAll(db, sql: "SELECT labels FROM series ORDER BY id").map { text in
                guard let labels = LabelSet(json: text) else {
                    throw BlockDamage(file: name.fileName, expected: "labels as JSON", found: text)
                }
                return labels
            }
        }
        labels.withLock { $0 = read }
        return read
    }

    /// Ids of the series that satisfy all matchers, ascending.
    func ids(matching matchers: [LabelMatcher]) throws -> [Int] {
        let labels = try allLabels()
        var candidates: [Int]?
        for matcher in matchers {
            guard case .equal(let value) = matcher.condition, !value.isEmpty else { continue }
            let listed = try posting(matcher.name, value)
            candidates = candidates.map { LabelIndex.intersection($0, listed) } ?? listed
        }
        return (candidates ?? Array(0..<labels.count)).filter { id in
            matchers.allSatisfy { $0.accepts(labels[id]) }
        }
    }

    /// The samples of a series within the range, ascending.
    func samples(of id: Int, in range: TimeRange) throws -> SampleColumns {
        var columns = SampleColumns()
        try queue.read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT data FROM chunk WHERE series_id = ? AND t_max >= ? AND t_min <= ? ORDER BY t_min")
            let rows = try Row.fetchCursor(statement, arguments: [id, range.from, range.through])
            while let row = try rows.next() {
                let data: Data = row[0]
                do {
                    try columns.appendDecoded([UInt8](data), within: range)
                } catch {
                    throw BlockDamage(
                        file: name.fileName, expected: "an intact chunk of series \(id)", found: "\(error)")
                }
            }
        }
        return columns
    }

    func hasSamples(of id: Int, in range: TimeRange) throws -> Bool {
        if range.from <= name.from, range.through >= name.to - 1 { return true }
        return try queue.read { db in
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS(SELECT 1 FROM chunk WHERE series_id = ? AND t_max >= ? AND t_min <= ?)",
                arguments: [id, range.from, range.through]) ?? false
        }
    }

    /// Newest first.
    func events(in range: TimeRange, limit: Int, where accepts: (OperationalEvent) -> Bool) throws -> [OperationalEvent]
    {
        try queue.read { db in
            let rows = try Row.fetchCursor(
                db, sql: "SELECT t, labels, value, message FROM event WHERE t BETWEEN ? AND ? ORDER BY t DESC",
                arguments: [range.from, range.through])
            var events: [OperationalEvent] = []
            while events.count < limit, let row = try rows.next() {
                guard let labels = LabelSet(json: row[1]) else { continue }
                let event = OperationalEvent(
                    timestamp: row[0], labels: labels, value: row[2] ?? .nan, message: row[3])
                if accepts(event) { events.append(event) }
            }
            return events
        }
    }

    private func posting(_ name: String, _ value: String) throws -> [Int] {
        let bytes = try queue.read { db in
            try Data.fetchOne(
                db, sql: "SELECT ids FROM posting WHERE name = ? AND value = ?", arguments: [name, value])
        }
        guard let bytes else { return [] }
        guard let ids = PostingList.decode(bytes, count: seriesCount) else {
            throw BlockDamage(
                file: self.name.fileName, expected: "a list of series for \(name)=\"\(value)\"",
                found: "\(bytes.count) other bytes")
        }
        return ids
    }
}

/// A block that is not what was written.
package struct BlockDamage: Error, CustomStringConvertible {
    package let file: String
    package let expected: String
    package let found: String

    package var description: String { "block \(file) is damaged: expected \(expected), found \(found)" }
}
