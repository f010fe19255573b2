package import TelemetryModel

/// Reads lines of StatsD: `name:value|type`, with a sampling rate (`|@0.1`), several values (`name:1:2|ms`, or
/// `name:1|c:2|c`) and tags, as DogStatsD (`|#a:b,c:d`), InfluxDB (`name,a=b`) and Graphite (`name;a=b`) write them
/// (https://github.com/statsd/statsd/blob/master/docs/metric_types.md,
/// https://docs.datadoghq.com/extend/dogstatsd/datagram_shell/). One per process; thread-safe.
///
/// Names become Prometheus' (`PlainNames`). A line is taken as a whole or not at all.
package final class StatsDDecoder: Sendable {
    private let names: SeriesNames

    package init(registry: SeriesRegistry) { names = SeriesNames(registry: registry) }

    /// - Parameter bytes: whole lines.
    package func decode(_ bytes: Span<UInt8>) -> DecodedStatsD {
        var decoding = StatsDDecoding(names: names)
        decoding.read(bytes)
        return decoding.result
    }
}

private struct StatsDDecoding {
    private struct Waiting {
        let line: ByteRange
        let changes: [StatsDChange]
    }

    private let hash: RawSeriesHash
    private var lookUp: SeriesLookUp
    private var waiting: [Waiting] = []
    private(set) var result = DecodedStatsD()

    init(names: SeriesNames) {
        hash = names.hash
        lookUp = SeriesLookUp(names)
    }

    mutating func read(_ bytes: Span<UInt8>) {
        var walk = TextLines()
        while let line = walk.next(bytes) {
            do throws(Refusal) {
                let parsed = try StatsDLine(line, bytes, hash)
                lookUp.append(SeriesKey(first: parsed.name, second: parsed.tags))
                waiting.append(Waiting(line: line, changes: parsed.changes))
            } catch {
                resolve(bytes)
                refuse(line, error, bytes)
            }
            if lookUp.isFull { resolve(bytes) }
        }
        resolve(bytes)
    }

    private mutating func resolve(_ bytes: Span<UInt8>) {
        let refusals = lookUp.resolve(in: bytes) { (_, key) throws(Refusal) in
            try StatsDSeries.labels(key, bytes)
        }
        for (position, entry) in waiting.enumerated() {
            guard let reference = lookUp.references[position] else {
                refuse(entry.line, refusals[position] ?? .noMetricName(), bytes)
                continue
            }
            for change in entry.changes {
                result.samples.append(StatsDSample(series: reference, change: change, line: result.lines.count))
            }
            result.lines.append(entry.line)
        }
        lookUp.removeAll()
        waiting.removeAll(keepingCapacity: true)
    }

    private mutating func refuse(_ line: ByteRange, _ refusal: Refusal, _ bytes: Span<UInt8>) {
        result.rejected.append(
            RejectedRecord(
                index: result.lineCount, field: refusal.field, reason: refusal.reason,
                message: refusal.message, payload: bytes.array(line), sourceID: StatsDSeries.sourceID(line, bytes)))
    }
}
