package import NativeHistograms
package import TimeSeriesStore

/// Samples of one series as a store would give them back.
package struct SampleSequence {
    package private(set) var samples = SampleColumns()
    package private(set) var histograms = HistogramColumns()
    /// The last sample, if that was a histogram.
    private var previous: NativeHistogram?

    package init() {}

    private static let staleMarker = Double(bitPattern: 0x7ff0_0000_0000_0002)

    package mutating func append(_ point: SeriesDescription.Point, at time: Int64) {
        switch point {
        case .number(let number): append(number, at: time)
        case .stale: append(Self.staleMarker, at: time)
        case .histogram(let description): append(description.histogram, at: time)
        case .missing: break
        }
    }

    package mutating func append(_ number: Double, at time: Int64) {
        samples.timestamps.append(time)
        samples.values.append(number)
        previous = nil
    }

    /// What was appended since the last call.
    package mutating func take() -> (SampleColumns, HistogramColumns) {
        defer { (samples, histograms) = (SampleColumns(), HistogramColumns()) }
        return (samples, histograms)
    }

    /// What is known of counter resets is what Prometheus' storage says: of gauges that they are, and of a histogram that
    /// continues the one before, with the same kind of buckets, that counting went on.
    package mutating func append(_ histogram: NativeHistogram, at time: Int64) {
        var stored = histogram
        if stored.counterReset != .gauge {
            var bare = histogram
            if bare.counterReset == .notReset { bare.counterReset = .unknown }
            if let previous, previous.counterReset != .gauge, previous.schema == bare.schema,
                previous.zeroThreshold == bare.zeroThreshold, previous.customValues == bare.customValues,
                !bare.isReset(after: previous)
            {
                stored.counterReset = .notReset
            } else {
                stored.counterReset = .unknown
            }
        }
        histograms.timestamps.append(time)
        histograms.histograms.append(stored)
        previous = stored
    }
}
