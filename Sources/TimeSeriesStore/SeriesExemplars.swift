package import TelemetryModel

/// The exemplars of one series, ascending by time.
package struct SeriesExemplars: Sendable, Equatable {
    package let labels: LabelSet
    package let exemplars: [Exemplar]

    package init(labels: LabelSet, exemplars: [Exemplar]) {
        self.labels = labels
        self.exemplars = exemplars
    }
}

extension TimeSeriesStore {
    /// Of a store that keeps none.
    package func exemplars(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [SeriesExemplars] { [] }
}
