import NativeHistograms
import PromQLEngine
import PromQLScripts
import TelemetryModel
import Testing
import TimeSeriesStore

@Suite struct SharedExpressionTests {
    /// How often the store is read, and that the result is the same as of expressions that only look different.
    @Test(
        arguments: [
            ("m / m", 1, "m / (m{i=~\".*\"})"), ("rate(m[5m]) / rate(m[5m])", 1, "rate(m[5m]) / rate(m[5m:10s])"),
            ("rate(m[5m]) / increase(m[5m])", 2, nil), ("m - m offset 10s", 2, nil), ("m + (m)", 1, nil),
            ("sum(m) / count(m)", 1, nil), ("sum by (i) (m) + sum by (i) (m)", 1, nil),
            ("m and m or m unless m", 1, nil),
            ("m + max_over_time(m[1m:10s])", 2, nil), ("max_over_time(m[5m:]) - min_over_time(m[5m:])", 1, nil),
            ("m @ 0 + m @ 0", 1, nil), ("timestamp(m) - timestamp(m)", 1, nil), ("timestamp(m) + m", 2, nil),
            ("vector(1) + vector(1)", 0, nil), ("absent(m) or absent(m)", 1, nil), ("m{i=\"1\"} + m{i=\"2\"}", 2, nil),
        ] as [(String, Int, String?)])
    func sameExpressionsAreReadOnce(query: String, reads: Int, other: String?) throws {
        for steps in [1, 20] as [Int64] {
            let store = ManySeriesStore(5, samples: 100)
            let engine = PromQLEngine(store: store)
            func run(_ query: String) throws -> QueryResult {
                try engine.range(
                    query, from: 600_000, through: 600_000 + steps * 10_000, step: 10_000, budget: QueryBudget())
            }
            let result = try run(query)
            #expect(store.readCount == reads, "\(query)")
            guard let other else { continue }
            guard case .matrix(let found) = result.value, case .matrix(let wanted) = try run(other).value else {
                Issue.record("\(query) and \(other) must both be matrices")
                continue
            }
            #expect(!found.isEmpty && found.map(\.labels) == wanted.map(\.labels))
            #expect(found.map { "\($0.samples.values)" } == wanted.map { "\($0.samples.values)" })
        }
    }

    @Test func remarksComeFromEveryPlace() throws {
        let engine = PromQLEngine(store: ManySeriesStore(2, samples: 100))
        let result = try engine.instant("rate(m[5m]) / rate(m[5m])", at: 600_000, budget: QueryBudget())
        #expect(result.annotations.map(\.range) == [5..<10, 19..<24])
        let again = try engine.instant("quantile(2, m) + quantile(2, m)", at: 600_000, budget: QueryBudget())
        #expect(again.annotations.map(\.range) == [9..<10, 26..<27])
    }

    /// Histograms of which only the totals are read are not those whose buckets are needed.
    @Test func totalsAreNotBuckets() throws {
        var store = InMemoryStore()
        let histogram = NativeHistogram(
            count: 6, sum: 9, positiveSpans: [.init(offset: 0, length: 2)], positiveBuckets: [2, 4])
        store.add(LabelSet([Label("__name__", "h")]), HistogramColumns(timestamps: [0], histograms: [histogram]))
        let result = try PromQLEngine(store: store).instant(
            "histogram_count(h) + histogram_quantile(0.5, h)", at: 0, budget: QueryBudget())
        guard case .vector(let samples) = result.value else {
            Issue.record("\(result.value) is not a vector")
            return
        }
        #expect(samples.count == 1 && samples[0].value.isFinite && samples[0].value > 6)
    }
}
