import ChunkCodec
import TelemetryModel
import TimeSeriesStore

/// Goes through a block's series in order of labels, and through its events in order of time. Memory: one series' samples,
/// some timelines and labels. One thread at a time.
struct BlockCursor {
    private let block: Block
    private let deletions: BlockDeletions?
    private let connection: BlockConnection
    private let chunks: BlockStatement
    private let series: BlockStatement
    private let label: BlockStatement
    private let events: BlockStatement
    private var reading: BlockReading
    private var hasChunk: Bool
    private var labels: [Int: Label] = [:]
    private(set) var nextSeries = 0
    private(set) var nextEvent = 0

    /// Labels kept at a time, beside those of the series before.
    private static let keptLabelCount = 16_384

    init(_ block: Block, withDeleted: Bool) throws {
        deletions = withDeleted ? nil : block.deletions
        self.block = block
        // Its own: the statements stay in the middle of their tables.
        connection = try BlockConnection(path: block.path, file: block.name.fileName)
        chunks = try connection.statement(.chunks)
        chunks.bind(1, 0)
        chunks.bind(2, .max)
        series = try connection.statement(.series)
        series.bind(1, 0)
        series.bind(2, .max)
        label = try connection.statement(.label)
        events = try connection.statement(.eventsUp)
        events.bind(1, 0)
        reading = BlockReading(
            block: block, connection: connection, range: .all, windows: nil, withDeleted: withDeleted)
        hasChunk = try chunks.step()
    }

    /// The next series with all of its samples that were not deleted; nil after the last.
    mutating func next() throws -> (labels: LabelSet, columns: SampleColumns, details: SampleDetails)? {
        while nextSeries < block.seriesCount || hasChunk {
            let labels = try nextLabels()
            if let series = try nextSamples() { return (labels, series.columns, series.details) }
            guard deletions != nil else { throw block.damage("samples of series \(nextSeries - 1)", "none") }
        }
        return nil
    }

    private mutating func nextLabels() throws -> LabelSet {
        guard nextSeries < block.seriesCount else {
            throw block.damage("\(block.seriesCount) series", "chunks of more")
        }
        guard try series.step() else { throw block.damage("series \(nextSeries)", "none") }
        return LabelSet(try block.seriesRow(series, nextSeries).map { try self.label($0) })
    }

    private mutating func nextSamples() throws -> BlockSeries? {
        var id = Int64(nextSeries) << BlockSchema.chunkBits
        var isLast = false
        while !isLast {
            guard hasChunk, chunks.integer(0) == id else {
                throw block.damage("chunk \(id) of series \(nextSeries)", "another or none")
            }
            let row = try block.chunkRow(chunks, id)
            try reading.add(id, timeline: row.timeline, row.column)
            isLast = row.isLast
            id += 1
            hasChunk = try chunks.step()
        }
        nextSeries += 1
        return try reading.finishSeries()
    }

    /// The next event that was not deleted; nil after the last.
    mutating func event() throws -> OperationalEvent? {
        while nextEvent < block.eventCount {
            guard try events.step(), events.integer(0) == Int64(nextEvent) else {
                throw block.damage("event \(nextEvent)", "another or none")
            }
            let event = try block.event(events, nextEvent, firstColumn: 1)
            nextEvent += 1
            if deletions?.covers(event) != true { return event }
        }
        return nil
    }

    private mutating func label(_ id: Int) throws -> Label {
        if let known = labels[id] { return known }
        label.bind(1, Int64(id))
        defer { label.reset() }
        guard try label.step() else { throw block.damage("label \(id)", "none") }
        let row = try block.labelRow(label, id)
        if labels.count >= BlockCursor.keptLabelCount { labels.removeAll(keepingCapacity: true) }
        let read = Label(block.name(ofLabel: id) ?? "", row.text)
        labels[id] = read
        return read
    }
}

extension Block {
    /// A walk through the whole block, for merging and checking.
    ///
    /// - Parameter withDeleted: whether what was deleted but is still in the file counts.
    func cursor(withDeleted: Bool = false) throws -> BlockCursor { try BlockCursor(self, withDeleted: withDeleted) }
}
