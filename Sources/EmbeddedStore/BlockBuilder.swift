import ChunkCodec
import TelemetryModel
import TimeSeriesStore

/// Builds a block's file of series and events that come in order. The tables are described in `docs/formats/block.md`.
///
/// Memory: the labels (see `BlockLabelTable`), one series' samples, the first rows (see `BlockRows`) and a page cache of
/// 8 MiB.
/// Durability: until `publish`, nothing exists that a reader or a start after a crash would count; after it, the block survives
/// a power loss. One thread at a time.
struct BlockBuilder {
    let name: BlockName
    private let files: any StoreFiles
    private let folder: String
    private let windowsThrough: [Int64: Int64]
    private let replaces: [String]
    private let deletedThrough: Int64
    private let tier: Int64
    private let effort: ChunkCodec.Effort

    /// Nil once the file is complete.
    private var rows: BlockRows?
    private var labels = BlockLabelTable()
    private var timelines = BlockTimelineTable()
    private var lastLabels: LabelSet?
    private var lastEventTime = Int64.min
    private(set) var sampleCount = 0
    private(set) var eventCount = 0
    private var chunkCount = 0
    private var detailCount = 0
    private var histogramCount = 0

    var path: String { "\(folder)/\(name.fileName)" }
    private var temporaryPath: String { path + BlockName.temporarySuffix }
    var seriesCount: Int { labels.seriesCount }

    /// Begins a file under the block's temporary name; one that is left from an earlier attempt is overwritten.
    ///
    /// - Parameters:
    ///   - windowsThrough: first millisecond of each two-hour window of the block's range → the log offset through which the
    ///     block has it; none above `name.through`. Windows that the block has nothing to say about are left out.
    ///   - replaces: the file names of the blocks that this one supersedes.
    ///   - deletedThrough: the number of the newest tombstone of whose samples none is added.
    ///   - tier: the length of the buckets of a rollup in milliseconds; 0 for samples.
    init(
        files: any StoreFiles, folder: String, name: BlockName, windowsThrough: [Int64: Int64],
        replaces: [String] = [], deletedThrough: Int64 = 0,
        tier: Int64 = 0, effort: ChunkCodec.Effort
    ) throws {
        self.files = files
        self.folder = folder
        self.name = name
        self.windowsThrough = windowsThrough
        self.replaces = replaces
        self.deletedThrough = deletedThrough
        self.tier = tier
        self.effort = effort
        guard name.from < name.to, BlockTime.dayStart(of: name.from) == BlockTime.dayStart(of: name.to - 1),
            name.from % BlockTime.window == 0, name.to % BlockTime.window == 0,
            windowsThrough.allSatisfy({ window, through in
                window % BlockTime.window == 0 && name.range.contains(window) && through <= name.through
            })
        else {
            throw BlockBuildError(
                file: name.fileName, expected: "two-hour windows within one day, none through a later offset",
                found: "\(windowsThrough.sorted { $0.key < $1.key }.map { "\($0.key) through \($0.value)" })")
        }
        let temporary = "\(folder)/\(name.fileName)\(BlockName.temporarySuffix)"
        if files.exists(temporary) { try files.remove(temporary) }
        rows = BlockRows(path: temporary, file: name.fileName)
    }

    /// Adds a series.
    ///
    /// - Parameter details: of some of the samples. A series that has any gets no statistics: who asks for it needs its samples.
    /// - Throws: `BlockBuildError` unless its labels come after those of the series before, and it has at least one sample, all
    ///   ascending strictly and within the block's range.
    mutating func add(_ set: LabelSet, _ columns: SampleColumns, _ details: SampleDetails = .empty) throws {
        let rows = try openRows()
        try check(set, columns, end: name.to)
        let series = Int64(labels.seriesCount)
        labels.add(set)
        lastLabels = set
        let chunks = try timelines.chunks(of: columns.timestamps, in: rows)
        for (number, chunk) in chunks.enumerated() {
            let id = series << BlockSchema.chunkBits | Int64(number)
            let data = ChunkCodec.encodeValues(columns.values.span.extracting(chunk.samples), effort: effort)
            let own = details.isEmpty ? .empty : details.within(chunk.samples, of: columns.timestamps)
            try rows.insertChunk(
                id, timeline: BlockSchema.storedTimeline(chunk.timeline, hasDetails: !own.isEmpty),
                isLast: number == chunks.count - 1, data: data)
            if !own.isEmpty { try insert(own, chunk: id, rows) }
            guard !chunk.pieces.isEmpty, details.isEmpty else { continue }
            let statistics = BlockStatistics(of: columns.values[chunk.samples], pieces: chunk.pieces)
            if let bytes = statistics.encoded(chunk: id, effort: effort) {
                try rows.insertStatistics(id, data: bytes)
            }
        }
        chunkCount += chunks.count
        sampleCount += columns.count
    }

    private mutating func insert(_ details: SampleDetails, chunk id: Int64, _ rows: BlockRows) throws {
        try rows.insertDetail(id, data: BlockDetails.encoded(details, chunk: id, effort: effort))
        detailCount += 1
        histogramCount += details.histograms.count
    }

