import TelemetryModel
import TimeSeriesStore

extension Block {
    /// Reads everything there is in the file and checks it against itself. Slow.
    ///
    /// - Throws: `BlockDamage` that names the first thing that is not as it was written.
    func verify() throws {
        try withConnection { connection in
            let check = try connection.database.prepare("PRAGMA integrity_check(1)")
            guard try check.step() else { throw damage("an answer from SQLite's check", "none") }
            let answer = check.text(0)
            if answer != "ok" { throw damage("pages that pass SQLite's check", answer) }
            let details = detailCount > 0 ? [("detail", detailCount)] : []
            for (table, count) in [
                ("chunk", chunkCount), ("series", seriesCount), ("label", labelCount), ("timeline", timelineCount),
                ("event", eventCount),
            ] + details {
                let statement = try connection.database.prepare("SELECT count(*) FROM \(table)")
                guard try statement.step(), statement.integer(0) == Int64(count) else {
                    throw damage("\(count) rows in \(table)", "\(statement.integer(0))")
                }
            }
        }
        if tier == 0 { try verifySamples() } else { try verifyRollups() }
        try verifyLabels()
    }

    private func verifyRollups() throws {
        var buckets = 0
        let ids = try ids(matching: [])
        _ = try labels(of: ids)
        try readRollups(ids, in: .all, budget: .unlimited, withDeleted: true) { _, rollup in
            buckets += rollup.ends.count
            if rollup.ends.indices.dropFirst().contains(where: { rollup.ends[$0] <= rollup.ends[$0 - 1] }) {
                throw damage("ascending buckets", "others")
            }
        }
        guard buckets == sampleCount else { throw damage("\(sampleCount) buckets", "\(buckets)") }
    }

    private func verifySamples() throws {
        var cursor = try cursor(withDeleted: true)
        var samples = 0
        var histograms = 0
        var last: LabelSet?
        while let (labels, columns, details) = try cursor.next() {
            if let last, !(last < labels) { throw damage("series in order", "\(labels) after \(last)") }
            last = labels
            samples += columns.count
            histograms += details.histograms.count
            let times = columns.timestamps
            if times.indices.dropFirst().contains(where: { times[$0] <= times[$0 - 1] }) {
                throw damage("ascending timestamps of \(labels)", "others")
            }
        }
        guard samples == sampleCount else { throw damage("\(sampleCount) samples", "\(samples)") }
        guard histograms == histogramCount else { throw damage("\(histogramCount) histograms", "\(histograms)") }
        while try cursor.event() != nil {}
        try verifyStatistics()
    }

    private func verifyLabels() throws {
        for name in names {
            let values = try labelValues(of: name.name)
            if values.indices.dropFirst().contains(where: { values[$0 - 1].byteOrder(values[$0]) >= 0 }) {
                throw damage("values of \(name.name) in order", "others")
            }
            // All lists of the name are read by a pattern that nothing but a look at each value decides.
            var all = SeriesBitmap(limit: seriesCount)
            for value in values {
                for id in try ids(matching: [LabelMatcher(name.name, .equal(value))]) { all.insert(id) }
            }
            guard try ids(matching: [LabelMatcher(name.name, .notEqual(""))]) == all.ids else {
                throw damage("the series with \(name.name)", "other ones than its values have")
            }
        }
    }

    /// Statistics must be those of the samples.
    private func verifyStatistics() throws {
        try withConnection { connection in
            let rows = try connection.database.prepare(
                """
                SELECT statistics.id, statistics.data, chunk.timeline, chunk.data FROM statistics
                LEFT JOIN chunk ON chunk.id = statistics.id ORDER BY statistics.id
                """)
            while try rows.step() {
                let id = rows.integer(0)
                var reading = BlockReading(
                    block: self, connection: connection, range: .all, windows: nil, withDeleted: true)
                guard !rows.isNull(2) else { throw damage("chunk \(id), of which there are statistics", "none") }
                try reading.add(id, timeline: rows.integer(2), BlockColumn(statement: rows, index: 3))
                guard let columns = try reading.finishSeries()?.columns else { throw damage("chunk \(id)", "none") }
                let pieces = BlockChunking.pieces(of: columns.timestamps[...])
                let stored = try BlockStatistics(rows.bytes(1), chunk: id, pieceCount: pieces.count)
                let computed = BlockStatistics(of: columns.values[...], pieces: pieces)
                guard stored.hasSameBits(as: computed) else {
                    throw damage("statistics of chunk \(id) as its samples give them", "others")
                }
            }
        }
    }
}

extension QueryBudget {
    /// For work that no query asked for.
    fileprivate static var unlimited: QueryBudget {
        QueryBudget(samples: .max, series: .max, timeout: .seconds(365 * 86_400))
    }
}

extension BlockStatistics {
    fileprivate func hasSameBits(as other: BlockStatistics) -> Bool {
        func bits(_ statistics: BlockStatistics) -> [[UInt64]] {
            [
                statistics.first, statistics.minimum, statistics.maximum, statistics.last, statistics.sum,
                statistics.lost,
            ].map { $0.map(\.bitPattern) }
        }
        return bits(self) == bits(other)
    }
}
