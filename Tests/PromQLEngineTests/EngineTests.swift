import PromQLEngine
import PromQLScripts
import TelemetryModel
import Testing
import TimeSeriesStore

@Suite struct EngineTests {
    private func labels(_ name: String, _ pairs: KeyValuePairs<String, String> = [:]) -> LabelSet {
        LabelSet([Label("__name__", name)] + pairs.map { Label($0.key, $0.value) })
    }

    private var store: InMemoryStore {
        var store = InMemoryStore()
        for minute in 0..<10 {
            store.add(labels("up", ["job": "a"]), at: Int64(minute) * 60_000, 1)
            store.add(labels("up", ["job": "b"]), at: Int64(minute) * 60_000, Double(minute))
        }
        return store
    }

    private func error(_ query: String, _ options: EngineOptions = EngineOptions()) -> PromQLError? {
        do {
            _ = try PromQLEngine(store: store, options: options).instant(query, at: 0, budget: QueryBudget())
            return nil
        } catch {
            return error as? PromQLError
        }
    }

    @Test func instantKinds() throws {
        let engine = PromQLEngine(store: store)
        guard case .scalar(let time, let number) = try engine.instant("1+1", at: 7, budget: QueryBudget()).value else {
            Issue.record("expected a scalar")
            return
        }
        #expect(time == 7 && number == 2)
        guard case .vector(let samples) = try engine.instant("up", at: 90_000, budget: QueryBudget()).value else {
            Issue.record("expected a vector")
            return
        }
        #expect(samples.map(\.labels) == [labels("up", ["job": "a"]), labels("up", ["job": "b"])])
        #expect(samples.map(\.timestamp) == [90_000, 90_000])
        guard case .matrix(let series) = try engine.instant("up[2m]", at: 120_000, budget: QueryBudget()).value else {
            Issue.record("expected a matrix")
            return
        }
        #expect(series.map(\.samples.timestamps) == [[60_000, 120_000], [60_000, 120_000]])
    }

    @Test func errorsCarryKindAndPlace() {
        let parse = error("sum(up")
        #expect(parse?.kind == .parse)
        #expect(parse?.description.hasPrefix("1:7: parse error: ") == true)
        #expect(error("up{job=~\"(\"}")?.description.hasPrefix("1:4: parse error: invalid regular expression") == true)
        #expect(error("{job=~\".*\"}")?.kind == .parse)
        let execution = error("abs(up) + on() up")
        #expect(execution?.kind == .execution)
        #expect(execution?.range == 0..<17)
    }

    @Test func rangeParametersAreChecked() throws {
        let engine = PromQLEngine(store: store)
        func run(_ from: Int64, _ through: Int64, _ step: Int64) throws {
            _ = try engine.range("up", from: from, through: through, step: step, budget: QueryBudget())
        }
        #expect(throws: PromQLError.self) { try run(0, 10, 0) }
        #expect(throws: PromQLError.self) { try run(0, 10, -1) }
        #expect(throws: PromQLError.self) { try run(10, 0, 1) }
        #expect(throws: PromQLError.self) { try run(0, 11_000, 1) }
        #expect(throws: Never.self) { try run(0, 10_999, 1) }
        #expect(throws: PromQLError.self) { try run(.min, .max, 1) }
        #expect(throws: PromQLError.self) { try run(0, 10, .max) }
        #expect(throws: PromQLError.self) { try engine.instant("up", at: .max, budget: QueryBudget()) }
    }

