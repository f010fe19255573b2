import TimeSeriesStore

extension Block {
    /// Reads the samples of series within a range.
    ///
    /// Chunks go from SQLite's page into the codec without a copy, and series that share timestamps share their array
    /// (`Array`'s copy-on-write keeps them apart if one changes). Any number of threads may read at once.
    ///
    /// - Parameters:
    ///   - ids: best ascending, so that neighbours are read in one go.
    ///   - windows: if given, hours of long chunks that no window cuts through come as summaries; where one cuts only
    ///     between the hour's first sample and the others, that sample comes as itself. Together they stand for every
    ///     sample once.
    ///   - isNewestEnough: if true, samples before the newest of a chunk may be left out.
    ///   - budget: charged for samples and summaries, in blocks of some thousand.
    ///   - body: called with the position in `ids` of each series that has something in the range, in order.
    func read(
        _ ids: [Int], in range: TimeRange, windows: WindowGrid?, isNewestEnough: Bool = false, budget: QueryBudget,
        _ body: (_ position: Int, BlockSeries) throws -> Void
    ) throws {
        var uncharged = 0
        var seriesSinceCheck = 0
        try withConnection { connection in
            var reading = BlockReading(
                block: self, connection: connection, range: range, windows: windows, isNewestEnough: isNewestEnough)
            try scanChunks(ids, connection) { id, timeline, column in
                try reading.add(id, timeline: timeline, column)
            } afterSeries: { position in
                guard let series = try reading.finishSeries() else { return }
                uncharged += series.columns.count + series.summaries.count
                if !series.details.isEmpty { uncharged += series.details.weight }
                seriesSinceCheck += 1
                if uncharged >= 32_768 || seriesSinceCheck >= 128 {
                    try budget.charge(samples: uncharged)
                    uncharged = 0
                    seriesSinceCheck = 0
                }
                try body(position, series)
            }
        }
        try budget.charge(samples: uncharged)
    }

    /// Whether each of the series has a sample in the range. Reads no values, and nothing at all if the block is within it.
    func hasSamples(of ids: [Int], in range: TimeRange) throws -> [Bool] {
        if range.from <= name.from, range.through >= name.to - 1, deletions == nil {
            return Array(repeating: true, count: ids.count)
        }
        var found = Array(repeating: false, count: ids.count)
        guard range.overlaps(self.range) else { return found }
        try withConnection { connection in
            var reading = BlockReading(block: self, connection: connection, range: range, windows: nil)
            var isPresent = false
            try scanChunks(ids, connection) { id, timeline, _ in
                if !isPresent { isPresent = try reading.sampleCount(id, timeline: timeline) > 0 }
            } afterSeries: { position in
                found[position] = isPresent
                isPresent = false
            }
        }
        return found
    }

    /// Visits all chunks of the series, in order.
    func scanChunks(
        _ ids: [Int], _ connection: BlockConnection,
        chunk: (_ id: Int64, _ timeline: Int64, BlockColumn) throws -> Void,
        afterSeries: (_ position: Int) throws -> Void
    ) throws {
        let statement = try connection.statement(.chunks)
        defer { statement.reset() }
        var position = 0
        while position < ids.count {
            let end = Block.runEnd(ids, from: position)
            statement.reset()
            statement.bind(1, Int64(ids[position]) << BlockSchema.chunkBits)
            statement.bind(2, Int64(ids[end - 1]) << BlockSchema.chunkBits | (BlockSchema.chunksPerSeries - 1))
            var hasRow = try statement.step()
            while position < end {
                let first = Int64(ids[position]) << BlockSchema.chunkBits
                while hasRow, statement.integer(0) < first { hasRow = try statement.step() }
                var id = first
                var isLast = false
                while !isLast {
                    guard hasRow, statement.integer(0) == id else {
                        throw damage("chunk \(id) of series \(ids[position])", "another or none")
                    }
                    let row = try chunkRow(statement, id)
                    try chunk(id, row.timeline, row.column)
                    isLast = row.isLast
                    id += 1
                    hasRow = try statement.step()
                }
                try afterSeries(position)
                position += 1
            }
        }
    }

    /// The row of `chunk` under the statement, checked but for the column, which has a checksum of its own.
    @inline(__always)
    func chunkRow(
        _ statement: BlockStatement, _ id: Int64
    ) throws -> (timeline: Int64, column: BlockColumn, isLast: Bool) {
        let timeline = statement.integer(1)
        let seal = UInt16(bitPattern: Int16(truncatingIfNeeded: statement.integer(2)))
        guard seal | 1 == Block.seal(ofChunk: id, timeline: timeline, isLast: false)
        else { throw damage("an intact chunk \(id)", "another row") }
        return (timeline, BlockColumn(statement: statement, index: 3), seal & 1 == 0)
    }
}
