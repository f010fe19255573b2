import ChunkCodec
import IngestLog
import NativeHistograms
import TelemetryModel

extension DecoderUnderTest {
    static let stored =
        [batchPayload, labelSetJSON]
        + [
            codec("chunk") { bytes throws(ChunkCorruption) in
                var (timestamps, values) = ([Int64](), [Double]())
                try ChunkCodec.decode(bytes, intoTimestamps: &timestamps, values: &values)
                return "\(timestamps) \(values.map(\.bitPattern))"
            },
            codec("chunk-timestamps") { bytes throws(ChunkCorruption) in
                var timestamps: [Int64] = []
                try ChunkCodec.decodeTimestamps(bytes, into: &timestamps)
                let bounds = try ChunkCodec.timestampBounds(bytes)
                let middle = timestamps[timestamps.count / 2]
                var part: [Int64] = []
                let range = try bytes.withUnsafeBufferPointer { bytes throws(ChunkCorruption) in
                    try ChunkCodec.decodeTimestamps(
                        UnsafeRawBufferPointer(bytes), from: middle, through: .max, into: &part)
                }
                return "\(timestamps) \(bounds) \(range) \(part)"
            },
            codec("chunk-values") { bytes throws(ChunkCorruption) in
                var values: [Double] = []
                try ChunkCodec.decodeValues(bytes, into: &values)
                return "\(values.map(\.bitPattern))"
            },
            codec("chunk-histograms") { bytes throws(ChunkCorruption) in
                var histograms: [NativeHistogram] = []
                try ChunkCodec.decodeHistograms(bytes, into: &histograms)
                return "\(histograms.count) \(histograms.first.map { "\($0)" } ?? "")"
            },
        ]

    /// A batch as it lies in the log.
    private static let batchPayload: DecoderUnderTest = {
        var decoder = DecoderUnderTest("batch-payload", of: ["BatchPayload"]) {
            { input in
                var account = DecodingAccount()
                // Runs make many records of few bytes; so many are not written down here.
                guard BatchPayload.recordCount(input) ?? 0 <= 1 << 12 else { return account }
                do throws(LogCorruption) {
                    let batch = try BatchPayload.decode(input)
                    let written = BatchPayload.encode(batch)
                    account.note("\(batch.count) \(DecodingAccount.digest(written))")
                    // Not the same bytes, as others may say the same; and numbers that are none differ from themselves.
                    let again = try BatchPayload.decode(written)
                    account.require(BatchPayload.encode(again) == written, "written and read, it is another batch")
                } catch {
                    account.note("\(error)")
                }
                return account
            }
        }
        decoder.sealed = { input in
            let sum = input.withUnsafeBytes { BatchPayload.checksum(of: $0) }
            return input + littleEndian(sum)
        }
        return decoder
    }()

    private static let labelSetJSON: DecoderUnderTest = {
        var decoder = DecoderUnderTest("label-set-json", of: ["LabelSet+JSON"]) {
            { input in
                var account = DecodingAccount()
                guard let labels = LabelSet(json: String(decoding: input, as: UTF8.self)) else { return account }
                account.note(labels, size: input.count)
                account.require(LabelSet(json: labels.json) == labels, "written and read, they are others")
                return account
            }
        }
        decoder.tokens = ["{", "}", "\"", ":", ",", "\\u0000", "\\", "\"a\":\"b\""]
        return decoder
    }()

    private static let chunkSources = [
        "ChunkCodec", "ChunkCodec+Buffers", "ChunkCodec+Timestamps", "ChunkCodec+Values", "HistogramColumn",
    ]

    private static func codec(
        _ name: String, _ decode: @escaping @Sendable ([UInt8]) throws(ChunkCorruption) -> String
    ) -> DecoderUnderTest {
        var decoder = DecoderUnderTest(name, of: chunkSources) {
            { input in
                var account = DecodingAccount()
                do throws(ChunkCorruption) {
                    account.note(try decode(input))
                } catch {
                    account.note("\(error)")
                }
                return account
            }
        }
        decoder.sealed = { input in
            input + littleEndian(CRC32C.checksum(of: input.span, byteCount: input.count))
        }
        return decoder
    }

    private static func littleEndian(_ sum: UInt32) -> [UInt8] {
        stride(from: UInt32(0), to: 32, by: 8).map { UInt8(truncatingIfNeeded: sum >> $0) }
    }
}

extension BatchPayload {
    /// What a payload says; nil for none.
    fileprivate static func recordCount(_ payload: [UInt8]) -> UInt64? {
        var count: UInt64 = 0
        for (place, byte) in payload.dropFirst().prefix(10).enumerated() {
            count |= UInt64(byte & 0x7F) << UInt64(7 * place)
            if byte < 0x80 { return count }
        }
        return nil
    }
}
