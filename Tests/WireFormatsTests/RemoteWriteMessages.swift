import NativeHistograms
import TelemetryModel

@testable import WireFormats

/// A series as a sender of remote write has it, and the messages of both versions that say the same.
struct SentSeries {
    var labels: [(String, String)]
    var samples: [(timestamp: Int64, value: Double)] = []
    var histograms: [(timestamp: Int64, histogram: NativeHistogram)] = []
    /// Only version 2 can say it.
    var created: Int64 = 0
    /// Only version 2 says it of series.
    var metadata: MetricMetadata?

    init(
        _ labels: [(String, String)], _ samples: [(Int64, Double)] = [], histograms: [(Int64, NativeHistogram)] = [],
        created: Int64 = 0
    ) {
        self.labels = labels
        self.samples = samples.map { ($0.0, $0.1) }
        self.histograms = histograms.map { ($0.0, $0.1) }
        self.created = created
    }

    static func version1(_ series: [SentSeries]) -> [UInt8] {
        var message = ProtobufWriter()
        for one in series {
            message.message(1) { writer in
                for (name, value) in one.labels {
                    writer.message(1) { label in
                        label.string(1, name)
                        label.string(2, value)
                    }
                }
                for sample in one.samples { writer.sample(timestamp: sample.timestamp, value: sample.value) }
                for sample in one.histograms { writer.histogram(timestamp: sample.timestamp, sample.histogram) }
            }
        }
        return message.bytes
    }

    static func version2(_ series: [SentSeries]) -> [UInt8] {
        var symbols = [""]
        func symbol(_ text: String) -> UInt64 {
            if let known = symbols.firstIndex(of: text) { return UInt64(known) }
            symbols.append(text)
            return UInt64(symbols.count - 1)
        }
        var body = ProtobufWriter()
        for one in series {
            body.message(5) { writer in
                var references = ProtobufWriter()
                for (name, value) in one.labels {
                    references.append(varint: symbol(name))
                    references.append(varint: symbol(value))
                }
                writer.bytes(1, references.bytes)
                for sample in one.samples { writer.sample(timestamp: sample.timestamp, value: sample.value) }
                // The same message stands in another field than in version 1.
                for sample in one.histograms {
                    var inner = ProtobufWriter()
                    inner.histogram(timestamp: sample.timestamp, sample.histogram)
                    var reader = ProtobufReader(inner.bytes)
                    if case .bytes(let range)? = (try? reader.next())?.value {
                        writer.bytes(3, Array(inner.bytes[range]))
                    }
                }
                if let metadata = one.metadata {
                    writer.message(5) { message in
                        message.int64(1, Int64(metadata.type.rawValue))
                        message.int64(3, Int64(symbol(metadata.help)))
                        message.int64(4, Int64(symbol(metadata.unit)))
                    }
                }
                if one.created != 0 { writer.int64(6, one.created) }
            }
        }
        var message = ProtobufWriter()
        for text in symbols { message.string(4, text) }
        message.append(body.bytes)
        return message.bytes
    }
}

/// A decoder of remote write with its registry.
struct WriteDecoding {
    let registry: SeriesRegistry
    let decoder: RemoteWriteDecoder

    init(seriesLimit: Int = 1_000_000, maximumRecords: Int = 1_000_000) {
        registry = SeriesRegistry(limit: seriesLimit)
        decoder = RemoteWriteDecoder(registry: registry, maximumRecords: maximumRecords)
    }

    func decode(_ message: [UInt8], _ version: RemoteWriteVersion = .one) throws -> DecodedWrite {
        try decoder.decode(message.span, version: version)
    }

    /// What was taken, one line a record: `labels timestamp value`.
    func lines(_ write: DecodedWrite) -> [String] {
        let batch = write.request.batch
        return batch.timestamps.indices.map { index in
            let histogram = batch.histograms.first { $0.sampleIndex == index }?.histogram
            let start = batch.starts.first { $0.sampleIndex == index }.map { " from \($0.startTimestamp)" } ?? ""
            let value = histogram.map { "\($0)" } ?? String(batch.values[index].bitPattern, radix: 16)
            return "\(registry.labels(of: batch.references[index])) \(batch.timestamps[index]) \(value)\(start)"
        }
    }
}
