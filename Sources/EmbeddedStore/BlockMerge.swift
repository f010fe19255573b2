import TelemetryModel
import TimeSeriesStore

/// Merges blocks into one, series by series in the order of labels. Memory: one series of each input at a time.
struct BlockMerge {
    struct Report: Sendable, Equatable {
        /// What the result has.
        var series = 0
        var samples = 0
        var events = 0
        /// Samples that several inputs had, with the same value or with another one; the last input's counts.
        var duplicates = 0
        var replaced = 0
        /// Samples that were dropped with their series because nothing is to be kept of it.
        var expired = 0
    }

    /// The part of a merge that is done.
    struct Progress: Sendable, Equatable {
        let samples: Int
        let totalSamples: Int
    }

    private var sources: [Source]
    private let totalSamples: Int
    private var done = 0
    private var sinceStep = 0

    /// - Parameter inputs: ascending: of two samples with the same labels and timestamp, that of the later block is kept. What
    ///   was deleted from a block (`Block.delete`) is not there.
    init(_ inputs: [Block]) throws {
        sources = try inputs.map { try Source(cursor: $0.cursor()) }
        totalSamples = inputs.reduce(0) { $0 + $1.sampleCount }
    }

    /// The next series, of all inputs together; nil after the last.
    ///
    /// - Parameter step: called after every few thousand samples; may wait, to leave the machine to others, and stops the
    ///   merge by throwing.
    mutating func next(
        _ report: inout Report, step: (Progress) throws -> Void
    ) throws -> (labels: LabelSet, columns: SampleColumns, details: SampleDetails)? {
        guard let labels = sources.compactMap(\.labels).min() else { return nil }
        var parts: [SampleColumns] = []
        var details: [SampleDetails] = []
        for index in sources.indices where sources[index].labels == labels {
            parts.append(sources[index].columns)
            details.append(sources[index].details)
            try sources[index].advance()
        }
        let count = parts.reduce(0) { $0 + $1.count }
        done += count
        sinceStep += count
        if sinceStep >= 16_384 {
            sinceStep = 0
            try step(Progress(samples: done, totalSamples: totalSamples))
        }
        if parts.count == 1 { return (labels, parts[0], details[0]) }
        let columns = BlockMerge.merge(parts, &report)
        if details.allSatisfy(\.isEmpty) { return (labels, columns, .empty) }
        BlockMerge.recount(parts, details, &report)
        return (labels, columns, SampleDetails.merged(Array(zip(parts.map(\.timestamps), details))))
    }

    /// Samples of which several inputs have the same value, but not the same details, are no duplicates. O(samples), and a
    /// search for each of a later input that an earlier one has.
    private static func recount(_ parts: [SampleColumns], _ details: [SampleDetails], _ report: inout Report) {
        var known: [Int64: (value: UInt64, detail: SampleDetail)] = [:]
        for (part, details) in zip(parts, details) {
            for (time, value) in zip(part.timestamps, part.values) {
                let detail = details.detail(at: time)
                if let before = known[time], before.value == value.bitPattern, !before.detail.isSame(as: detail) {
                    report.duplicates -= 1
                    report.replaced += 1
                }
                known[time] = (value.bitPattern, detail)
            }
        }
    }

    /// The next event; of equal times those of earlier blocks come first. Events are told apart by nothing but their content,
    /// so all stay.
    mutating func nextEvent() throws -> OperationalEvent? {
        var next: Int?
        for index in sources.indices {
            guard let time = sources[index].event?.timestamp else { continue }
            if let best = next, let least = sources[best].event?.timestamp, least <= time { continue }
            next = index
        }
        guard let next, let event = sources[next].event else { return nil }
        try sources[next].advanceEvent()
        return event
    }

    /// Merges everything into a block, without the series, and their events, that `keeps` is false for.
    static func merge(
        _ inputs: [Block], into builder: inout BlockBuilder, keeps: (LabelSet) -> Bool = { _ in true },
        step: (Progress) throws -> Void = { _ in }
    ) throws -> Report {
        var report = Report()
        var merge = try BlockMerge(inputs)
        while let series = try merge.next(&report, step: step) {
            if keeps(series.labels) {
                try builder.add(series.labels, series.columns, series.details)
            } else {
                report.expired += series.columns.count
            }
        }
        while let event = try merge.nextEvent() {
            if keeps(event.labels) { try builder.add(event) }
        }
        report.series = builder.seriesCount
        report.samples = builder.sampleCount
        report.events = builder.eventCount
        return report
    }

    private struct Source {
        private var cursor: BlockCursor
        private(set) var labels: LabelSet?
        private(set) var columns = SampleColumns()
        private(set) var details = SampleDetails()
        private(set) var event: OperationalEvent?

        init(cursor: BlockCursor) throws {
            self.cursor = cursor
            try advance()
            try advanceEvent()
        }

        mutating func advance() throws {
            let next = try cursor.next()
            labels = next?.labels
            columns = next?.columns ?? SampleColumns()
            details = next?.details ?? .empty
        }

        mutating func advanceEvent() throws { event = try cursor.event() }
    }

    /// One ascending column of several; of equal timestamps the last part's sample stays. O(samples) for parts that follow
    /// each other, and O(samples · parts) otherwise.
    private static func merge(_ parts: [SampleColumns], _ report: inout Report) -> SampleColumns {
        let ordered = parts.enumerated().sorted {
            ($0.element.timestamps[0], $0.offset) < ($1.element.timestamps[0], $1.offset)
        }.map(\.element)
        if zip(ordered, ordered.dropFirst()).allSatisfy({ $0.timestamps[$0.count - 1] < $1.timestamps[0] }) {
            var joined = ordered[0]
            for part in ordered.dropFirst() {
                joined.timestamps.append(contentsOf: part.timestamps)
                joined.values.append(contentsOf: part.values)
            }
            return joined
        }
        return parts.dropFirst().reduce(parts[0]) { merge($0, later: $1, &report) }
    }

    private static func merge(_ a: SampleColumns, later b: SampleColumns, _ report: inout Report) -> SampleColumns {
        var merged = SampleColumns()
        merged.timestamps.reserveCapacity(a.count + b.count)
        merged.values.reserveCapacity(a.count + b.count)
        var i = 0
        var j = 0
        while i < a.count || j < b.count {
            if j == b.count || i < a.count && a.timestamps[i] < b.timestamps[j] {
                merged.timestamps.append(a.timestamps[i])
                merged.values.append(a.values[i])
                i += 1
                continue
            }
            if i < a.count, a.timestamps[i] == b.timestamps[j] {
                if a.values[i].bitPattern == b.values[j].bitPattern {
                    report.duplicates += 1
                } else {
                    report.replaced += 1
                }
                i += 1
            }
            merged.timestamps.append(b.timestamps[j])
            merged.values.append(b.values[j])
            j += 1
        }
        return merged
    }
}
