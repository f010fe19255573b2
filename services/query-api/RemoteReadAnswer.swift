import ChunkCodec
import TelemetryModel
import TimeSeriesStore
import WireFormats

/// The two forms of a remote-read answer.
enum RemoteReadAnswer {
    /// Frames are about this long at the most.
    static let frameBytes = 1 << 20

    /// Message `ReadResponse`, compressed.
    static func samples(_ results: [[SelectedSeries]]) -> [UInt8] {
        var response = ProtobufWriter()
        for series in results {
            response.message(1) { result in
                for one in series {
                    result.message(1) { message in
                        message.labels(one.labels)
                        for index in 0..<one.samples.count {
                            message.sample(
                                timestamp: one.samples.timestamps[index], value: one.samples.values[index])
                        }
                        for index in 0..<one.histograms.count {
                            message.histogram(
                                timestamp: one.histograms.timestamps[index], one.histograms.histograms[index])
                        }
                    }
                }
            }
        }
        return Snappy.compress(response.bytes.span)
    }

    /// One series as messages `ChunkedReadResponse`, each behind its length (varint) and its CRC-32C (big-endian).
    static func frames(_ series: SelectedSeries, query: Int) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var chunks: [XORChunk] = []
        var bytes = 0
        var chunk = XORChunk()
        func endChunk() {
            guard chunk.count > 0 else { return }
            bytes += chunk.bytes.count
            chunks.append(chunk)
            chunk = XORChunk()
        }
        func endFrame() {
            guard !chunks.isEmpty else { return }
            frames.append(frame(series.labels, chunks, query))
            chunks = []
            bytes = 0
        }
        for index in 0..<series.samples.count {
            chunk.append(timestamp: series.samples.timestamps[index], value: series.samples.values[index])
            if chunk.count == XORChunk.usualCount { endChunk() }
            if bytes >= frameBytes { endFrame() }
        }
        endChunk()
        endFrame()
        return frames
    }

    private static func frame(_ labels: LabelSet, _ chunks: [XORChunk], _ query: Int) -> [UInt8] {
        var message = ProtobufWriter()
        message.message(1) { series in
            series.labels(labels)
            for chunk in chunks { series.xorChunk(chunk) }
        }
        if query > 0 { message.int64(2, Int64(query)) }
        let checksum = CRC32C.checksum(of: message.bytes.span, byteCount: message.bytes.count)
        var frame = ProtobufWriter()
        frame.append(varint: UInt64(message.bytes.count))
        var bytes = frame.bytes
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: checksum >> shift)) }
        return bytes + message.bytes
    }
}
