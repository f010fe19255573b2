import PromQLScripts
import Synchronization
import TelemetryModel
import TestSupport
import TimeSeriesStore

/// A store that answers with a summary of any run of samples that may be summarised, as it pleases.
final class SummarisingStore: TimeSeriesStore {
    private struct State {
        var random: SeededGenerator
        var grids: [WindowGrid?] = []
        var summaryCount = 0
    }

    private let samples: InMemoryStore
    private let state: Mutex<State>

    init(_ samples: InMemoryStore, random: SeededGenerator) {
        self.samples = samples
        state = Mutex(State(random: random))
    }

    /// The windows of all selections so far.
    var grids: [WindowGrid?] { state.withLock { $0.grids } }
    /// How many summaries were given.
    var summaryCount: Int { state.withLock { $0.summaryCount } }

    func select(_ selection: SeriesSelection, budget: QueryBudget) throws -> [SelectedSeries] {
        let selected = try samples.select(selection, budget: QueryBudget())
        return try state.withLock { state in
            state.grids.append(selection.windows)
            return try selected.map { series in
                var answer = series
                if let windows = selection.windows { answer = Self.summarise(series, windows, &state.random) }
                try budget.charge(series: 1)
                try budget.charge(samples: answer.samples.count + answer.summaries.count)
                state.summaryCount += answer.summaries.count
                return answer
            }
        }
    }

    private static func summarise(
        _ series: SelectedSeries, _ windows: WindowGrid, _ random: inout SeededGenerator
    ) -> SelectedSeries {
        let (times, values) = (series.samples.timestamps, series.samples.values)
        var left = SampleColumns()
        var summaries: [SampleSummary] = []
        var index = 0
        while index < times.count {
            // The longest run that is legal, or a shorter one, or none.
            var length = min(times.count - index, [1, 3, 40].randomElement(using: &random) ?? 1)
            while length > 0 {
                let run = index..<index + length
                let counted = values[run].filter { $0.bitPattern != 0x7ff0_0000_0000_0002 }
                if isLegal(times[run], counted, windows) {
                    summaries.append(
                        SampleSummary(
                            firstTimestamp: times[index], lastTimestamp: times[run.upperBound - 1],
                            count: counted.count, sum: counted.reduce(0, +),
                            minimum: counted.reduce(.infinity) { min($0, $1) },
                            maximum: counted.reduce(-.infinity) { max($0, $1) }))
                    break
                }
                length -= 1
            }
            if length == 0 {
                left.timestamps.append(times[index])
                left.values.append(values[index])
                length = 1
            }
            index += length
            if index < times.count, Bool.random(using: &random) {
                left.timestamps.append(times[index])
                left.values.append(values[index])
                index += 1
            }
        }
        return SelectedSeries(labels: series.labels, samples: left, summaries: summaries)
    }

    /// By looking at each window, without the grid's own arithmetic.
    private static func isLegal(_ times: ArraySlice<Int64>, _ counted: [Double], _ windows: WindowGrid) -> Bool {
        guard let first = times.first, let last = times.last, !counted.isEmpty, !counted.contains(where: \.isNaN) else {
            return false
        }
        return (0..<Int64(windows.count)).allSatisfy { index in
            let end = windows.firstEnd + index * windows.step
            let begin = end - windows.length
            return !(first <= begin && begin < last) && !(first <= end && end < last)
        }
    }

    func series(_ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget) throws -> [LabelSet] {
        try samples.series(matcherLists, in: range, budget: budget)
    }

    func labelNames(_ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget) throws -> [String] {
        try samples.labelNames(matcherLists, in: range, budget: budget)
    }

    func labelValues(
        of name: String, _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [String] {
        try samples.labelValues(of: name, matcherLists, in: range, budget: budget)
    }

    func events(_ selection: EventSelection, budget: QueryBudget) throws -> [OperationalEvent] { [] }
}
