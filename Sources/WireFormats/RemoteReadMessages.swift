package import NativeHistograms
package import TelemetryModel

/// The messages of a remote-read answer, in the forms of Prometheus' `types.proto` and `remote.proto`.
extension ProtobufWriter {
    /// `Label`s, of a `TimeSeries` as of a `ChunkedSeries` field 1.
    package mutating func labels(_ labels: LabelSet) {
        for label in labels.labels {
            message(1) { message in
                message.string(1, label.name)
                message.string(2, label.value)
            }
        }
    }

    /// A `Sample`, field 2 of a `TimeSeries`.
    package mutating func sample(timestamp: Int64, value: Double) {
        message(2) { message in
            if value.bitPattern != 0 { message.double(1, value) }
            if timestamp != 0 { message.int64(2, timestamp) }
        }
    }

    /// A `Histogram` with floating-point counts, field 4 of a `TimeSeries`.
    ///
    /// - Parameter start: when its counting began, which only version 2 of remote write has a field for; 0 for none.
    package mutating func histogram(timestamp: Int64, _ histogram: NativeHistogram, start: Int64 = 0) {
        message(4) { message in
            message.double(2, histogram.count)
            message.double(3, histogram.sum)
            if histogram.schema != 0 { message.sint32(4, histogram.schema) }
            message.double(5, histogram.zeroThreshold)
            message.double(7, histogram.zeroCount)
            message.spans(8, histogram.negativeSpans)
            message.doubles(10, histogram.negativeBuckets)
            message.spans(11, histogram.positiveSpans)
            message.doubles(13, histogram.positiveBuckets)
            if histogram.counterReset != .unknown { message.varint(14, UInt64(histogram.counterReset.rawValue)) }
            if timestamp != 0 { message.int64(15, timestamp) }
            message.doubles(16, histogram.customValues)
            if start != 0 { message.int64(17, start) }
        }
    }

    /// `BucketSpan`s.
    private mutating func spans(_ number: Int, _ spans: [NativeHistogram.Span]) {
        for span in spans {
            message(number) { message in
                if span.offset != 0 { message.sint32(1, span.offset) }
                if span.length != 0 { message.varint(2, UInt64(span.length)) }
            }
        }
    }

    /// A `Chunk`, field 2 of a `ChunkedSeries`; encoding 1 is XOR.
    package mutating func xorChunk(_ chunk: XORChunk) {
        message(2) { message in
            if chunk.firstTimestamp != 0 { message.int64(1, chunk.firstTimestamp) }
            if chunk.lastTimestamp != 0 { message.int64(2, chunk.lastTimestamp) }
            message.varint(3, 1)
            message.bytes(4, chunk.bytes)
        }
    }
}
