import NativeHistograms
import Synchronization
package import TelemetryModel
package import WireFormats

/// Adds up what StatsD's lines say, and gives the state of every series once an interval, as if it were scraped then.
/// Thread-safe.
///
/// Counters are running totals since the series was first seen, timers and histograms native histograms of all observations
/// since then, both with that start; gauges keep their value; a set gives how many different members came within the interval.
/// A series to which nothing came for long ends with a stale marker and is forgotten; after that it begins anew.
package final class StatsDAggregator: Sendable {
    package struct Limits: Sendable {
        package var series: Int
        /// Members of all sets within an interval.
        package var members = 1_000_000
        /// Milliseconds without a value until a series ends.
        package var idle: Int64

        package init(series: Int, idleMilliseconds: Int64) {
            self.series = series
            idle = idleMilliseconds
        }
    }

    private struct All {
        var series: [SeriesReference: AggregatedSeries] = [:]
        var members = 0
    }

    private let limits: Limits
    private let all = Mutex(All())

    package init(limits: Limits) { self.limits = limits }

    package var seriesCount: Int { all.withLock { $0.series.count } }

    /// - Parameters:
    ///   - bytes: that were decoded.
    ///   - now: milliseconds since 1970-01-01T00:00:00Z.
    /// - Returns: the lines of which a value was not taken; the first such value of each says why.
    package func take(_ decoded: DecodedStatsD, of bytes: Span<UInt8>, at now: Int64) -> [RejectedRecord] {
        var faults: [(line: Int, fault: AggregationFault)] = []
        all.withLock { all in
            for sample in decoded.samples {
                do throws(AggregationFault) {
                    try take(sample, &all, now)
                } catch {
                    if faults.last?.line != sample.line { faults.append((sample.line, error)) }
                }
            }
        }
        var refused: [RejectedRecord] = []
        for (line, fault) in faults {
            refused.append(decoded.refusal(ofLine: line, fault.reason, fault.message, in: bytes))
        }
        return refused
    }

    private func take(_ sample: StatsDSample, _ all: inout All, _ now: Int64) throws(AggregationFault) {
        if all.series[sample.series] == nil {
            guard all.series.count < limits.series else { throw .series(limit: limits.series) }
            all.series[sample.series] = AggregatedSeries(kind: sample.change.kind, startedAt: now)
        }
        if case .member = sample.change, all.members >= limits.members { throw .members(limit: limits.members) }
        // In place: a copy of a histogram or a set for every value would be dear.
        guard let index = all.series.index(forKey: sample.series) else { return }
        if try all.series.values[index].apply(sample.change, at: now) { all.members += 1 }
    }

    /// The state of all series, in the order of their references; sets begin anew.
    package func flush(at now: Int64) -> TelemetryBatch {
        all.withLock { all in
            var batch = TelemetryBatch()
            batch.reserveCapacity(all.series.count)
            for reference in all.series.keys.sorted() {
                guard let index = all.series.index(forKey: reference) else { continue }
                if now - all.series.values[index].changedAt >= limits.idle {
                    batch.append(reference, at: now, value: .staleMarker)
                    all.series.remove(at: index)
                } else {
                    all.series.values[index].flush(reference, at: now, to: &batch)
                }
            }
            all.members = 0
            return batch
        }
    }
}
