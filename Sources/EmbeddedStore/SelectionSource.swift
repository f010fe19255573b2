import TelemetryModel
import TimeSeriesStore

/// Where a selection finds samples: a block that is read series by series, or what was read already.
enum SelectionSource: Sendable {
    case block(Block, ids: [Int], windows: WindowGrid?)
    case parts([PartialSeries])
}

/// Reads the series of a selection from all of its sources, a few at a time, so that only those few are in memory.
struct SelectionReader: Sendable {
    let range: TimeRange
    let isNewestEnough: Bool
    let sources: [SelectionSource]
    let places: SeriesPlaces
    let budget: QueryBudget

    /// Samples of a series, about, if they are spread evenly over the blocks.
    private var samplesPerSeries: Int {
        var samples = 0.0
        for case .block(let block, let ids, let windows) in sources where !ids.isEmpty && block.seriesCount > 0 {
            let width = Double(block.range.through) - Double(block.range.from) + 1
            let from = max(Double(range.from), Double(block.range.from))
            let through = min(Double(range.through), Double(block.range.through))
            let all = Double(block.sampleCount) / Double(block.seriesCount) * max(0, through - from + 1) / width
            // Where summaries may come there will be few samples, and what is read anew for every part costs more than they.
            samples += windows == nil ? all : all / 64
        }
        return Int(min(samples, 1e9))
    }

    /// What `transform` makes of each series, in label order.
    func map<Output: Sendable>(_ transform: @Sendable (SelectedSeries) throws -> Output?) throws -> [Output] {
        let samples = samplesPerSeries * places.count
        return try ParallelChunks.map(Array(0..<places.count), length: EmbeddedStore.seriesAtOnce, samples: samples) {
            part in
            var joiner = TimestampJoiner()
            return try read(part).compactMap { series in
                try series.map { try transform($0.selected(joiner: &joiner)) } ?? nil
            }
        }
    }

    /// Nil where nothing is in the range.
    private func read(_ series: ArraySlice<Int>) throws -> [PartialSeries?] {
        var read = [PartialSeries?](repeating: nil, count: series.count)
        var wanted = [[(index: Int, position: Int)]](repeating: [], count: sources.count)
        for (index, number) in series.enumerated() {
            for place in places.places(of: number) { wanted[Int(place.source)].append((index, Int(place.position))) }
        }
        for (source, wanted) in zip(sources, wanted) where !wanted.isEmpty {
            func add(_ part: PartialSeries, to index: Int) {
                read[index] = read[index].map { $0.joined(with: part) } ?? part
            }
            switch source {
            case .parts(let parts): for (index, position) in wanted { add(parts[position], to: index) }
            case .block(let block, let ids, let windows):
                try block.read(
                    wanted.map { ids[$0.position] }, in: range, windows: windows, isNewestEnough: isNewestEnough,
                    budget: budget
                ) { position, found in
                    let index = wanted[position].index
                    add(
                        PartialSeries(
                            labels: places.labels[series[series.startIndex + index]], parts: [found.columns],
                            summaries: found.summaries, details: found.details.isEmpty ? [] : [found.details]),
                        to: index)
                }
            }
        }
        return read
    }
}

/// Puts the timestamps of consecutive parts together. Series that share theirs, part by part, share what comes out.
struct TimestampJoiner {
    private var parts: [[Int64]] = []
    private var joined: [Int64] = []

    mutating func joined(_ columns: [SampleColumns], count: Int) -> [Int64] {
        let isSame =
            columns.count == parts.count
            && zip(columns, parts).allSatisfy { $0.timestamps.hasSameStorage(as: $1) }
        if isSame { return joined }
        parts = columns.map(\.timestamps)
        joined = []
        joined.reserveCapacity(count)
        for part in parts { joined.append(contentsOf: part) }
        return joined
    }
}

extension [Int64] {
    fileprivate func hasSameStorage(as other: [Int64]) -> Bool {
        // Both are alive, so equal addresses mean the same elements.
        count == other.count
            && withUnsafeBufferPointer { a in other.withUnsafeBufferPointer { a.baseAddress == $0.baseAddress } }
    }
}
