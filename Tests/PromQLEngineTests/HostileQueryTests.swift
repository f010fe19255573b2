import Dispatch
import NativeHistograms
import PromQLEngine
import PromQLScripts
import TelemetryModel
import Testing
import TimeSeriesStore

/// Queries that would take all memory, or for ever, are refused before they do.
@Suite struct HostileQueryTests {
    enum Outcome: Equatable {
        case result(Int)
        case parse, execution, samples, series, memory, timeout
    }

    private static let hour: Int64 = 3_600_000

    private func outcome(
        _ query: String, _ store: any TimeSeriesStore, budget: QueryBudget, options: EngineOptions = EngineOptions(),
        steps: Int64? = nil
    ) throws -> Outcome {
        let engine = PromQLEngine(store: store, options: options)
        do {
            let result =
                if let steps {
                    try engine.range(query, from: 0, through: (steps - 1) * 1000, step: 1000, budget: budget)
                } else {
                    try engine.instant(query, at: Self.hour, budget: budget)
                }
            switch result.value {
            case .vector(let samples): return .result(samples.count)
            case .matrix(let series): return .result(series.count)
            case .scalar, .string: return .result(1)
            }
        } catch let error as PromQLError {
            return error.kind == .parse ? .parse : .execution
        } catch let error as QueryLimitError {
            switch error {
            case .tooManySamples: return .samples
            case .tooManySeries: return .series
            case .tooMuchMemory: return .memory
            case .timedOut, .cancelled: return .timeout
            }
        }
    }