    @Test func extremeTimesDoNotOverflow() throws {
        let engine = PromQLEngine(store: store)
        for query in [
            "up offset 290y", "up offset -290y", "up[290y]", "up @ 9007199254740",
            "count_over_time(up[290y] @ -9007199254740)",
            "sum_over_time(up[290y:290y])", "timestamp(vector(1))", "year(vector(1e300))",
        ] {
            for time in [Int64.zero, 9_007_199_254_740_991, -9_007_199_254_740_991] {
                #expect(throws: Never.self, "\(query) at \(time)") {
                    try engine.instant(query, at: time, budget: QueryBudget())
                }
            }
        }
    }

    @Test func budgetStopsQueries() {
        let engine = PromQLEngine(store: store)
        #expect {
            try engine.instant("up[10m]", at: 600_000, budget: QueryBudget(samples: 5))
        } throws: { error in
            if case QueryLimitError.tooManySamples(limit: 5, _) = error { true } else { false }
        }
        // A subquery with this many steps would not fit any memory.
        #expect {
            try engine.instant("sum_over_time(vector(1)[100y:1ms])", at: 0, budget: QueryBudget())
        } throws: { error in
            if case QueryLimitError.tooManySamples(limit: 50_000_000, _) = error { true } else { false }
        }
        let cancelled = QueryBudget()
        cancelled.cancel()
        #expect(throws: QueryLimitError.cancelled) { try engine.instant("1", at: 0, budget: cancelled) }
    }

    @Test func lookbackIsAnOption() throws {
        let short = PromQLEngine(store: store, options: EngineOptions(lookbackDelta: 10_000))
        guard case .vector(let samples) = try short.instant("up", at: 70_000, budget: QueryBudget()).value else {
            Issue.record("expected a vector")
            return
        }
        #expect(samples.isEmpty)
    }

    @Test func matchersOfSelectors() throws {
        let matchers = try PromQLEngine.matchers("up{job=~\"a|b\", zone!=\"c\"}")
        #expect(matchers.map(\.description) == ["__name__=\"up\"", "job=~\"a|b\"", "zone!=\"c\""])
        #expect(throws: PromQLError.self) { try PromQLEngine.matchers("up[5m]") }
        #expect(throws: PromQLError.self) { try PromQLEngine.matchers("{job=~\".*\"}") }
    }

    /// Random bits in time and value; what moving windows give must be what each window gives by itself.
    @Test(arguments: [
        "m", "rate(m[90s])", "increase(m[5m])", "delta(m[45s])", "irate(m[2m])", "idelta(m[2m])", "resets(m[3m])",
        "changes(m[3m])", "sum_over_time(m[100s])", "avg_over_time(m[100s])", "min_over_time(m[100s])",
        "max_over_time(m[100s])", "count_over_time(m[100s])", "last_over_time(m[10s])", "first_over_time(m[70s])",
        "stddev_over_time(m[100s])", "quantile_over_time(0.3, m[100s])", "deriv(m[100s])", "predict_linear(m[2m], 60)",
        "sum by (k) (m)", "topk(2, m)", "bottomk(1, m) by (k)", "quantile(0.4, m)", "avg(m) - on() group_right m",
        "m > 3 or m offset 1m", "m and m offset 1m > 5", "m unless (m < 4)", "max_over_time(sum by (k) (m)[2m:20s])",
        "rate(m[1m:7s] offset 13s)", "count_values(\"v\", round(m))", "absent(m > 9)", "m @ 200 + m",
        "scalar(m{k=\"0\"})",
        "label_replace(m, \"k\", \"x\", \"k\", \"0\")", "clamp(m, 2, scalar(m{k=\"1\"}))", "timestamp(m)",
    ])
    func rangeEqualsInstants(_ query: String) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix(state: seed)
        var store = InMemoryStore()
        for key in 0..<4 {
            var samples = SampleColumns()
            var time: Int64 = 0
            while time < 900_000 {
                time += Int64.random(in: 1...(Bool.random(using: &random) ? 15_000 : 70_000), using: &random)
                samples.timestamps.append(time)
                let isStale = Int.random(in: 0..<20, using: &random) == 0
                let value = Double(Int.random(in: 0..<100, using: &random)) / 10
                samples.values.append(isStale ? Double(bitPattern: 0x7ff0_0000_0000_0002) : value)
            }
            store.add(labels("m", ["k": "\(key % 3)", "n": "\(key)"]), samples)
        }
        let engine = PromQLEngine(store: store)
        let range = try engine.range(query, from: 0, through: 1_200_000, step: 17_000, budget: QueryBudget())
        guard case .matrix(let series) = range.value else {
            Issue.record("expected a matrix")
            return
        }
        for time in stride(from: Int64(0), through: 1_200_000, by: 17_000) {
            var expected: [LabelSet: Double] = [:]
            switch try engine.instant(query, at: time, budget: QueryBudget()).value {
            case .vector(let samples): for sample in samples { expected[sample.labels] = sample.value }
            case .scalar(_, let value): expected[.empty] = value
            default: Issue.record("unexpected kind")
            }
            var got: [LabelSet: Double] = [:]
            for element in series {
                if let index = element.samples.timestamps.firstIndex(of: time) {
                    got[element.labels] = element.samples.values[index]
                }
            }
            #expect(Set(got.keys) == Set(expected.keys), "\(query) at \(time), seed \(seed)")
            for (labels, value) in expected {
                let isClose = got[labels]?.isClose(to: value, within: 1e-9) ?? false
                #expect(isClose, "\(query) at \(time), seed \(seed): \(got[labels] ?? .nan) is not \(value)")
            }
        }
    }
}

/// A small seeded generator (Steele, Lea & Flood 2014, SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
