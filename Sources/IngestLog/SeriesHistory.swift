import GRDB
import TelemetryModel

/// How many series there were at which time, for the last days: table `series_history` of `log.sqlite`.
///
/// References are dense and in order of creation, so one number says which series are older than a moment. The first
/// transaction of a minute that writes new series notes, for the minute's beginning, how many there were before it: it lasts
/// as the series themselves do, and costs one row a minute at the most.
struct SeriesHistory {
    /// Milliseconds between two notes; times are rounded down to it.
    static let resolution: Int64 = 60_000
    /// Milliseconds that are looked back at the most.
    static let span: Int64 = 48 * 3_600_000

    let db: Database

    static func createTable(_ db: Database) throws {
        try db.execute(sql: "CREATE TABLE series_history(at_ms INTEGER PRIMARY KEY, series INTEGER NOT NULL)")
    }

    /// Notes that there were `series` of them before what a transaction adds at `now`.
    func note(series: Int, at now: Int64) throws {
        let insert = try db.cachedStatement(sql: "INSERT OR IGNORE INTO series_history VALUES (?, ?)")
        try insert.execute(arguments: [SeriesHistory.minute(of: now), series])
        guard db.changesCount > 0 else { return }
        try db.execute(sql: "DELETE FROM series_history WHERE at_ms < ?", arguments: [now - SeriesHistory.span])
    }

    /// How many series there were at the beginning of `time`'s minute; nil if none has begun since. The least of what was
    /// noted since then, so that a clock that was set back makes it too few rather than too many.
    func series(at time: Int64) throws -> Int? {
        try Int.fetchOne(
            db, sql: "SELECT min(series) FROM series_history WHERE at_ms >= ?",
            arguments: [SeriesHistory.minute(of: time)])
    }

    static func minute(of time: Int64) -> Int64 {
        let remainder = time % resolution
        return time - (remainder < 0 ? remainder + resolution : remainder)
    }
}

extension IngestLog {
    /// Milliseconds that `seriesBegun(since:)` looks back at the most.
    package static var seriesHistorySpan: Int64 { SeriesHistory.span }

    /// The reference of the first series that began after `time`, milliseconds since 1970-01-01T00:00:00Z, rounded down to the
    /// minute; all later references began after it, and none before. Equal to the number of series if none did. Survives a
    /// restart. Blocks on SQLite; O(log n) and at most one row a minute.
    ///
    /// - Returns: also the time that holds: the minute's beginning.
    package func seriesBegun(since time: Int64) throws -> (first: Int, since: Int64) {
        // Counted first: what begins in between is new either way.
        let all = registry.count
        let noted = try reader.read { db in try SeriesHistory(db: db).series(at: time) }
        return (min(noted ?? all, all), SeriesHistory.minute(of: time))
    }
}
