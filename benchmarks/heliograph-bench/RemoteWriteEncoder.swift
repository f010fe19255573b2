import CSnappy
import TelemetryModel

/// Remote write 1.0: the protobuf message `prometheus.WriteRequest` (prompb/remote.proto, prompb/types.proto), compressed as
/// one snappy block.
struct RemoteWriteEncoder: RequestEncoder {
    /// `repeated Label labels = 1` of each series, one after the other: the same in every request.
    private var labelBytes: [UInt8] = []
    private var labelEnds: [Int] = []
    private var message: [UInt8] = []
    private var compressed: [UInt8] = []

    init(_ workload: Workload) {
        for series in 0..<workload.seriesCount {
            for label in workload.labels(of: series) {
                let name = Array(label.name.utf8)
                let value = Array(label.value.utf8)
                labelBytes.append(0x0A)
                let length =
                    2 + Varint.byteCount(UInt64(name.count)) + Varint.byteCount(UInt64(value.count)) + name.count
                    + value.count
                Varint.append(UInt64(length), to: &labelBytes)
                for (tag, text) in [(UInt8(0x0A), name), (0x12, value)] {
                    labelBytes.append(tag)
                    Varint.append(UInt64(text.count), to: &labelBytes)
                    labelBytes += text
                }
            }
            labelEnds.append(labelBytes.count)
        }
    }

    var messageByteCount: Int { message.count }

    mutating func begin() { message.removeAll(keepingCapacity: true) }

    /// Adds `repeated TimeSeries timeseries = 1` with one entry `repeated Sample samples = 2` per timestamp.
    mutating func append(series: Int, samples: Int, sample: (Int) -> (timestamp: Int64, value: Double)) {
        let labels = (series == 0 ? 0 : labelEnds[series - 1])..<labelEnds[series]
        var length = labels.count
        for index in 0..<samples { length += 2 + sampleByteCount(sample(index).timestamp) }
        message.append(0x0A)
        Varint.append(UInt64(length), to: &message)
        message.append(contentsOf: labelBytes[labels])
        for index in 0..<samples {
            let (timestamp, value) = sample(index)
            message.append(0x12)
            message.append(UInt8(sampleByteCount(timestamp)))
            message.append(0x09)
            var bits = value.bitPattern
            for _ in 0..<8 {
                message.append(UInt8(truncatingIfNeeded: bits))
                bits >>= 8
            }
            message.append(0x10)
            Varint.append(UInt64(bitPattern: timestamp), to: &message)
        }
    }

    /// The request's body. Valid until the next call.
    mutating func finish() -> [UInt8] {
        var length = snappy_max_compressed_length(message.count)
        if compressed.count < length { compressed = [UInt8](repeating: 0, count: length) }
        let status = message.withUnsafeBytes { input in
            compressed.withUnsafeMutableBytes { output in
                // Both pointers are valid for the call, and `length` is the room that snappy asks for.
                snappy_compress(
                    input.baseAddress?.assumingMemoryBound(to: CChar.self), input.count,
                    output.baseAddress?.assumingMemoryBound(to: CChar.self), &length)
            }
        }
        precondition(status == SNAPPY_OK, "snappy has all the room that it asked for")
        return Array(compressed[..<length])
    }

    /// Fixed64 value with its tag, varint timestamp with its own: at most 20, so its length is one byte.
    private func sampleByteCount(_ timestamp: Int64) -> Int { 10 + Varint.byteCount(UInt64(bitPattern: timestamp)) }
}

/// Base 128, least significant group first.
enum Varint {
    static func byteCount(_ value: UInt64) -> Int { max(1, (64 - value.leadingZeroBitCount + 6) / 7) }

    static func append(_ value: UInt64, to out: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        out.append(UInt8(rest))
    }
}
