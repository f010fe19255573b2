package import NativeHistograms

/// What a series of differences has come to: its running total, and the interval that was added last.
package struct DeltaTotal: Sendable, Equatable {
    package var reference: SeriesReference
    /// When the running total began: nanoseconds since 1970-01-01T00:00:00Z; 0 if that is not known.
    package var start: UInt64
    /// Of the interval that was added last; equal to `start` of a total with one interval.
    package var intervalStart: UInt64
    /// The end of that interval: what is added next begins there.
    package var end: UInt64
    /// Of a number.
    package var value: Double
    /// Of a histogram; then `value` is of no meaning.
    package var histogram: NativeHistogram?

    package init(
        reference: SeriesReference, start: UInt64, intervalStart: UInt64, end: UInt64, value: Double,
        histogram: NativeHistogram? = nil
    ) {
        self.reference = reference
        self.start = start
        self.intervalStart = intervalStart
        self.end = end
        self.value = value
        self.histogram = histogram
    }
}
