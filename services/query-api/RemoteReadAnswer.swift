import ChunkCodec
import NIOCore
import TelemetryModel
import TimeSeriesStore
import WireFormats

/// A remote-read answer in one piece: message `ReadResponse`, compressed.
enum RemoteReadSamples {
    /// - Throws: `QueryLimitError` if the message needs more memory than the query has left.
    static func answer(_ results: [[SelectedSeries]], budget: QueryBudget) throws(QueryLimitError) -> ByteBuffer {
        var response = ProtobufWriter()
        for series in results {
            try response.message(1) { (result) throws(QueryLimitError) in
                for one in series {
                    let before = result.bytes.count
                    result.message(1) { $0.timeSeries(one) }
                    // Twice, for what compression makes of it lies beside it.
                    try budget.charge(bytes: 2 * (result.bytes.count - before))
                }
            }
        }
        return ByteBuffer(bytes: Snappy.compress(response.bytes.span))
    }
}

extension ProtobufWriter {
    fileprivate mutating func timeSeries(_ series: SelectedSeries) {
        labels(series.labels)
        for index in 0..<series.samples.count {
            sample(timestamp: series.samples.timestamps[index], value: series.samples.values[index])
        }
        for index in 0..<series.histograms.count {
            histogram(timestamp: series.histograms.timestamps[index], series.histograms.histograms[index])
        }
    }
}

/// A remote-read answer as a stream: messages `ChunkedReadResponse`, each behind its length (varint) and its CRC-32C
/// (big-endian). Encoded from where the last piece ended, so that no more than a piece is in memory.
struct RemoteReadStream: Sendable {
    /// A frame holds one series, and ends with the first chunk behind this many bytes.
    static let frameBytes = 1 << 20
    /// A piece ends with the first frame behind this many bytes.
    static let pieceBytes = 256 << 10

    /// By query.
    private let results: [[SelectedSeries]]
    private var query = 0
    private var series = 0
    private var sample = 0

    init(_ results: [[SelectedSeries]]) { self.results = results }

    /// The next frames; nil behind the last one.
    mutating func nextPiece() -> ByteBuffer? {
        var piece: [UInt8] = []
        while piece.count < Self.pieceBytes, query < results.count {
            guard series < results[query].count else {
                query += 1
                series = 0
                continue
            }
            let one = results[query][series]
            if sample < one.samples.count { appendFrame(of: one, to: &piece) }
            if sample >= one.samples.count {
                series += 1
                sample = 0
            }
        }
        return piece.isEmpty ? nil : ByteBuffer(bytes: piece)
    }

    private mutating func appendFrame(of one: SelectedSeries, to piece: inout [UInt8]) {
        var message = ProtobufWriter()
        message.message(1) { series in
            series.labels(one.labels)
            let start = series.bytes.count
            while sample < one.samples.count, series.bytes.count - start < Self.frameBytes {
                var chunk = XORChunk()
                while chunk.count < XORChunk.usualCount, sample < one.samples.count {
                    chunk.append(timestamp: one.samples.timestamps[sample], value: one.samples.values[sample])
                    sample += 1
                }
                series.xorChunk(chunk)
            }
        }
        if query > 0 { message.int64(2, Int64(query)) }
        let checksum = CRC32C.checksum(of: message.bytes.span, byteCount: message.bytes.count)
        var length = ProtobufWriter()
        length.append(varint: UInt64(message.bytes.count))
        piece += length.bytes
        for shift in [24, 16, 8, 0] as [UInt32] { piece.append(UInt8(truncatingIfNeeded: checksum >> shift)) }
        piece += message.bytes
    }
}
