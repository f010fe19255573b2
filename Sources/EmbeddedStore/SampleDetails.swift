import NativeHistograms
import TimeSeriesStore

/// What one sample has beside its time, or in place of its value.
struct SampleDetail: Sendable {
    /// Instead of a number.
    var histogram: NativeHistogram?
    /// When its counting began, milliseconds since 1970-01-01T00:00:00Z.
    var startTimestamp: Int64?

    var isEmpty: Bool { histogram == nil && startTimestamp == nil }

    /// Bit for bit.
    func isSame(as other: SampleDetail) -> Bool {
        guard startTimestamp == other.startTimestamp else { return false }
        switch (histogram, other.histogram) {
        case (nil, nil): return true
        case (let own?, let other?): return own.hasSameBits(as: other)
        default: return false
        }
    }
}

/// Native histograms and start timestamps of some of a series' samples.
///
/// Everywhere in the store a sample that is a histogram is also in the column of numbers, with `valueBesideHistogram` there:
/// times, order, duplicates, late data, counts, deletes and retention know numbers only, and what is here goes with the
/// samples by their times. A query's answer has the histograms' samples taken out of the numbers (`selected`).
struct SampleDetails: Sendable {
    /// The value of a histogram's sample in a column of numbers: it takes next to no room there, and says nothing.
    static let valueBesideHistogram = 0.0

    var histograms = SparseColumn<NativeHistogram>()
    var starts = SparseColumn<Int64>()

    static let empty = SampleDetails()

    var isEmpty: Bool { histograms.isEmpty && starts.isEmpty }

    /// What a query is charged for them, beside their samples: in samples of 16 bytes.
    var weight: Int {
        starts.count
            + histograms.values.reduce(0) { sum, histogram in
                sum + 16 + (histogram.positiveBuckets.count + histogram.negativeBuckets.count) / 2
            }
    }

    func detail(at time: Int64) -> SampleDetail {
        SampleDetail(histogram: histograms.value(at: time), startTimestamp: starts.value(at: time))
    }

    /// - Precondition: all times of `later` are after those here.
    mutating func append(contentsOf later: SampleDetails) {
        histograms.append(contentsOf: later.histograms)
        starts.append(contentsOf: later.starts)
    }

    func within(_ range: TimeRange) -> SampleDetails {
        SampleDetails(histograms: histograms.within(range), starts: starts.within(range))
    }

    /// Those of the samples with these indices.
    func within(_ samples: Range<Int>, of times: [Int64]) -> SampleDetails {
        within(TimeRange(from: times[samples.lowerBound], through: times[samples.upperBound - 1]))
    }

    func without(_ ranges: [TimeRange]) -> SampleDetails {
        SampleDetails(histograms: histograms.without(ranges), starts: starts.without(ranges))
    }

    /// Those of `SampleColumns.merged`: of several samples at one time the latest part's counts, with all that it has.
    ///
    /// - Parameter parts: each with the times of all of its samples, ascending.
    static func merged(_ parts: [(times: [Int64], details: SampleDetails)]) -> SampleDetails {
        var merged = parts.first?.details ?? .empty
        for (times, details) in parts.dropFirst() {
            merged.histograms = merged.histograms.without(times).joined(with: details.histograms)
            merged.starts = merged.starts.without(times).joined(with: details.starts)
        }
        return merged
    }
}

extension SampleColumns {
    /// The samples that are numbers.
    func numbers(_ details: SampleDetails) -> SampleColumns {
        if details.histograms.isEmpty { return self }
        if details.histograms.count == count { return SampleColumns() }
        let column = SparseColumn(timestamps: timestamps, values: values).without(details.histograms.timestamps)
        return SampleColumns(timestamps: column.timestamps, values: column.values)
    }
}
