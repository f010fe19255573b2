import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

@Suite struct RemoteReadTests {
    private func uncompress(_ block: [UInt8], limit: Int) throws -> [UInt8] {
        try Snappy.uncompress(block.span, limit: limit)
    }

    @Test func snappyGoesThereAndBack() throws {
        let contents: [[UInt8]] = [
            [], [7], [UInt8](repeating: 3, count: 100_000), (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* $0) },
        ]
        for content in contents {
            let block = Snappy.compress(content.span)
            #expect(try uncompress(block, limit: content.count) == content)
            guard !content.isEmpty else { continue }
            #expect(throws: SnappyError.tooLarge(limit: content.count - 1)) {
                try uncompress(block, limit: content.count - 1)
            }
            #expect(throws: SnappyError.damaged) { try uncompress(Array(block.dropLast()), limit: 1 << 20) }
        }
        #expect(throws: SnappyError.damaged) { try uncompress([], limit: 10) }
        #expect(throws: SnappyError.damaged) { try uncompress([0xFF, 0xFF], limit: 10) }
    }

    private var message: [UInt8] {
        var request = ProtobufWriter()
        request.message(1) { query in
            query.int64(1, -5)
            query.int64(2, 1_767_225_600_000)
            query.message(3) { matcher in
                matcher.string(2, "__name__")
                matcher.string(3, "up")
            }
            query.message(3) { matcher in
                matcher.varint(1, 3)
                matcher.string(2, "ort")
                matcher.string(3, "é.*")
            }
            query.message(4) { hints in hints.int64(1, 30_000) }
        }
        request.bytes(2, [1, 0])
        return request.bytes
    }

    @Test func requestsAreRead() throws {
        let request = try RemoteReadRequest(message)
        #expect(request.queries.count == 1)
        let query = try #require(request.queries.first)
        #expect(query.from == -5 && query.through == 1_767_225_600_000)
        #expect(
            query.matchers == [
                .init(type: .equal, name: "__name__", value: "up"),
                .init(type: .doesNotMatch, name: "ort", value: "é.*"),
            ])
        #expect(request.responseType == .streamedXORChunks)
        #expect(try RemoteReadRequest([]).responseType == .samples)
        #expect(try RemoteReadRequest([0x10, 0x09]).responseType == nil, "an unknown type")
        #expect(try RemoteReadRequest([0x10, 0x09, 0x10, 0x00]).responseType == .samples)
    }

    /// Cut off or changed anywhere, a message is refused or read as another, and nothing else happens.
    @Test func brokenMessagesAreNoTrap() {
        let message = message
        for length in 0..<message.count { _ = try? RemoteReadRequest(Array(message.prefix(length))) }
        var random = SeededGenerator.seeded("brokenMessagesAreNoTrap")
        for _ in 0..<20_000 {
            var changed = message
            changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            _ = try? RemoteReadRequest(changed)
        }
        #expect(throws: ProtobufError.self) { try RemoteReadRequest([0x0A, 0x7F]) }
        #expect(throws: ProtobufError.self) { try RemoteReadRequest([0x0B]) }
        #expect(throws: ProtobufError.self) { try RemoteReadRequest([UInt8](repeating: 0xFF, count: 11)) }
    }

    @Test func chunksReadBack() {
        var random = SeededGenerator.seeded("chunksReadBack")
        for round in 0..<300 {
            var timestamp = Int64.random(in: -1_000...1_767_225_600_000, using: &random)
            var value = Double.random(in: -1e6...1e6, using: &random)
            var samples: [(Int64, Double)] = []
            for _ in 0..<Int.random(in: 1...200, using: &random) {
                samples.append((timestamp, value))
                let steps: [Int64] = [0, 1, 8191, 8192, 8193, 65_536, 65_537, 524_288, 524_289, 1 << 40]
                timestamp &+= round % 2 == 0 ? 15_000 : steps.randomElement(using: &random) ?? 1
                switch Int.random(in: 0..<5, using: &random) {
                case 0: break
                case 1: value = Double(bitPattern: random.next())
                case 2: value += 1
                case 3: value = Double(bitPattern: value.bitPattern ^ 1 << UInt64.random(in: 0...63, using: &random))
                default: value = -value
                }
            }
            var chunk = XORChunk()
            for (timestamp, value) in samples { chunk.append(timestamp: timestamp, value: value) }
            let read = XORChunkReader.samples(chunk.bytes)
            #expect(read.map(\.0) == samples.map(\.0))
            #expect(read.map(\.1.bitPattern) == samples.map(\.1.bitPattern))
            #expect(chunk.firstTimestamp == samples[0].0 && chunk.lastTimestamp == samples[samples.count - 1].0)
        }
    }
}

/// Reads what `XORChunk` writes, by the description of the format alone.
private struct XORChunkReader {
    private let bytes: [UInt8]
    private var position = 0

    static func samples(_ bytes: [UInt8]) -> [(Int64, Double)] {
        var reader = XORChunkReader(bytes: bytes)
        let count = Int(reader.bits(16))
        var samples: [(Int64, Double)] = []
        var delta: Int64 = 0
        var leading = 0
        var trailing = 0
        for index in 0..<count {
            if index == 0 {
                let zigzag = reader.uvarint()
                samples.append(
                    (
                        Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1),
                        Double(bitPattern: reader.bits(64))
                    ))
                continue
            }
            if index == 1 { delta = Int64(bitPattern: reader.uvarint()) } else { delta &+= reader.change() }
            var bits = samples[index - 1].1.bitPattern
            if reader.bits(1) == 1 {
                if reader.bits(1) == 1 {
                    leading = Int(reader.bits(5))
                    let significant = Int(reader.bits(6))
                    trailing = 64 - leading - (significant == 0 ? 64 : significant)
                }
                bits ^= reader.bits(64 - leading - trailing) << UInt64(trailing)
            }
            samples.append((samples[index - 1].0 &+ delta, Double(bitPattern: bits)))
        }
        return samples
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func bits(_ length: Int) -> UInt64 {
        var value: UInt64 = 0
        for _ in 0..<length {
            value = value << 1 | UInt64(bytes[position / 8] >> UInt8(7 - position % 8) & 1)
            position += 1
        }
        return value
    }

    private mutating func uvarint() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = bits(8)
            value |= (byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    /// One, two, three or four bits say how wide the number is; it is kept so that half of its range is positive.
    private mutating func change() -> Int64 {
        for width in [0, 14, 17, 20] where bits(1) == 0 {
            guard width > 0 else { return 0 }
            let value = Int64(bits(width))
            return value > 1 << (width - 1) ? value - 1 << width : value
        }
        return Int64(bitPattern: bits(64))
    }
}
