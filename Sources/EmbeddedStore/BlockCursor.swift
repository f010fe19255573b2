import ChunkCodec
import TelemetryModel
import TimeSeriesStore

/// Goes through a block's series in order of labels, and through its events in order of time. Memory: one series' samples,
/// some timelines and labels. One thread at a time.
struct BlockCursor {
    private let block: Block
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

    init(_ block: Block) throws {
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
        reading = BlockReading(block: block, connection: connection, range: .all, windows: nil)
        hasChunk = try chunks.step()
    }

    /// The next series with all of its samples; nil after the last.
    mutating func next() throws -> (labels: LabelSet, columns: SampleColumns)? {
        guard nextSeries < block.seriesCount else {
            if hasChunk { throw block.damage("\(block.seriesCount) series", "chunks of more") }
            return nil
        }
        guard try series.step() else { throw block.damage("series \(nextSeries)", "none") }
        let set = LabelSet(try block.seriesRow(series, nextSeries).map { try self.label($0) })
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
        guard let read = try reading.finishSeries() else {
            throw block.damage("samples of series \(nextSeries)", "none")
        }
        nextSeries += 1
        return (set, read.columns)
    }

    /// The next event; nil after the last.
    mutating func event() throws -> OperationalEvent? {
        guard nextEvent < block.eventCount else { return nil }
        guard try events.step(), events.integer(0) == Int64(nextEvent) else {
            throw block.damage("event \(nextEvent)", "another or none")
        }
        defer { nextEvent += 1 }
        return try block.event(events, nextEvent, firstColumn: 1)
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
    func cursor() throws -> BlockCursor { try BlockCursor(self) }
}
