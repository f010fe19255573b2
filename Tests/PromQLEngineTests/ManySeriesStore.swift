import Synchronization
import TelemetryModel
import TimeSeriesStore

/// Series `m{i="0"…}` with a sample every ten seconds from 0 on, which are made when they are asked for and take no memory
/// before. Counts how often it is read.
final class ManySeriesStore: TimeSeriesStore {
    private let count: Int
    private let samples: Int
    private let labels: @Sendable (Int) -> LabelSet
    private let afterRead: @Sendable (QueryBudget) -> Void
    private let reads = Atomic<Int>(0)

    /// - Parameters:
    ///   - labels: of the series of a number; by default its name and that number.
    ///   - afterRead: what happens when a read is done.
    init(
        _ count: Int, samples: Int = 1, labels: (@Sendable (Int) -> LabelSet)? = nil,
        afterRead: @escaping @Sendable (QueryBudget) -> Void = { _ in }
    ) {
        self.count = count
        self.samples = samples
        self.labels = labels ?? { LabelSet([Label("__name__", "m"), Label("i", "\($0)")]) }
        self.afterRead = afterRead
    }

    var readCount: Int { reads.load(ordering: .relaxed) }

    func select(_ selection: SeriesSelection, budget: QueryBudget) throws -> [SelectedSeries] {
        reads.add(1, ordering: .relaxed)
        let times = (0..<Int64(samples)).map { $0 * 10_000 }.filter(selection.range.contains)
        guard !times.isEmpty else { return [] }
        var selected: [SelectedSeries] = []
        for number in 0..<count {
            if number % 1024 == 0 { try budget.check() }
            let labels = labels(number)
            guard selection.matchers.allSatisfy({ $0.accepts(labels) }) else { continue }
            try budget.charge(series: 1)
            try budget.charge(samples: times.count)
            let values = times.map { Double(number) + Double($0 % 7) }
            selected.append(SelectedSeries(labels: labels, samples: SampleColumns(timestamps: times, values: values)))
        }
        afterRead(budget)
        return selected.sorted { $0.labels < $1.labels }
    }

    func series(_ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget) throws -> [LabelSet] { [] }

    func labelNames(_ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget) throws -> [String] {
        []
    }

    func labelValues(
        of name: String, _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [String] { [] }

    func events(_ selection: EventSelection, budget: QueryBudget) throws -> [OperationalEvent] { [] }
}
