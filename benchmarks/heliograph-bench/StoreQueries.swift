import PromQLEngine
import TelemetryModel
import TimeSeriesStore

/// Queries inside the process: no HTTP, no JSON.
struct StoreQueries {
    let store: any TimeSeriesStore

    private struct Timing {
        var milliseconds: [Double] = []
        var cpuMilliseconds: [Double] = []
    }

    /// Each query's median of ten after two warm-ups.
    func run(_ queries: [ComparedQuery], label: String, runs: Int = 10, into report: inout Report) throws {
        for query in queries {
            var size = 0
            let timing = try measure(runs: runs) { size = try answer(query) }
            report.add(
                "\(query.name) \(label)", timing.milliseconds.median, "ms",
                "[CPU \(String(rounded: timing.cpuMilliseconds.median))] \(size) series")
        }
    }

    /// The targets that are about the store and its statistics rather than about a server.
    func runLong(_ workload: Workload, into report: inout Report) throws {
        let one = [
            LabelMatcher("__name__", .equal("cpu_usage")),
            LabelMatcher("source_id", .equal(Workload.sourceID(0))),
        ]
        var count = 0
        let select = try measure(runs: 20) {
            let selection = SeriesSelection(matchers: one, range: .all)
            count = try store.select(selection, budget: QueryBudget()).reduce(0) { $0 + $1.samples.count }
        }
        guard count == workload.steps else {
            throw Unexpected(description: "select of one series: expected \(workload.steps) samples, found \(count)")
        }
        report.add(
            "select 1 series, \(workload.steps) samples", select.milliseconds.median, "ms",
            "[CPU \(String(rounded: select.cpuMilliseconds.median))] median of 20")

        let average = ComparedQuery.all(of: workload).first { $0.name == "L2" }
        guard let average else { return }
        let summarised = try measure(runs: 10) { _ = try answer(average) }
        let decoding = StoreQueries(store: DecodingStore(store: store))
        let decoded = try measure(runs: 10) { _ = try decoding.answer(average) }
        report.add("avg_over_time(m[1d]) with statistics", summarised.milliseconds.median, "ms")
        report.add("avg_over_time(m[1d]) decoding everything", decoded.milliseconds.median, "ms")
        report.add(
            "decoding everything / with statistics", decoded.milliseconds.median / summarised.milliseconds.median, "×")
    }

    struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    /// How many series (or values) the answer has.
    private func answer(_ query: ComparedQuery) throws -> Int {
        let budget = QueryBudget(samples: 1_000_000_000)
        let engine = PromQLEngine(store: store)
        let range = TimeRange(from: query.start * 1000, through: query.end * 1000)
        switch query.kind {
        case .range:
            let result = try engine.range(
                query.expression, from: range.from, through: range.through, step: query.step * 1000, budget: budget)
            return result.value.seriesCount
        case .instant:
            return try engine.instant(query.expression, at: range.through, budget: budget).value.seriesCount
        case .series:
            return try store.series([PromQLEngine.matchers(query.expression)], in: range, budget: budget).count
        case .labelValues:
            return try store.labelValues(of: query.expression, [], in: range, budget: budget).count
        }
    }

    private func measure(runs: Int, _ body: () throws -> Void) throws -> Timing {
        var timing = Timing()
        for run in -2..<runs {
            let cpu = CPUClock.process.nanoseconds
            let began = ContinuousClock.now
            try body()
            let wall = ContinuousClock.now - began
            guard run >= 0 else { continue }
            timing.milliseconds.append(wall / .milliseconds(1))
            timing.cpuMilliseconds.append(Double(CPUClock.process.nanoseconds - cpu) / 1e6)
        }
        return timing
    }
}

extension QueryValue {
    var seriesCount: Int {
        switch self {
        case .scalar, .string: 1
        case .vector(let samples): samples.count
        case .matrix(let series): series.count
        }
    }
}
