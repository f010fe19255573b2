import NativeHistograms
import PromQLEngine
import PromQLScripts
import TelemetryModel
import Testing
import TimeSeriesStore

@Suite struct RemarkTests {
    private static let steps = 4000

    /// Series `h{i="0"…}`, which are histograms at every step and NaN in no bucket, and `n{i="0"…}`, which are numbers.
    private func store() -> InMemoryStore {
        var store = InMemoryStore()
        let times = (0..<Int64(Self.steps)).map { $0 * 1000 }
        let histogram = NativeHistogram(
            counterReset: .gauge, count: 6, sum: .nan, positiveSpans: [.init(offset: 0, length: 2)],
            positiveBuckets: [2, 1])
        let columns = HistogramColumns(
            timestamps: times, histograms: [NativeHistogram](repeating: histogram, count: times.count))
        let numbers = SampleColumns(timestamps: times, values: [Double](repeating: 1, count: times.count))
        for key in 0..<4 {
            store.add(LabelSet([Label("__name__", "h"), Label("i", "\(key)")]), columns)
            store.add(LabelSet([Label("__name__", "n"), Label("i", "\(key)")]), numbers)
        }
        return store
    }

    /// A remark is made at every step of every series. Where it stands is worked out once, however long the query is: each
    /// time would take hours, and the budget has two minutes.
    @Test(
        arguments: [
            ("h > 1", 1), ("h + n", 1), ("max(h)", 1), ("histogram_quantile(0.9, h)", 1),
            ("histogram_fraction(0, 1, h)", 1), ("quantile(2, n)", 1), ("sum({i=\"1\"})", 1),
        ])
    func samePlacesAreFoundOnce(query: String, count: Int) throws {
        let text = String(repeating: "\n", count: 900_000) + query
        let result = try PromQLEngine(store: store()).range(
            text, from: 0, through: Int64(Self.steps - 1) * 1000, step: 1000, budget: QueryBudget())
        #expect(result.annotations.count == count, "\(result.annotations)")
        #expect(result.annotations.allSatisfy { $0.line == 900_001 })
    }
}
