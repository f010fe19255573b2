import ChunkCodec
import EmbeddedStore
import TelemetryModel
import TimeSeriesStore

/// The benchmarks' only way into the embedded store and its codec: what changes there is followed here.
struct StoreDriver {
    typealias SeriesID = StoredSeriesID

    private let embedded: EmbeddedStore
    private var offset: Int64 = 0

    init(folder: String) throws {
        embedded = try EmbeddedStore(dataFolder: folder)
    }

    /// For queries.
    var store: any TimeSeriesStore { embedded }

    /// The folder of the blocks, below the store's own.
    static func blockFolder(in folder: String) -> String { "\(folder)/blocks" }

    func id(for labels: LabelSet) -> SeriesID { embedded.id(for: labels) }

    /// Appends one request's columns, as the processor does: known series, a log offset of its own.
    mutating func append(_ ids: [SeriesID], timestamps: [Int64], values: [Double], arrivedAt: Int64) {
        offset += 1
        _ = embedded.append(
            ids, timestamps: timestamps, values: values, events: [], offset: offset, arrivedAt: arrivedAt,
            isReplay: false)
    }

    /// Moves what is due at that time, milliseconds, into blocks. Returns how many samples.
    mutating func flush(at now: Int64) throws -> Int {
        guard embedded.detach(dueAt: now, policy: EmbeddedStore.FlushPolicy(), through: offset) else { return 0 }
        return try embedded.writeDetached(now: now, beforePublishing: {}).samples
    }

    /// Merges blocks until nothing is left to merge at that time, milliseconds. Returns how many merges there were.
    mutating func compact(at now: Int64) throws -> Int {
        var merges = 0
        while try embedded.compactNext(now: now) != nil { merges += 1 }
        return merges
    }

    /// What the store says of itself.
    var ownAccount: String { "\(embedded.statistics)" }

    /// Bytes of the samples as columns of at most `samplesPerChunk`, checksums included, cut at days (UTC) as blocks are,
    /// or not.
    static func encodedByteCount(timestamps: [Int64], values: [Double], isCutAtDays: Bool) -> Int {
        var total = 0
        var first = 0
        while first < timestamps.count {
            let nextDay = (timestamps[first] / 86_400_000 + 1) * 86_400_000
            var end = min(first + samplesPerChunk, timestamps.count)
            if isCutAtDays { end = timestamps[first..<end].firstIndex { $0 >= nextDay } ?? end }
            total += ChunkCodec.encodeTimestamps(Array(timestamps[first..<end])).count
            total += ChunkCodec.encodeValues(Array(values[first..<end])).count
            first = end
        }
        return total
    }

    /// As blocks cut.
    private static let samplesPerChunk = 2_048
}

/// A store that hides which windows a query slides, so that every sample is decoded.
struct DecodingStore: TimeSeriesStore {
    let store: any TimeSeriesStore

    func select(_ selection: SeriesSelection, budget: QueryBudget) throws -> [SelectedSeries] {
        try store.select(SeriesSelection(matchers: selection.matchers, range: selection.range), budget: budget)
    }

    func series(_ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget) throws -> [LabelSet] {
        try store.series(matcherLists, in: range, budget: budget)
    }

    func labelNames(_ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget) throws -> [String] {
        try store.labelNames(matcherLists, in: range, budget: budget)
    }

    func labelValues(
        of name: String, _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [String] {
        try store.labelValues(of: name, matcherLists, in: range, budget: budget)
    }

    func events(_ selection: EventSelection, budget: QueryBudget) throws -> [OperationalEvent] {
        try store.events(selection, budget: budget)
    }
}
