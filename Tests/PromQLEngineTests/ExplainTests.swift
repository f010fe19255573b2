import PromQLEngine
import PromQLScripts
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@Suite struct ExplainTests {
    private func explain(
        _ query: String, _ store: any TimeSeriesStore = ManySeriesStore(10, samples: 361), steps: Int64? = nil
    ) throws -> QueryExplanation {
        let engine = PromQLEngine(store: store)
        let result =
            if let steps {
                try engine.range(
                    query, from: 0, through: (steps - 1) * 60_000, step: 60_000, budget: QueryBudget(), explains: true)
            } else {
                try engine.instant(query, at: 3_600_000, budget: QueryBudget(), explains: true)
            }
        return try #require(result.explanation)
    }

    @Test func nothingIsSaidUnlessItIsAskedFor() throws {
        let engine = PromQLEngine(store: ManySeriesStore(1))
        #expect(try engine.instant("m", at: 0, budget: QueryBudget()).explanation == nil)
    }

    @Test func thePlanIsTheTree() throws {
        let plan = try explain("sum by (i) (rate(m{i!=\"x\"}[5m])) / 2", steps: 61).plan
        #expect(plan.kind == .binary && plan.text == "sum by (i) (rate(m{i!=\"x\"}[5m])) / 2")
        #expect(plan.children.map(\.kind) == [.aggregation, .number])
        let rate = plan.children[0].children[0]
        let selector = rate.children[0]
        #expect(rate.text == "rate(m{i!=\"x\"}[5m])" && rate.kind == .function)
        #expect(selector.text == "m{i!=\"x\"}[5m]" && selector.kind == .matrixSelector)
        for node in [plan, plan.children[0], rate] { #expect(node.series == 10 && node.steps == 61, "\(node.text)") }
        let selection = try #require(selector.selection)
        #expect(selection.matchers.map(\.description) == ["__name__=\"m\"", "i!=\"x\""])
        #expect(selection.range == TimeRange(from: -299_999, through: 3_600_000))
        #expect(selection.series == 10 && selection.samples == 3610 && selection.reads == 1)
        #expect(!selection.isNewestEnough && !selection.allowsSummaries)
        #expect([plan, rate, selector].map(\.samples) == [3610, 3610, 3610])
        #expect(plan.children[1].evaluations == 1 && plan.children[1].series == nil)
    }

    /// Checks that each node's time is its own and that of those below it.
    private func checkTimes(_ node: QueryPlan) -> Duration {
        let below = node.children.reduce(Duration.zero) { $0 + checkTimes($1) }
        #expect(node.ownTime >= .zero && node.totalTime == node.ownTime + below, "\(node.text)")
        return node.totalTime
    }

    @Test func timesAddUp() throws {
        for query in [
            "sum(m) + max_over_time((abs(m))[10m:1m] @ 0)", "info(m)", "timestamp(m)", "m smoothed",
            "topk(scalar(vector(2)), m)",
        ] { #expect(checkTimes(try explain(query, steps: 61).plan) > .zero) }
    }

    @Test func whatIsDecidedIsSaid() throws {
        let constant = try explain("m @ 600 + m", steps: 61).plan
        #expect(constant.children[0].notes == ["evaluated once: it is the same at every step"])
        #expect(constant.children[0].steps == 1 && constant.children[1].steps == 61)
        #expect(constant.children[0].selection?.isNewestEnough == true)
        #expect(constant.children[1].selection?.isNewestEnough == false)
        let subquery = try explain("max_over_time(m[1h:1m])").plan.children[0]
        #expect(subquery.kind == .subquery && subquery.steps == 1 && subquery.children[0].steps == 60)
        let shared = try explain("m / m").plan
        #expect(shared.children[1].notes == ["the value of the same expression elsewhere in the query"])
        #expect(shared.children[1].selection == nil && shared.samples == 300)
    }

    @Test func summariesAreCounted() throws {
        var samples = InMemoryStore()
        let times = (0..<2000).map { Int64($0) * 1000 }
        samples.add(
            LabelSet([Label("__name__", "m")]), SampleColumns(timestamps: times, values: times.map { Double($0) }))
        let store = SummarisingStore(samples, random: SeededGenerator(seed: 7))
        let engine = PromQLEngine(store: store)
        let result = try engine.instant("avg_over_time(m[1h])", at: 1_999_000, budget: QueryBudget(), explains: true)
        let selection = try #require(result.explanation?.plan.children[0].selection)
        #expect(selection.allowsSummaries && selection.summaries > 0)
        #expect(selection.summaries == store.summaryCount)
        #expect(selection.samples + selection.summarizedSamples == 2000)
    }

    /// The mean of numbers whose sum overflowed in the store is worked out from samples.
    @Test func readingAgainCountsOnce() throws {
        var samples = InMemoryStore()
        let times = (0..<2000).map { Int64($0) * 1000 }
        let values = [Double](repeating: 1e308, count: times.count)
        samples.add(LabelSet([Label("__name__", "m")]), SampleColumns(timestamps: times, values: values))
        let store = SummarisingStore(samples, random: SeededGenerator(seed: 7))
        let result = try PromQLEngine(store: store).instant(
            "1 + avg_over_time(m[1h])", at: 1_999_000, budget: QueryBudget(), explains: true)
        let plan = try #require(result.explanation?.plan)
        #expect(checkTimes(plan) > .zero)
        let selector = plan.children[1].children[0]
        #expect(selector.notes == ["read again sample by sample: statistics could not serve"])
        #expect(selector.evaluations == 2 && selector.series == 1 && selector.steps == 2)
        #expect(selector.selection?.reads == 2)
    }

    @Test func plansHaveBounds() throws {
        let arguments = String(repeating: ", \"i\"", count: 10_000)
        let plan = try explain("label_join(m, \"j\", \",\"\(arguments))").plan
        #expect(plan.children.count + plan.omittedChildren == 10_003 && plan.children.count < 2000)
        #expect(plan.text.utf8.count < 310 && plan.text.hasSuffix("…"))
        let accents = try explain("count(m{i!=\"" + String(repeating: "é", count: 400) + "\"})").plan
        #expect(accents.text.unicodeScalars.allSatisfy { $0 != "\u{FFFD}" })
    }
}
