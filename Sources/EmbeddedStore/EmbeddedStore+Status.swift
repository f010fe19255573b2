import Synchronization
import TelemetryModel

extension EmbeddedStore {
    package var statistics: StoreStatistics {
        let head = head.byteCount
        let index = self.head.index.withLock { (series: $0.count, pairs: $0.pairCount) }
        return state.withLock { state in
            StoreStatistics(
                headSeries: index.series, headLabelPairs: index.pairs, headColumnBytes: head.columns,
                headIndexBytes: head.index, headWindows: state.windows.count + (state.leaving?.windows.count ?? 0),
                blocks: state.blocks.count, blockBytes: state.blocks.reduce(0) { $0 + $1.byteCount },
                blockSamples: state.blocks.reduce(0) { $0 + $1.sampleCount },
                oldestTime: state.blocks.map(\.name.from).min() ?? state.windows.keys.min(), counts: state.counts)
        }
    }

    /// Which metrics, labels and sources have the most series in the head, at most `limit` of each.
    package func cardinality(limit: Int) -> CardinalityReport {
        head.index.withLock { index in
            let labels = index.names.map { name in
                let counts = index.seriesCounts(of: name, limit: limit)
                return CardinalityReport.LabelUse(
                    name: name, values: counts.values, series: counts.series, bytes: counts.bytes,
                    top: counts.top.map { .init(name: $0.value, series: $0.series) })
            }.sorted { ($0.values, $1.name) > ($1.values, $0.name) }
            return CardinalityReport(series: index.count, labelPairs: index.pairCount, labels: labels)
        }
    }
}

/// What the store holds, as of one moment.
package struct StoreStatistics: Sendable {
    /// Series that had a sample since the process began.
    package let headSeries: Int
    package let headLabelPairs: Int
    /// Bytes of compressed samples in memory, and of what finds them.
    package let headColumnBytes: Int
    package let headIndexBytes: Int
    /// Two-hour windows in memory.
    package let headWindows: Int
    package let blocks: Int
    package let blockBytes: Int
    package let blockSamples: Int
    /// Begin of the oldest window, milliseconds since 1970-01-01T00:00:00Z; nil without data.
    package let oldestTime: Int64?
    package let counts: StoreCounts
}

/// How the series in the head are spread over metrics, labels and sources.
package struct CardinalityReport: Sendable {
    package struct Count: Sendable {
        package let name: String
        package let series: Int
    }

    package struct LabelUse: Sendable {
        package let name: String
        /// Different values.
        package let values: Int
        /// Series that have the label.
        package let series: Int
        /// Bytes of the values' texts.
        package let bytes: Int
        /// The values of most series, largest first.
        package let top: [Count]
    }

    package let series: Int
    package let labelPairs: Int
    /// Those of most values first.
    package let labels: [LabelUse]

    /// The values of one label with the most series.
    package func top(of label: String) -> [Count] { labels.first { $0.name == label }?.top ?? [] }
}
