import PromQLEngine
import PromQLScripts
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@Suite struct SummaryTests {
    private static let stale = Double(bitPattern: 0x7ff0_0000_0000_0002)

    private static func series(_ number: Int) -> LabelSet {
        LabelSet([Label("__name__", "m"), Label("k", "\(number)")])
    }

    private static func store(_ columns: SampleColumns...) -> InMemoryStore {
        var store = InMemoryStore()
        for (number, samples) in columns.enumerated() { store.add(series(number), samples) }
        return store
    }

    /// Gaps, and now and then a stale marker; some series have NaN, some infinities, some are long and have neither.
    private static func samples(_ number: Int, _ random: inout SeededGenerator) -> SampleColumns {
        var samples = SampleColumns()
        var time = Int64.random(in: -50_000...50_000, using: &random)
        let odd: [Double] = [[stale], [stale, .nan], [stale, .infinity], [stale, .infinity, -.infinity]][number % 4]
        let count = Int.random(in: 1...(number % 2 == 0 ? 400 : 60), using: &random)
        while samples.count < count {
            samples.timestamps.append(time)
            let isOdd = Int.random(in: 0..<30, using: &random) == 0
            let plain = Double(Int.random(in: -1000...1000, using: &random)) / 10
            samples.values.append(isOdd ? odd.randomElement(using: &random) ?? 0 : plain)
            let isGap = Int.random(in: 0..<20, using: &random) == 0
            time += isGap ? Int64.random(in: 1...400_000, using: &random) : [1, 1000, 15_000][number % 3]
        }
        return samples
    }

    /// Values by labels and time; instant queries are grids of one step.
    private func values(
        _ store: any TimeSeriesStore, _ query: String, _ from: Int64, _ step: Int64, _ count: Int64
    ) throws -> [LabelSet: SampleColumns] {
        let engine = PromQLEngine(store: store)
        var out: [LabelSet: SampleColumns] = [:]
        if step == 0 {
            guard case .vector(let samples) = try engine.instant(query, at: from, budget: QueryBudget()).value else {
                return [:]
            }
            for sample in samples {
                out[sample.labels] = SampleColumns(timestamps: [sample.timestamp], values: [sample.value])
            }
        } else {
            let through = from + (count - 1) * step
            let result = try engine.range(query, from: from, through: through, step: step, budget: QueryBudget())
            guard case .matrix(let series) = result.value else { return [:] }
            for element in series { out[element.labels] = element.samples }
        }
        return out
    }

    @Test func summariesChangeNothing() throws {
        var random = SeededGenerator.seeded("summariesChangeNothing")
        var summaryCount = 0
        for _ in 0..<60 {
            var plain = InMemoryStore()
            for number in 0..<6 { plain.add(Self.series(number), Self.samples(number, &random)) }
            let summarising = SummarisingStore(plain, random: SeededGenerator(seed: random.next()))
            let length = ["1ms", "7s", "40s", "5m", "1h"].randomElement(using: &random) ?? ""
            let shift =
                ["", " offset 13s", " offset -2m", " @ 200", " @ start()", " @ end() offset 1m"]
                .randomElement(using: &random) ?? ""
            let from = Int64.random(in: -60_000...400_000, using: &random)
            let step: Int64 = [0, 1, 997, 15_000, 60_000, 600_000].randomElement(using: &random) ?? 0
            let count = Int64.random(in: 1...60, using: &random)
            for function in ["sum", "avg", "min", "max", "count", "present"] {
                let inner = "\(function)_over_time(m[\(length)]\(shift))"
                for query in [inner, "last_over_time((\(inner))[3m:40s])", "time() + \(inner)"] {
                    let expected = try values(plain, query, from, step, count)
                    let given = try values(summarising, query, from, step, count)
                    let place = "\(query) from \(from), \(count) steps of \(step) ms"
                    #expect(Set(given.keys) == Set(expected.keys), "\(place)")
                    for (labels, samples) in expected {
                        #expect(given[labels]?.timestamps == samples.timestamps, "\(place), \(labels)")
                        // No sum of magnitudes is above 40,000 here: 1e-8 is 1e-12 of that, and less than any difference of values.
                        let isExact = !query.contains("sum") && !query.contains("avg")
                        for (got, wanted) in zip(given[labels]?.values ?? [], samples.values) {
                            let isSame = got == wanted || got.isNaN && wanted.isNaN
                            let isRight = isSame || !isExact && abs(got - wanted) <= 4e-8
                            #expect(isRight, "\(place), \(labels): \(got) is not \(wanted)")
                        }
                    }
                }
            }
            summaryCount += summarising.summaryCount
        }
        #expect(summaryCount > 4000, "the store summarises too little")
    }

    private static let tenMinutes = SampleColumns(
        timestamps: (0..<60).map { $0 * 10_000 }, values: (0..<60).map(Double.init))

    /// The store hears of exactly the windows that will be looked at.
    @Test(arguments: [
        ("sum_over_time(m[1m])", WindowGrid(firstEnd: 100_000, step: 30_000, count: 8, length: 60_000)),
        ("avg_over_time(m[90s] offset 5s)", WindowGrid(firstEnd: 95_000, step: 30_000, count: 8, length: 90_000)),
        ("min_over_time((m[1m] offset -5s))", WindowGrid(firstEnd: 105_000, step: 30_000, count: 8, length: 60_000)),
        ("max_over_time(m[1m] @ 200)", WindowGrid(firstEnd: 200_000, step: 0, count: 1, length: 60_000)),
        ("count_over_time(m[1m] @ end() offset 1s)", WindowGrid(firstEnd: 309_000, step: 0, count: 1, length: 60_000)),
        ("present_over_time(m[1m] @ start())", WindowGrid(firstEnd: 100_000, step: 0, count: 1, length: 60_000)),
        (
            "max_over_time(sum_over_time(m[20s])[1m:15s])",
            WindowGrid(firstEnd: 45_000, step: 15_000, count: 18, length: 20_000)
        ),
        ("rate(m[1m])", nil), ("increase(m[1m])", nil), ("delta(m[1m])", nil), ("last_over_time(m[1m])", nil),
        ("stddev_over_time(m[1m])", nil), ("quantile_over_time(0.5, m[1m])", nil), ("m", nil),
        ("absent_over_time(m[1m])", nil), ("sum_over_time(m[1m:10s])", nil),
    ])
    func windowsOfRangeQueries(_ query: String, _ windows: WindowGrid?) throws {
        let store = SummarisingStore(Self.store(Self.tenMinutes), random: SeededGenerator(seed: 1))
        _ = try PromQLEngine(store: store).range(
            query, from: 100_000, through: 310_000, step: 30_000, budget: QueryBudget())
        #expect(store.grids == [windows])
    }

    @Test func windowsOfInstantQueries() throws {
        let store = SummarisingStore(Self.store(Self.tenMinutes), random: SeededGenerator(seed: 1))
        let engine = PromQLEngine(store: store)
        for query in ["sum_over_time(m[1m])", "sum_over_time(m[1m] @ 200)", "m[1m]"] {
            _ = try engine.instant(query, at: 90_000, budget: QueryBudget())
        }
        let windows = [90_000, 200_000].map { WindowGrid(firstEnd: $0, step: 0, count: 1, length: 60_000) }
        #expect(store.grids == windows + [nil])
    }

    /// What costs little to read is charged little.
    @Test func summariesSpareTheBudget() throws {
        let samples = SampleColumns(timestamps: (0..<4000).map { $0 * 10 }, values: (0..<4000).map(Double.init))
        let store = SummarisingStore(Self.store(samples), random: SeededGenerator(seed: 1))
        let budget = QueryBudget()
        _ = try PromQLEngine(store: store).instant("sum_over_time(m[1h])", at: 40_000, budget: budget)
        let inner = store.summaryCount
        #expect(inner > 0 && budget.samplesCharged < 2000)
    }

    /// The mean of values whose sum overflows cannot be had from their sum.
    @Test func meansOfSumsThatOverflow() throws {
        let big = Double.greatestFiniteMagnitude
        let steps = (0..<100).map { Int64($0) * 1000 }
        let kinds: [(value: (Int) -> Double, mean: Double)] = [
            ({ _ in big }, big), ({ _ in -big }, -big), ({ $0 == 50 ? -.infinity : big }, -.infinity),
            ({ $0 == 50 ? .infinity : big }, .infinity), ({ $0 % 2 == 0 ? .infinity : -.infinity }, .nan),
            ({ $0 % 2 == 0 ? big : -big }, 0), ({ $0 < 50 ? big : -big }, 0), ({ $0 < 99 ? big : .nan }, .nan),
        ]
        for (number, kind) in kinds.enumerated() {
            let plain = Self.store(SampleColumns(timestamps: steps, values: (0..<100).map(kind.value)))
            let stores: [any TimeSeriesStore] = [plain, SummarisingStore(plain, random: SeededGenerator(seed: 3))]
            for store in stores {
                let given = try values(store, "avg_over_time(m[100s])", 99_000, 1000, 1).values.first?.values.first
                let isRight = given.map {
                    kind.mean.isNaN ? $0.isNaN : $0 == kind.mean || abs($0 / kind.mean - 1) < 1e-15
                }
                #expect(isRight == true, "kind \(number): \(given ?? 0) is not \(kind.mean)")
            }
        }
    }
}