    /// Adds a series of rollups; one without buckets is passed over. The last bucket of a day ends where the block does.
    ///
    /// - Throws: `BlockBuildError` as `add` of samples does.
    mutating func add(_ set: LabelSet, _ rollup: RollupColumns) throws {
        if rollup.ends.isEmpty { return }
        let rows = try openRows()
        try check(set, SampleColumns(timestamps: rollup.ends, values: rollup.count), end: name.to + 1)
        let series = Int64(labels.seriesCount)
        labels.add(set)
        lastLabels = set
        let chunks = try timelines.chunks(of: rollup.ends, in: rows)
        guard chunks.count == 1 else {
            throw BlockBuildError(
                file: name.fileName, expected: "a day's buckets in one chunk", found: "\(rollup.ends.count) buckets")
        }
        for (number, values) in rollup.aggregates.enumerated() {
            let id = series << BlockSchema.chunkBits | Int64(number)
            try rows.insertChunk(
                id, timeline: chunks[0].timeline, isLast: number == rollup.aggregates.count - 1,
                data: ChunkCodec.encodeValues(values.span, effort: effort))
        }
        chunkCount += rollup.aggregates.count
        sampleCount += rollup.ends.count
    }

    private func check(_ set: LabelSet, _ columns: SampleColumns, end: Int64) throws {
        if let lastLabels, !(lastLabels < set) {
            throw BlockBuildError(
                file: name.fileName, expected: "series in the order of their labels",
                found: "\(set) after \(lastLabels)")
        }
        guard let first = columns.timestamps.first, let last = columns.timestamps.last, first >= name.from,
            last < end, columns.values.count == columns.timestamps.count,
            columns.timestamps.withUnsafeBufferPointer({ times in
                for index in 1..<times.count where times[index] <= times[index - 1] { return false }
                return true
            })
        else {
            throw BlockBuildError(
                file: name.fileName, expected: "samples of \(set) that ascend within the block's range",
                found: "\(columns.count) from \(columns.timestamps.first ?? 0) to \(columns.timestamps.last ?? 0)")
        }
    }

    /// Adds an event; they come in ascending order of time, between series as it suits.
    mutating func add(_ event: OperationalEvent) throws {
        guard event.timestamp >= lastEventTime, name.range.contains(event.timestamp) else {
            throw BlockBuildError(
                file: name.fileName, expected: "events in order of time within the block's range",
                found: "one at \(event.timestamp)")
        }
        lastEventTime = event.timestamp
        try openRows().insertEvent(Int64(eventCount), event)
        eventCount += 1
    }

    private func openRows() throws -> BlockRows {
        guard let rows else {
            throw BlockBuildError(file: name.fileName, expected: "everything before `finish`", found: "more after it")
        }
        return rows
    }

    /// Writes what remains, and fsyncs the file under its temporary name. Nothing can be added afterwards.
    mutating func finish() throws {
        let database = try openRows().database()
        try labels.write(to: database)
        try writeMeta(to: database)
        try database.execute(BlockSchema.views(withDetails: detailCount > 0))
        try database.execute("COMMIT")
        rows = nil
        try files.syncFile(temporaryPath)
    }

    /// Gives the finished file its name, and makes that durable.
    func publish() throws {
        try files.rename(temporaryPath, to: path)
        try files.syncFolder(folder)
    }

    /// Removes the file; nothing may follow.
    mutating func discard() {
        rows = nil
        // What is left over by a failure here is removed at the next start.
        try? files.remove(temporaryPath)
    }

    private func writeMeta(to database: BlockDatabase) throws {
        let encoded = Block.json(replaces: replaces)
        let format = detailCount > 0 ? BlockSchema.detailedFormatVersion : BlockSchema.formatVersion
        var numbers: [(String, Int64)] = [
            (BlockSchema.Key.format, format), (BlockSchema.Key.from, name.from),
            (BlockSchema.Key.to, name.to), (BlockSchema.Key.through, name.through),
            (BlockSchema.Key.generation, name.generation), (BlockSchema.Key.series, Int64(seriesCount)),
            (BlockSchema.Key.samples, Int64(sampleCount)), (BlockSchema.Key.chunks, Int64(chunkCount)),
            (BlockSchema.Key.events, Int64(eventCount)), (BlockSchema.Key.timelines, Int64(timelines.count)),
            (BlockSchema.Key.labels, Int64(labels.labelCount)),
            (BlockSchema.Key.deletedThrough, deletedThrough), (BlockSchema.Key.tier, tier),
        ]
        if detailCount > 0 {
            numbers.append((BlockSchema.Key.details, Int64(detailCount)))
            numbers.append((BlockSchema.Key.histograms, Int64(histogramCount)))
        }
        let insert = try database.prepare("INSERT INTO meta VALUES (?, ?)")
        for (key, value) in numbers {
            insert.bind(1, key)
            insert.bind(2, value)
            try insert.run()
        }
        insert.bind(1, BlockSchema.Key.replaces)
        insert.bind(2, encoded)
        try insert.run()
        insert.bind(1, BlockSchema.Key.seal)
        insert.bind(
            2,
            Block.seal(
                ofMeta: Dictionary(uniqueKeysWithValues: numbers), replaces: encoded, windows: windowsThrough))
        try insert.run()
        let insertWindow = try database.prepare("INSERT INTO window VALUES (?, ?)")
        for (window, through) in windowsThrough.sorted(by: { $0.key < $1.key }) {
            insertWindow.bind(1, window)
            insertWindow.bind(2, through)
            try insertWindow.run()
        }
    }
}
