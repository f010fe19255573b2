import NativeHistograms
import PromQLEngine
import PromQLScripts
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

/// Series in which numbers, histograms of several layouts, gaps and stale markers take turns.
@Suite struct HistogramRangeTests {
    private func store(using random: inout SeededGenerator) -> InMemoryStore {
        var store = InMemoryStore()
        for key in 0..<4 {
            var sequence = SampleSequence()
            var time: Int64 = 0
            var counts = [0.0, 0, 0]
            var isNumber = false
            while time < 900_000 {
                time += Int64.random(in: 1...(Bool.random(using: &random) ? 15_000 : 70_000), using: &random)
                switch Int.random(in: 0..<20, using: &random) {
                case 0: sequence.append(.stale, at: time)
                case 1: counts = [0, 0, 0]
                case 2: isNumber = key > 1 ? Bool.random(using: &random) : false
                default: break
                }
                for index in counts.indices { counts[index] += Double(Int.random(in: 0...3, using: &random)) }
                if isNumber {
                    sequence.append(.number(counts[0]), at: time + 1)
                    continue
                }
                let isCustom = key == 3 && Int.random(in: 0..<6, using: &random) == 0
                let histogram = NativeHistogram(
                    schema: isCustom ? -53 : Int32.random(in: 0...1, using: &random),
                    counterReset: Int.random(in: 0..<9, using: &random) == 0 ? .gauge : .unknown,
                    count: counts.reduce(0, +), sum: counts[1], positiveSpans: [.init(offset: 0, length: 3)],
                    positiveBuckets: counts, customValues: isCustom ? [1, 2] : [])
                sequence.append(.histogram(HistogramDescription(histogram, hasHint: true)), at: time + 1)
            }
            let labels = LabelSet([Label("__name__", "h"), Label("k", "\(key % 3)"), Label("n", "\(key)")])
            store.add(labels, sequence.samples)
            store.add(labels, sequence.histograms)
        }
        return store
    }

    /// What moving windows give must be what each window gives by itself.
    @Test(arguments: [
        "h", "rate(h[90s])", "increase(h[5m])", "delta(h[45s])", "irate(h[2m])", "idelta(h[2m])", "resets(h[3m])",
        "changes(h[3m])", "sum_over_time(h[100s])", "avg_over_time(h[100s])", "min_over_time(h[100s])",
        "count_over_time(h[100s])", "last_over_time(h[10s])", "first_over_time(h[70s])", "stddev_over_time(h[100s])",
        "sum by (k) (h)", "avg(h)", "count(h)", "topk(2, h)", "limitk(2, h)", "limit_ratio(0.5, h)", "-h", "h * 2",
        "h + on(n) group_left h offset 1m", "h == h", "h or h offset 1m", "h and h offset 1m", "h unless h offset 2m",
        "max_over_time(h[2m:20s])", "rate(h[1m:7s] offset 13s)", "count_values(\"v\", h)", "absent(h)",
        "histogram_quantile(0.8, h)", "histogram_fraction(0, 2, h)", "histogram_count(rate(h[2m]))",
        "histogram_stddev(h)", "h @ 200", "label_replace(h, \"k\", \"x\", \"k\", \"0\")", "timestamp(h)", "h </ 1.5",
    ])
    func rangeEqualsInstants(_ query: String) throws {
        var random = SeededGenerator.seeded("rangeEqualsInstants \(query)")
        let engine = PromQLEngine(store: store(using: &random))
        guard
            case .matrix(let series) = try engine.range(
                query, from: 0, through: 1_200_000, step: 17_000, budget: QueryBudget()
            ).value
        else {
            Issue.record("expected a matrix")
            return
        }
        for time in stride(from: Int64(0), through: 1_200_000, by: 17_000) {
            guard case .vector(let samples) = try engine.instant(query, at: time, budget: QueryBudget()).value else {
                Issue.record("expected a vector")
                return
            }
            let wanted = Dictionary(samples.map { ($0.labels, text($0.histogram, $0.value)) }) { first, _ in first }
            var got: [LabelSet: String] = [:]
            for element in series {
                if let index = element.samples.timestamps.firstIndex(of: time) {
                    got[element.labels] = text(nil, element.samples.values[index])
                }
                if let index = element.histograms.timestamps.firstIndex(of: time) {
                    #expect(got[element.labels] == nil, "a number and a histogram at \(time)")
                    got[element.labels] = text(element.histograms.histograms[index], 0)
                }
            }
            #expect(got == wanted, "\(query) at \(time)")
        }
    }

    private func text(_ histogram: NativeHistogram?, _ value: Double) -> String {
        histogram.map { "\($0.schema) \($0)" } ?? "\(value)"
    }

    /// A window that only touches numbers gives what it gives without the histograms.
    @Test func histogramsOutsideOfTheWindowDoNotMatter() throws {
        let labels = LabelSet([Label("__name__", "m_total")])
        let numbers = SampleColumns(timestamps: [0, 10_000, 20_000, 30_000], values: [1, 3, 2, 9])
        var store = InMemoryStore()
        store.add(labels, numbers)
        var both = store
        both.add(
            labels,
            HistogramColumns(timestamps: [-90_000, 90_000], histograms: [NativeHistogram(), NativeHistogram()]))
        for query in [
            "rate(m_total[1m])", "sum_over_time(m_total[1m])", "stdvar_over_time(m_total[1m])",
            "quantile_over_time(0.3, m_total[1m])", "resets(m_total[1m])", "last_over_time(m_total[1m])",
        ] {
            let results = try [store, both].map { store in
                let engine = PromQLEngine(store: store)
                let result = try engine.range(query, from: 30_000, through: 40_000, step: 5000, budget: QueryBudget())
                #expect(result.annotations.isEmpty)
                guard case .matrix(let series) = result.value else { return [Double]() }
                return series.flatMap(\.samples.values)
            }
            #expect(results[0] == results[1] && !results[0].isEmpty, "\(query)")
        }
    }
}
