import TelemetryModel
import TestSupport
import TimeSeriesStore
import WireFormats

/// Random series of 45 minutes, as scrapes would give them.
///
/// No sample is on a whole or half second, and queries look at those only: Prometheus 2 counts a sample at the older end of a
/// window, Prometheus 3 does not. Names are told apart by `id`, too, so that dropping them early or late is the same. Values
/// are small multiples of 1/8, whose sums are exact in any order.
struct DifferentialData {
    struct Series {
        let labels: LabelSet
        var samples = SampleColumns()
    }

    static let start: Int64 = 1_700_000_000_000
    static let length: Int64 = 45 * 60_000

    private(set) var series: [Series] = []
    private var random: SeededGenerator

    private static let staleMarker = Double(bitPattern: 0x7ff0_0000_0000_0002)

    init(_ generator: inout SeededGenerator) {
        random = SeededGenerator(seed: generator.next())
        for job in ["a", "b"] {
            for instance in 0..<3 {
                let common = ["job": job, "instance": "i\(instance)"]
                add("requests_total", common) { Self.counter(&$0, &$1) }
                add("temperature", common) { Self.gauge(&$0, &$1) }
                if instance < 2 { add("odd", common) { value, random in Self.odd(&value, &random) } }
            }
            addHistogram(["job": job])
        }
        for instance in 0..<3 { add("limit", ["instance": "i\(instance)"]) { Self.gauge(&$0, &$1) } }
        generator = random
    }

    // MARK: Values

    /// Below 0 if it has resets, far above it if not: near 0, Prometheus 2 and 3 extrapolate differently.
    private static func counter(_ value: inout Double, _ random: inout SeededGenerator) {
        let isReset = value == 0 || (value < 0 && Int.random(in: 0..<40, using: &random) == 0)
        let step = Double(Int.random(in: 0...60, using: &random))
        let first = Bool.random(using: &random) || value < 0 ? -1e6 : 20_000.0
        value = isReset ? first + step : value + step
    }

    private static func gauge(_ value: inout Double, _ random: inout SeededGenerator) {
        value = Double(Int.random(in: -800...800, using: &random)) / 8
    }

    private static func odd(_ value: inout Double, _ random: inout SeededGenerator) {
        value = [0, -0.0, 1, -1, .infinity, -.infinity, .nan, 3, 0.5, 1e9][Int.random(in: 0..<10, using: &random)]
    }

    // MARK: Series

    private mutating func add(
        _ name: String, _ labels: [String: String],
        _ next: (inout Double, inout SeededGenerator) -> Void
    ) {
        var labels = labels
        labels["id"] = "\(name)\(series.count)"
        var one = Series(labels: LabelSet(name, labels))
        var value = 0.0
        for moment in moments() {
            next(&value, &random)
            one.samples.timestamps.append(moment.time)
            one.samples.values.append(moment.isStale ? Self.staleMarker : value)
        }
        series.append(one)
    }

    /// Buckets of one scrape have the same time.
    private mutating func addHistogram(_ labels: [String: String]) {
        let moments = moments()
        var counts = [20_000.0, 20_000, 20_000, 20_000]
        let bounds = ["0.1", "0.5", "2", "+Inf"]
        var columns = bounds.map { _ in SampleColumns() }
        for moment in moments {
            var cumulative = 0.0
            for bucket in counts.indices {
                counts[bucket] += Double(Int.random(in: 1...30, using: &random))
                cumulative += counts[bucket]
                columns[bucket].timestamps.append(moment.time)
                columns[bucket].values.append(moment.isStale ? Self.staleMarker : cumulative)
            }
        }
        for (bound, samples) in zip(bounds, columns) {
            var labels = labels
            labels["le"] = bound
            series.append(Series(labels: LabelSet("latency_bucket", labels), samples: samples))
        }
    }

    /// Irregular, with gaps, and with stale markers that some series come back from at once.
    private mutating func moments() -> [(time: Int64, isStale: Bool)] {
        var moments: [(time: Int64, isStale: Bool)] = []
        var time = Self.start + Int64.random(in: 1...20_000, using: &random)
        while time < Self.start + Self.length {
            if time % 500 == 0 { time += 1 }
            let isStale = Int.random(in: 0..<40, using: &random) == 0
            moments.append((time, isStale))
            time += Int64.random(in: 9_000...21_000, using: &random)
            if Int.random(in: 0..<50, using: &random) == 0 {
                time += Int64.random(in: 60_000...480_000, using: &random)
            }
        }
        return moments
    }

    // MARK: Remote write

    /// `prometheus.WriteRequest` of everything, as one snappy block.
    var remoteWriteRequest: [UInt8] {
        var request = ProtobufWriter()
        for one in series {
            request.message(1) { message in
                for label in one.labels.labels {
                    message.message(1) {
                        $0.string(1, label.name)
                        $0.string(2, label.value)
                    }
                }
                for (time, value) in zip(one.samples.timestamps, one.samples.values) {
                    message.message(2) {
                        $0.double(1, value)
                        $0.int64(2, time)
                    }
                }
            }
        }
        return Snappy.compress(request.bytes.span)
    }
}

extension LabelSet {
    init(_ name: String, _ labels: [String: String]) {
        self.init([Label(LabelSet.metricNameLabel, name)] + labels.map { Label($0.key, $0.value) })
    }
}
