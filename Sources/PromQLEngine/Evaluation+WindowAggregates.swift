import PromQLSyntax
import TimeSeriesStore

extension Evaluation {
    /// What `Part` makes of the windows of a range vector at every step that has a sample in its window. The store may
    /// answer a selector with summaries.
    func aggregate<Part: WindowAggregate>(
        _ operand: PromQLExpression, _ grid: StepGrid, _: Part.Type
    ) throws -> [StepSeries] {
        let windows = try windows(of: operand, grid, servesSummary: { Part.isServed(by: $0) })
        let ends = windows.ends
        return try ParallelChunks.map(windows.series, samples: windows.sampleCount) { [budget] part in
            var panes = WindowPanes<Part>()
            return try part.compactMap { series in
                try budget.charge(samples: windows.grid.count)
                var isEmpty = true
                let samples = series.samples.withoutStaleMarkers
                let values = [Double](unsafeUninitializedCapacity: ends.count) { column, count in
                    samples.timestamps.withUnsafeBufferPointer { times in
                        samples.values.withUnsafeBufferPointer { values in
                            isEmpty = !panes.fill(column, times, values, series.summaries, ends, windows.length)
                        }
                    }
                    count = ends.count
                }
                return isEmpty ? nil : StepSeries(labels: series.labels, dropsName: true, values: values)
            }
        }
    }
}
