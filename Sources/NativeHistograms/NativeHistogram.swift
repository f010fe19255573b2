/// A whole distribution as one sample, with Prometheus' bucket layouts
/// (https://prometheus.io/docs/specs/native_histograms/). Counts are floating-point, since the result of `rate` is a
/// histogram as well.
package struct NativeHistogram: Sendable, Hashable {
    /// What is known about how a sample follows the one before it.
    package enum CounterReset: UInt8, Sendable, CaseIterable {
        /// Nothing: whoever needs to know compares.
        case unknown = 0
        /// Counting began anew between the two.
        case reset = 1
        case notReset = 2
        /// The histogram is a gauge: its counts may go up and down.
        case gauge = 3
    }

    /// Consecutive buckets: `length` of them, `offset` indices behind the end of the span before (the first one: behind index 0).
    package struct Span: Sendable, Hashable {
        package var offset: Int32
        package var length: UInt32

        package init(offset: Int32, length: UInt32) {
            self.offset = offset
            self.length = length
        }
    }

    /// The schema of histograms whose bucket boundaries are listed in `customValues`.
    package static let customBuckets: Int32 = -53
    /// Exponential schemas: bucket boundaries grow by the factor `2^(2^-schema)`.
    package static let exponentialSchemas: ClosedRange<Int32> = -4...8

    package var schema: Int32
    package var counterReset: CounterReset
    /// Observations of at most this magnitude are in the zero bucket.
    package var zeroThreshold: Double
    package var zeroCount: Double
    /// Observations in all, those that are NaN included.
    package var count: Double
    package var sum: Double
    package var positiveSpans: [Span]
    package var negativeSpans: [Span]
    /// Observations per bucket (not cumulative), as many as the spans have buckets.
    package var positiveBuckets: [Double]
    package var negativeBuckets: [Double]
    /// Upper, inclusive bounds of the buckets, ascending, +∞ left out; empty unless the schema is `customBuckets`.
    package var customValues: [Double]

    package init(
        schema: Int32 = 0, counterReset: CounterReset = .unknown, zeroThreshold: Double = 0, zeroCount: Double = 0,
        count: Double = 0, sum: Double = 0, positiveSpans: [Span] = [], positiveBuckets: [Double] = [],
        negativeSpans: [Span] = [], negativeBuckets: [Double] = [], customValues: [Double] = []
    ) {
        self.schema = schema
        self.counterReset = counterReset
        self.zeroThreshold = zeroThreshold
        self.zeroCount = zeroCount
        self.count = count
        self.sum = sum
        self.positiveSpans = positiveSpans
        self.positiveBuckets = positiveBuckets
        self.negativeSpans = negativeSpans
        self.negativeBuckets = negativeBuckets
        self.customValues = customValues
    }

    package var usesCustomBuckets: Bool { schema == NativeHistogram.customBuckets }
}
