import TimeSeriesStore

extension PartialSeries {
    /// As `details`, one for each part also if none has any.
    var detailsOfParts: [SampleDetails] {
        details.isEmpty ? Array(repeating: .empty, count: parts.count) : details
    }

    var selectedWithDetails: SelectedSeries {
        let columns = SampleColumns.merged(parts).columns
        let details = SampleDetails.merged(Array(zip(parts.map(\.timestamps), detailsOfParts)))
        return SelectedSeries(
            labels: labels, samples: columns.numbers(details),
            histograms: HistogramColumns(
                timestamps: details.histograms.timestamps, histograms: details.histograms.values),
            starts: StartColumns(timestamps: details.starts.timestamps, starts: details.starts.values),
            summaries: summaries)
    }
}