    /// Two minutes for each; what is not refused at once would need hours, or more memory than there is.
    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            (String(repeating: "(", count: 10_000) + "m" + String(repeating: ")", count: 10_000), .parse),
            (String(repeating: "abs(", count: 10_000), .parse), (String(repeating: "-", count: 500_000) + "m", .parse),
            ("m" + String(repeating: " or m", count: 100_000), .parse),
            ("m" + String(repeating: " ^ 2", count: 100_000), .parse),
            ("sum(" + String(repeating: "a", count: (1 << 20) - 10) + ")", .result(0)),
            ("m{i=\"" + String(repeating: "x", count: (1 << 20) - 10) + "\"}", .result(0)),
            ("m{i=\"" + String(repeating: "x", count: 1 << 20) + "\"}", .parse),
            (String(repeating: "{", count: 1 << 20), .parse), (String(repeating: "\"", count: 1 << 20), .parse),
            ("m{" + String(repeating: "i=\"0\",", count: 100_000) + "}", .result(1)),
            ("label_join(m, \"j\", \",\"" + String(repeating: ", \"i\"", count: 50_000) + ")", .result(100)),
            ("sum by (" + String(repeating: "a,", count: 50_000) + "i) (m)", .result(100)),
            ("{}", .parse), ("{i=~\".*\"}", .parse), ("{i=\"\"}", .parse), ("{i!=\"x\"}", .parse),
            ("m{i=~\"(a+)+$\"}", .result(0)), ("m{i=~\"(a|a)*b\"}", .result(0)), ("m{i=~\"a{1000}{1000}\"}", .parse),
            ("m{i=~\"((a{100}){100}){100}\"}", .parse),
            ("m{i=~\"" + String(repeating: "(", count: 50_000) + "\"}", .parse),
            ("label_replace(m, \"j\", \"$1\", \"i\", \"(.*)*(.*)*(.*)*x\")", .result(100)),
            ("label_replace(m, \"j\", \"$1\", \"i\", \"a{1000}{1000}\")", .execution),
            ("topk(1e18, m)", .result(100)), ("topk(-1e300, m)", .result(0)), ("bottomk(Inf, m)", .result(100)),
            ("topk(NaN, m)", .execution), ("limitk(1e300, m)", .result(100)), ("limit_ratio(1e300, m)", .result(100)),
            ("quantile(NaN, m)", .result(1)), ("quantile(-Inf, m)", .result(1)),
            ("quantile_over_time(NaN, m[1h])", .result(100)),
            ("histogram_quantile(NaN, m)", .result(0)), ("round(m, 0)", .result(100)),
            ("predict_linear(m[1h], 1e308)", .result(100)), ("vector(1e308) * 1e308", .result(1)),
            ("avg_over_time(m[1y:1ms])", .samples), ("avg_over_time(vector(1)[100y:1ms])", .samples),
            ("sum_over_time(sum_over_time(m[30d:1s])[30d:1s])", .samples),
            ("m offset 292y", .result(0)), ("m offset -292y", .result(0)), ("m @ 9e18", .parse), ("m @ -9e18", .parse),
            ("m @ Inf", .parse), ("m[293y]", .parse), ("m[0s]", .parse), ("m[1h:0s]", .parse), ("m[-1h]", .parse),
        ] as [(String, Outcome)])
    func areAnsweredAtOnce(query: String, expected: Outcome) throws {
        let store = ManySeriesStore(100, samples: 361)
        let budget = QueryBudget(memory: 2 << 30)
        let found = try outcome(query, store, budget: budget)
        #expect(found == expected, "\(query.prefix(80))")
        #expect(budget.peakBytes <= 2 << 30)
        // The next one is served.
        #expect(try outcome("count(m)", store, budget: QueryBudget()) == .result(1))
    }

    /// What is held grows with the result of every part of a query, not only with what the store gives.
    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            // Series that are the same at every step, or hundreds of columns of one number.
            "m @ 0", "vector(1) * on() group_right m @ 0", "m @ 0 + 1", "{__name__=~\"m\"} @ 0 or m @ 0",
            // More columns than were selected.
            "count_values(\"v\", m @ 0)", "sum by (i) (m @ 0)",
            "label_replace(m @ 0, \"j\", \"x\", \"i\", \".*\")", "max_over_time((m @ 0)[1d:1s])",
        ])
    func memoryIsBoundedBeforeItIsTaken(query: String) throws {
        let store = ManySeriesStore(5000)
        let budget = QueryBudget(samples: .max, memory: 32 << 20)
        #expect(try outcome(query, store, budget: budget, steps: 11_000) == .memory, "\(query)")
    }

    /// Histograms take what their buckets take, not only their place in a column.
    @Test(
        .timeLimit(.minutes(2)),
        arguments: ["h * 2", "rate(h[10s])", "sum(h)", "avg(h)", "h - h offset 10s", "sum_over_time(h[5s])", "-h"])
    func bucketsAreMemory(query: String) throws {
        var store = InMemoryStore()
        let times = (0..<200).map { Int64($0) * 1000 }
        let histograms = times.indices.map { index in
            NativeHistogram(
                count: Double(index) * 2000, positiveSpans: [.init(offset: 0, length: 2000)],
                positiveBuckets: [Double](repeating: Double(index), count: 2000))
        }
        // 3.2 MB of buckets for each column.
        store.add(
            LabelSet([Label("__name__", "h")]), HistogramColumns(timestamps: times, histograms: histograms))
        let budget = QueryBudget(memory: 2 << 20)
        #expect(try outcome(query, store, budget: budget, steps: 200) == .memory, "\(query)")
        let enough = QueryBudget(memory: 40 << 20)
        #expect(try outcome(query, store, budget: enough, steps: 200) == .result(1), "\(query)")
        #expect(enough.peakBytes > 3_000_000, "\(query)")
    }

    /// The same histogram at many steps is one.
    @Test func bucketsThatAreSharedCountOnce() throws {
        var store = InMemoryStore()
        let histogram = NativeHistogram(
            count: 2000, positiveSpans: [.init(offset: 0, length: 2000)],
            positiveBuckets: [Double](repeating: 1, count: 2000))
        store.add(
            LabelSet([Label("__name__", "h")]), HistogramColumns(timestamps: [0], histograms: [histogram]))
        for query in ["h @ 0", "last_over_time(h[1h])", "h @ 0 * 2"] {
            #expect(try outcome(query, store, budget: QueryBudget(memory: 2 << 20), steps: 250) == .result(1))
        }
    }

    @Test func memoryIsGivenBack() throws {
        // 100 columns of 11,000 steps are 9 MB; thirty of them at once would be too much.
        let query = String(repeating: "abs(", count: 30) + "m" + String(repeating: ")", count: 30)
        let budget = QueryBudget(memory: 60 << 20)
        #expect(try outcome(query, ManySeriesStore(100), budget: budget, steps: 11_000) == .result(100))
        #expect(budget.bytesHeld > 0 && budget.bytesHeld < 40 << 20, "\(budget.bytesHeld)")
    }

    @Test(.timeLimit(.minutes(2)))
    func aMillionSeriesAreRefusedOrServed() throws {
        let many = ManySeriesStore(3_000_000)
        let budget = QueryBudget(memory: 2 << 30)
        let engine = PromQLEngine(store: many, options: EngineOptions(lookbackDelta: 2 * Self.hour))
        let error = #expect(throws: QueryLimitError.self) { try engine.instant("count(m)", at: 0, budget: budget) }
        #expect(error == .tooManySeries(limit: 1_000_000, reached: 1_000_001))
        #expect(error?.description.contains("query.max_series (it came to 1000001 before it was stopped)") == true)
        #expect(
            try outcome("count(m)", ManySeriesStore(100_000), budget: QueryBudget(memory: 2 << 30), steps: 1)
                == .result(1))
        #expect(
            try outcome("m", ManySeriesStore(100_000), budget: QueryBudget(memory: 10 << 20), steps: 1) == .memory)
    }

    @Test func limitsNameTheSettingAndWhatCame() {
        #expect(throws: QueryLimitError.tooManySamples(limit: 5, reached: .max)) {
            let budget = QueryBudget(samples: 5)
            try budget.charge(samples: 3)
            try budget.charge(samples: .max)
        }
        let budget = QueryBudget(memory: 1000)
        #expect(throws: QueryLimitError.tooMuchMemory(limit: 1000, reached: .max)) {
            try budget.hold(columns: .max, of: .max)
        }
        for (error, parts) in [
            (QueryLimitError.tooManySamples(limit: 5, reached: 9), ["5 samples", "query.max_samples", "9"]),
            (.tooManySeries(limit: 5, reached: 9), ["5 series", "query.max_series", "9"]),
            (.tooMuchMemory(limit: 5, reached: 9), ["5 bytes", "query.max_memory", "9"]),
            (.timedOut(after: .seconds(3)), ["3.0 seconds", "query.timeout"]),
        ] {
            for part in parts { #expect(error.description.contains(part), "\(error)") }
        }
    }

    @Test(arguments: [1, 1 << 40, 9_223_372_036_854, 1 << 53] as [Int64])
    func anyLookBackIsTaken(_ lookback: Int64) throws {
        let options = EngineOptions(lookbackDelta: lookback)
        for query in ["m", "m offset -292y", "rate(m[1h] anchored)", "rate(m[1h] smoothed)", "m smoothed", "info(m)"] {
            _ = try outcome(query, ManySeriesStore(3), budget: QueryBudget(), options: options)
            _ = try outcome(query, ManySeriesStore(3), budget: QueryBudget(), options: options, steps: 10)
        }
    }

    /// What takes long after the store has answered notices that nobody waits any more: each of these would work for minutes.
    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            ("quantile_over_time(0.5, m[10d])", 1, 80_000), ("mad_over_time(m[10d])", 1, 80_000),
            ("deriv(m[10d])", 1, 80_000), ("double_exponential_smoothing(m[10d], 0.5, 0.5)", 1, 80_000),
            ("sort_by_label(m, \"i\")", 200_000, 1),
            ("label_replace(m, \"j\", \"$1\", \"long\", \"(.*)*(.*)*(.*)*x\")", 2000, 1),
        ])
    func longWorkEndsWhenItIsCancelled(query: String, series: Int, samples: Int) throws {
        let text = String(repeating: "ab", count: 20_000)
        let store = ManySeriesStore(series, samples: samples) { number in
            let labels = [Label("__name__", "m"), Label("i", "\(number)")]
            return LabelSet(labels + (query.contains("long") ? [Label("long", text + "\(number)")] : []))
        } afterRead: { budget in
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(200)) { budget.cancel() }
        }
        let steps: Int64? = samples > 1 ? 800_000 : nil
        let options = EngineOptions(lookbackDelta: 2 * Self.hour, maxStepsPerSeries: 1_000_000)
        let budget = QueryBudget(samples: .max)
        #expect(try outcome(query, store, budget: budget, options: options, steps: steps) == .timeout)
    }
}
