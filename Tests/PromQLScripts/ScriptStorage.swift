package import TelemetryModel
package import TimeSeriesStore

/// What one `load` adds to one series.
package struct LoadedSeries {
    package let labels: LabelSet
    /// Ascending, stale markers included.
    package var samples = SampleColumns()
    package var histograms = HistogramColumns()
    /// Of those samples.
    package var starts = StartColumns()

    package init(labels: LabelSet) { self.labels = labels }
}

/// Where a script's data go.
package protocol ScriptStorage {
    /// Beside what is there.
    mutating func load(_ series: [LoadedSeries]) throws
    /// Away with everything.
    mutating func clear() throws
    var store: any TimeSeriesStore { get }
}

/// Keeps the data in a dictionary.
package struct MemoryStorage: ScriptStorage {
    private var memory = InMemoryStore()

    package init() {}

    package mutating func load(_ series: [LoadedSeries]) {
        for one in series {
            memory.add(one.labels, one.samples)
            if !one.histograms.isEmpty { memory.add(one.labels, one.histograms) }
            if !one.starts.isEmpty { memory.add(one.labels, one.starts) }
        }
    }

    package mutating func clear() { memory = InMemoryStore() }

    package var store: any TimeSeriesStore { memory }
}
