import GRDB
import TelemetryModel
import TimeSeriesStore

/// The tables of `exemplars.sqlite` within one transaction.
struct ExemplarTables {
    let db: Database

    // MARK: Positions

    func position(_ name: String) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT value FROM position WHERE name = ?", arguments: [name]) ?? 0
    }

    func setPosition(_ name: String, _ value: Int64) throws {
        try db.execute(sql: "INSERT OR REPLACE INTO position VALUES (?, ?)", arguments: [name, value])
    }

    // MARK: Adding

    /// The number of the series with these labels, made if there is none.
    func series(_ labels: LabelSet) throws -> Int64 {
        let text = labels.json
        let find = try db.cachedStatement(sql: "SELECT id FROM series WHERE labels = ?")
        if let known = try Int64.fetchOne(find, arguments: [text]) { return known }
        try db.cachedStatement(sql: "INSERT INTO series(name, labels, exemplars) VALUES (?, ?, 0)").execute(
            arguments: [labels.metricName ?? "", text])
        return db.lastInsertedRowID
    }

    func count(ofSeries series: Int64) throws -> Int {
        try Int.fetchOne(
            try db.cachedStatement(sql: "SELECT exemplars FROM series WHERE id = ?"), arguments: [series]) ?? 0
    }

    func total() throws -> Int { try Int.fetchOne(db, sql: "SELECT coalesce(sum(exemplars), 0) FROM series") ?? 0 }

    /// - Returns: how many were not here.
    func insert(_ exemplars: [Exemplar], of series: Int64) throws -> Int {
        let find = try db.cachedStatement(sql: "SELECT value, labels FROM exemplar WHERE series_id = ? AND time_ms = ?")
        let insert = try db.cachedStatement(
            sql: "INSERT INTO exemplar(series_id, time_ms, value, labels) VALUES (?, ?, ?, ?)")
        var added = 0
        for exemplar in exemplars {
            let text = exemplar.labels.json
            // SQLite keeps a NaN as NULL.
            let isKnown = try Row.fetchAll(find, arguments: [series, exemplar.timestamp]).contains { row in
                let value = Double.fromDatabaseValue(row[0]) ?? .nan
                return (value == exemplar.value || (value.isNaN && exemplar.value.isNaN))
                    && String.fromDatabaseValue(row[1]) == text
            }
            guard !isKnown else { continue }
            try insert.execute(arguments: [series, exemplar.timestamp, exemplar.value, text])
            added += 1
        }
        return added
    }

    // MARK: Removing

    /// The oldest of a series go.
    func evict(_ count: Int, ofSeries series: Int64) throws -> Int {
        try remove(
            "SELECT id FROM exemplar WHERE series_id = ? ORDER BY time_ms LIMIT ?", [series, count])
    }

    /// The oldest of all go.
    func evict(_ count: Int) throws -> Int {
        try remove("SELECT id FROM exemplar ORDER BY time_ms LIMIT ?", [count])
    }

    func removeOldest(before time: Int64, limit: Int) throws -> Int {
        try remove("SELECT id FROM exemplar WHERE time_ms < ? ORDER BY time_ms LIMIT ?", [time, limit])
    }

    func removeEmptySeries() throws { try db.execute(sql: "DELETE FROM series WHERE exemplars = 0") }

    func delete(_ tombstone: Tombstone) throws -> Int {
        var covered: [Int64] = []
        try forEachSeries(matching: tombstone.matchers, budget: QueryBudget(timeout: .seconds(3600))) { series, _ in
            covered.append(series)
        }
        var removed = 0
        for series in covered {
            removed += try remove(
                "SELECT id FROM exemplar WHERE series_id = ? AND time_ms BETWEEN ? AND ?",
                [series, tombstone.range.from, tombstone.range.through])
        }
        return removed
    }

    private func remove(_ selection: String, _ arguments: StatementArguments) throws -> Int {
        try db.cachedStatement(sql: "DELETE FROM exemplar WHERE id IN (\(selection))").execute(arguments: arguments)
        // Rows that triggers change do not count (https://sqlite.org/c3ref/changes.html).
        return db.changesCount
    }

    // MARK: Reading

    /// Calls `body` for every series that satisfies all matchers. Where the metric's name is not asked for as it is, all series
    /// are looked at.
    func forEachSeries(
        matching matchers: [LabelMatcher], budget: QueryBudget, _ body: (Int64, LabelSet) throws -> Void
    ) throws {
        var name: String?
        for matcher in matchers where matcher.name == LabelSet.metricNameLabel {
            if case .equal(let value) = matcher.condition { name = value }
        }
        let rows =
            if let name {
                try Row.fetchCursor(db, sql: "SELECT id, labels FROM series WHERE name = ?", arguments: [name])
            } else {
                try Row.fetchCursor(db, sql: "SELECT id, labels FROM series")
            }
        var meter = BudgetMeter(budget)
        while let row = try rows.next() {
            try meter.add(16 * BudgetMeter.element)
            // A row that another hand wrote is none of ours.
            guard let text = String.fromDatabaseValue(row[1]), let labels = LabelSet(json: text),
                matchers.allSatisfy({ $0.accepts(labels) })
            else { continue }
            try body(try row.decode(atIndex: 0), labels)
        }
    }

    /// Ascending by time.
    func exemplars(of series: Int64, in range: TimeRange, budget: QueryBudget) throws -> [Exemplar] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT time_ms, value, labels FROM exemplar WHERE series_id = ? AND time_ms BETWEEN ? AND ?
                ORDER BY time_ms, id
                """)
        let rows = try Row.fetchCursor(statement, arguments: [series, range.from, range.through])
        var exemplars: [Exemplar] = []
        while let row = try rows.next() {
            guard let text = String.fromDatabaseValue(row[2]), let labels = LabelSet(json: text) else { continue }
            try budget.charge(samples: 1)
            try budget.charge(bytes: 2 * text.utf8.count)
            exemplars.append(
                Exemplar(
                    labels: labels, value: Double.fromDatabaseValue(row[1]) ?? .nan,
                    timestamp: try row.decode(atIndex: 0)))
        }
        return exemplars
    }

    // MARK: Layout

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: exemplars") { db in
            try db.execute(
                sql: """
                    CREATE TABLE series(
                        id INTEGER PRIMARY KEY, name TEXT NOT NULL, labels TEXT NOT NULL UNIQUE,
                        exemplars INTEGER NOT NULL);
                    CREATE INDEX series_name ON series(name);
                    CREATE TABLE exemplar(
                        id INTEGER PRIMARY KEY, series_id INTEGER NOT NULL, time_ms INTEGER NOT NULL, value REAL,
                        labels TEXT NOT NULL);
                    CREATE INDEX exemplar_series ON exemplar(series_id, time_ms);
                    CREATE INDEX exemplar_time ON exemplar(time_ms);
                    CREATE TABLE position(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
                    CREATE TRIGGER exemplar_added AFTER INSERT ON exemplar BEGIN
                        UPDATE series SET exemplars = exemplars + 1 WHERE id = NEW.series_id;
                    END;
                    CREATE TRIGGER exemplar_removed AFTER DELETE ON exemplar BEGIN
                        UPDATE series SET exemplars = exemplars - 1 WHERE id = OLD.series_id;
                    END;
                    """)
        }
        return migrator
    }
}
