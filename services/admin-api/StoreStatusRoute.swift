import EmbeddedStore
import Foundation
import HTTPSupport
import Hummingbird

/// `GET /api/v1/status/tsdb`: Prometheus' head statistics
/// (https://prometheus.io/docs/prometheus/latest/querying/api/#tsdb-stats), and what Heliograph's store holds.
struct StoreStatusRoute: Sendable {
    static let defaultLimit = 10
    static let maximumLimit = 10_000

    let environment: AdminEnvironment

    @Sendable func handle(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: AdminEnvironment.bodyBytes)
        let limit = try parameters.count("limit", in: 1...Self.maximumLimit) ?? Self.defaultLimit
        try await environment.barrier()
        let store = environment.store
        let (statistics, extent, cardinality) = try await environment.work.run {
            (store.statistics, store.headExtent, store.cardinality(limit: limit))
        }
        var json = JSONText()
        json.object { answer in
            answer.field("status", "success")
            answer.key("data")
            answer.object { data in
                data.key("headStats")
                data.object { head in
                    head.field("numSeries", statistics.headSeries)
                    head.field("numLabelPairs", cardinality.labelPairs)
                    head.field("chunkCount", extent.columns)
                    // Prometheus' own values for a head without samples.
                    head.field("minTime", extent.from ?? .max)
                    head.field("maxTime", extent.through ?? .min)
                }
                data.list("seriesCountByMetricName", cardinality.metrics.map { ($0.name, $0.series) })
                data.list("labelValueCountByLabelName", cardinality.labelsByValues.map { ($0.name, $0.values) })
                data.list("memoryInBytesByLabelName", cardinality.labelsByBytes.map { ($0.name, $0.bytes) })
                data.list(
                    "seriesCountByLabelValuePair", cardinality.pairs.map { ("\($0.name)=\($0.value)", $0.series) })
                data.key("heliograph")
                data.object { write(statistics, to: &$0) }
            }
        }
        return .json(json)
    }

    private func write(_ statistics: StoreStatistics, to own: inout JSONText) {
        own.key("head")
        own.object { head in
            let bytes = statistics.headColumnBytes + statistics.headIndexBytes
            head.field("series", statistics.headSeries)
            head.field("windows", statistics.headWindows)
            head.field("bytes", bytes)
            head.field("sample_bytes", statistics.headColumnBytes)
            head.field("index_bytes", statistics.headIndexBytes)
            head.field(
                "bytes_per_series", statistics.headSeries > 0 ? Double(bytes) / Double(statistics.headSeries) : nil)
            head.field("samples_since_start", statistics.counts.headSamples)
            head.field("late_samples_since_start", statistics.counts.lateSamples)
            head.field("replaced_values_since_start", statistics.counts.replacedValues)
        }
        own.key("blocks")
        own.object { blocks in
            blocks.field("count", statistics.blocks)
            blocks.field("bytes", statistics.blockBytes)
            blocks.field("samples", statistics.blockSamples)
            blocks.field("histograms", statistics.blockHistograms)
            blocks.field(
                "bytes_per_sample",
                statistics.blockSamples > 0 ? Double(statistics.blockBytes) / Double(statistics.blockSamples) : nil)
        }
        own.key("tiers")
        own.array { tiers in
            for tier in statistics.tiers {
                tiers.object { item in
                    item.field("tier", tier.name)
                    item.field("blocks", tier.blocks)
                    item.field("bytes", tier.bytes)
                }
            }
        }
        own.field("pending_deletions", statistics.pendingDeletions)
        own.field("oldest_time", statistics.oldestTime.map { Date(milliseconds: $0).iso8601Milliseconds })
    }
}

extension JSONText {
    /// `"key":[{"name":…,"value":…}]`, as Prometheus has it.
    fileprivate mutating func list(_ key: String, _ entries: [(name: String, value: Int)]) {
        self.key(key)
        array { list in
            for entry in entries {
                list.object { item in
                    item.field("name", entry.name)
                    item.field("value", entry.value)
                }
            }
        }
    }
}
