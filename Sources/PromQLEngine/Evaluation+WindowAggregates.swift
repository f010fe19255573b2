import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

extension Evaluation {
    /// What `Part` makes of the windows of a range vector at every step that has a sample in its window. The store may
    /// answer a selector with summaries.
    func aggregate<Part: WindowAggregate>(
        _ operand: PromQLExpression, _ grid: StepGrid, _: Part.Type
    ) throws -> [StepSeries] {
        let windows = try windows(of: operand, grid, servesSummary: { Part.isServed(by: $0) })
        if windows.hasHistograms { return try aggregateBoth(windows, Part.self) }
        let ends = windows.ends
        return try ParallelChunks.map(windows.series, samples: windows.sampleCount) { [budget] part in
            var panes = WindowPanes<Part>()
            return try part.compactMap { series in
                try budget.charge(samples: windows.grid.count)
                return Self.column(of: series, ends, windows.length, &panes).map { values in
                    StepSeries(labels: series.labels, dropsName: true, values: values)
                }
            }
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

    /// `aggregate` where some series have histograms; those come without summaries.
    private func aggregateBoth<Part: WindowAggregate>(_ windows: WindowSet, _: Part.Type) throws -> [StepSeries] {
        try outcomes(windows) { series in
            if series.histograms.isEmpty {
                var panes = WindowPanes<Part>()
                let values = Self.column(of: series, windows.ends, windows.length, &panes)
                return WindowOutcome(
                    series: values.map { StepSeries(labels: series.labels, dropsName: true, values: $0) })
            }
            var remarks = WindowRemarks(metricName: series.labels.metricName ?? "")
            let column = series.eachWindow(windows) { Part.point($0, &remarks) }
            return WindowOutcome(
                series: column.isEmpty ? nil : StepSeries(labels: series.labels, dropsName: true, column: column),
                remarks: remarks.all)
        }
    }
}
