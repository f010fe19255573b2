import NativeHistograms
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
