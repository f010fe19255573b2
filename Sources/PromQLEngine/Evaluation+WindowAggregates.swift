import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

extension Evaluation {
    /// What `Part` makes of the windows of a range vector at every step that has a sample in its window. The store may
    /// answer a selector with summaries.
    func aggregate<Part: WindowAggregate>(
        _ operand: PromQLExpression, _ grid: StepGrid, _: Part.Type
    ) throws -> [StepSeries] {
        let windows = try windows(of: operand, grid, allowsSummaries: true)
        do {
            return try aggregate(windows, Part.self)
        } catch is UnservedSummary {
            // Rare, and not the store's to know. What was read in vain is charged as well.
            return try aggregate(windows.withoutSummaries, Part.self)
        }
    }

    private func aggregate<Part: WindowAggregate>(_ windows: WindowSet, _: Part.Type) throws -> [StepSeries] {
        try outcomes(windows) { [budget] series in
            guard series.histograms.isEmpty else {
                // Summaries are of numbers only: a window with histograms in it must see which samples there are.
                guard series.summaries.isEmpty else { throw UnservedSummary() }
                var remarks = WindowRemarks(metricName: series.labels.metricName ?? "")
                let column = try series.eachWindow(windows, budget) { Part.point($0, &remarks) }
                return WindowOutcome(
                    series: column.isEmpty ? nil : StepSeries(labels: series.labels, dropsName: true, column: column),
                    remarks: remarks.all)
            }
            guard series.summaries.allSatisfy(Part.isServed) else { throw UnservedSummary() }
            var panes = WindowPanes<Part>()
            let values = Self.column(of: series, windows.ends, windows.length, &panes)
            return WindowOutcome(
                series: values.map { StepSeries(labels: series.labels, dropsName: true, values: $0) })
        }
    }

    /// Nil if there is no value at any step.
    private static func column<Part: WindowAggregate>(
        of series: WindowedSeries, _ ends: MomentTrack, _ length: Int64, _ panes: inout WindowPanes<Part>
    ) -> [Double]? {
        var isEmpty = true
        let samples = series.samples.withoutStaleMarkers
        let values = [Double](unsafeUninitializedCapacity: ends.count) { column, count in
            samples.timestamps.withUnsafeBufferPointer { times in
                samples.values.withUnsafeBufferPointer { values in
                    isEmpty = !panes.fill(column, times, values, series.summaries, ends, length)
                }
            }
            count = ends.count
        }
        return isEmpty ? nil : values
    }
}

/// The function must see samples for which the store has put a summary.
private struct UnservedSummary: Error {}
