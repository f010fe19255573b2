import Synchronization
import TelemetryModel

extension EmbeddedStore {
    /// O(label pairs + blocks).
    package var statistics: StoreStatistics {
        let bytes = (columns: head.columnBytes, index: head.indexBytes)
        let index = head.index.withLock { (series: $0.count, pairs: $0.pairCount) }
        let late = head.shards.reduce(0) { $0 + $1.contents.withLock { $0.lateCount } }
        return state.withLock { state in
            var counts = state.counts
            counts.lateSamples = late
            return StoreStatistics(
                headSeries: index.series, headLabelPairs: index.pairs, headColumnBytes: bytes.columns,
                headIndexBytes: bytes.index, headWindows: state.windows.count + (state.leaving?.windows.count ?? 0),
                blocks: state.blocks.count, blockBytes: state.blocks.reduce(0) { $0 + $1.byteCount },
                blockSamples: state.blocks.reduce(0) { $0 + $1.sampleCount },
                blockHistograms: state.blocks.reduce(0) { $0 + $1.histogramCount }, tiers: state.tiers,
                pendingDeletions: state.tombstones.count,
                oldestTime: state.blocks.map(\.name.from).min() ?? state.windows.keys.min(), counts: counts)
        }
    }

    /// Which metrics, labels and sources have the most series in the head, at most `limit` of each. O(label pairs): the head's
    /// index is locked meanwhile.
    package func cardinality(limit: Int) -> CardinalityReport { head.index.withLock { $0.cardinality(limit: limit) } }

    /// What the head has of samples. O(series).
    package var headExtent: HeadExtent {
        head.shards.reduce(into: HeadExtent()) { extent, shard in
            shard.contents.withLock { $0.extend(&extent) }
        }
    }
}

/// How many columns of samples the head has, and of which times.
package struct HeadExtent: Sendable {
    package internal(set) var columns = 0
    /// Milliseconds since 1970-01-01T00:00:00Z: begin of the oldest window, and time of the newest sample. Nil if empty.
    package internal(set) var from: Int64?
    package internal(set) var through: Int64?
}

/// What the store holds, as of one moment.
package struct StoreStatistics: Sendable {
    /// Series that had a sample since the process began.
    package let headSeries: Int
    package let headLabelPairs: Int
    /// Bytes of compressed samples in memory, histograms and start timestamps included, and of what finds them.
    package let headColumnBytes: Int
    package let headIndexBytes: Int
    /// Two-hour windows in memory.
    package let headWindows: Int
    package let blocks: Int
    package let blockBytes: Int
    package let blockSamples: Int
    /// Of these, native histograms.
    package let blockHistograms: Int
    /// Samples in two-hour and longer blocks, then the rollups; those without a block are in here too.
    package let tiers: [TierUse]
    /// Deletes of which some block still has samples in its file.
    package let pendingDeletions: Int
    /// Begin of the oldest window, milliseconds since 1970-01-01T00:00:00Z; nil without data.
    package let oldestTime: Int64?
    package let counts: StoreCounts
}

/// The blocks of one tier.
package struct TierUse: Sendable, Equatable {
    /// `raw`, `5m` or `1h`.
    package let name: String
    package let blocks: Int
    package let bytes: Int
}

extension EmbeddedStore.State {
    fileprivate var tiers: [TierUse] {
        let others = RollupTier.allCases.map { tier -> (name: String, blocks: [Block]) in
            (tier.folder.split(separator: "/").last.map(String.init) ?? tier.folder, rollups[tier] ?? [])
        }
        return ([(name: "raw", blocks: blocks)] + others).map { name, blocks in
            TierUse(name: name, blocks: blocks.count, bytes: blocks.reduce(0) { $0 + $1.byteCount })
        }
    }
}

/// How the series in the head are spread over metrics, labels and sources. Lists are largest first, and bounded.
package struct CardinalityReport: Sendable {
    /// Values that are listed of one label.
    static let topValues = 10

    package struct Count: Sendable, Equatable {
        package let name: String
        package let series: Int
    }

    package struct PairCount: Sendable, Equatable {
        package let name: String
        package let value: String
        package let series: Int
    }

    package struct LabelUse: Sendable {
        package let name: String
        /// Different values.
        package let values: Int
        /// Series that have the label.
        package let series: Int
        /// Bytes of the values' texts, each once, as the head keeps them.
        package let bytes: Int
        /// The values of most series, at most ten.
        package let top: [Count]
    }

    package let series: Int
    package let labelPairs: Int
    package let labelNames: Int
    package let metrics: [Count]
    /// By `source_id`; series without one are not in here.
    package let sources: [Count]
    package let labelsByValues: [LabelUse]
    package let labelsByBytes: [LabelUse]
    package let pairs: [PairCount]
}
