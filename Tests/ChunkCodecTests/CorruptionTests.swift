import ChunkCodec
import TestSupport
import Testing

@Suite struct CorruptionTests {
    static let goldenColumns = Columns(
        timestamps: [
            1_700_000_000_000, 1_700_000_015_000, 1_700_000_030_000, 1_700_000_045_003, 1_700_000_060_000,
            1_700_009_000_000,
        ],
        values: [21.5, 21.5, 21.75, -0.0, Double(bitPattern: 0x7ff0_0000_0000_0002), .infinity])
    static let golden: [UInt8] = [
        0x01, 0x06, 0x00, 0x00, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x00, 0xe0, 0x3a, 0x98, 0x40, 0xef, 0x5e, 0x00, 0x88,
        0x2f, 0x4b, 0x40, 0x35, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x71, 0x03, 0x81, 0x1c, 0x03, 0x5f, 0x07, 0xdf,
        0xfe, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x7f, 0xbe, 0x00, 0x00, 0x00, 0x02, 0x2f, 0x27, 0x03, 0x20,
    ]

    @Test func goldenChunkIsWhatWasReleased() throws {
        #expect(Self.goldenColumns.encoded() == Self.golden)
        #expect(try Columns(decoding: Self.golden) == Self.goldenColumns)
    }

    @Test func everyFlippedBitIsRefused() {
        for bit in 0..<(Self.golden.count * 8) {
            var bytes = Self.golden
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(corruption(decoding: bytes) != nil, "bit \(bit)")
        }
    }

    @Test func everyTruncationAndExtensionIsRefused() {
        for count in 0..<Self.golden.count {
            #expect(corruption(decoding: Array(Self.golden[..<count])) != nil, "\(count) bytes")
        }
        for byte in UInt8.min...UInt8.max {
            #expect(corruption(decoding: Self.golden + [byte]) != nil)
        }
    }

    /// The checksum is put right after the damage, so that the stream's own checks are what refuses it, or it decodes
    /// to other samples; neither may trap.
    @Test func everyFlippedBitUnderAValidChecksumIsHandled() {
        for bit in 0..<((Self.golden.count - 4) * 8) {
            var bytes = Self.golden
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            _ = corruption(decoding: Self.sealed(bytes.dropLast(4)))
        }
        for count in 0..<(Self.golden.count - 4) {
            #expect(corruption(decoding: Self.sealed(Self.golden[..<count])) != nil, "\(count) bytes")
        }
    }

    @Test(arguments: 0..<8)
    func randomBytesNeverTrap(seed: UInt64) {
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let size = Int.random(in: 0...120, using: &random)
            var body = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            #expect(corruption(decoding: body) != nil)
            if size > 2 {
                body[0] = 1
                body[1] = UInt8.random(in: 1...127, using: &random)
                // Long runs of ones and zeros reach the rare branches.
                if Bool.random(using: &random) { body = body.map { $0 > 180 ? 0xFF : $0 > 100 ? 0 : $0 } }
                body[0] = 1
            }
            let bytes = Self.sealed(body[...])
            if corruption(decoding: bytes) == nil, let columns = try? Columns(decoding: bytes) {
                #expect(zip(columns.timestamps, columns.timestamps.dropFirst()).allSatisfy { $0 <= $1 })
            }
        }
    }

    @Test(arguments: 0..<8)
    func damagedRealChunksNeverTrap(seed: UInt64) {
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var body = Array(RoundTripTests.randomColumns(using: &random).encoded().dropLast(4))
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                body[Int.random(in: 0..<body.count, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
            }
            _ = corruption(decoding: Self.sealed(body[...]))
            _ = corruption(decoding: Self.sealed(body.prefix(Int.random(in: 0...body.count, using: &random))))
        }
    }

    @Test func faultsAreNamed() {
        #expect(corruption(decoding: [])?.fault == .tooShort(minimumByteCount: 22, byteCount: 0))
        #expect(corruption(decoding: [UInt8](repeating: 0, count: 40))?.fault == .unknownEncoding(code: 0))
        var counted = Self.golden
        counted[1] = 0
        #expect(corruption(decoding: counted)?.fault == .invalidSampleCount)
        // 6 in two bytes instead of one.
        #expect(corruption(decoding: [1, 0x86, 0] + Self.golden.dropFirst(2))?.fault == .invalidSampleCount)
        #expect(
            corruption(decoding: Self.sealed(Self.golden.dropLast(4) + [0]))?.fault == .bitsAfterLastSample)
        counted[1] = 100
        #expect(corruption(decoding: Self.sealed(counted.dropLast(4))) != nil)
        // Two samples announced, of which only the first value is there: the bits beyond read as zero.
        let short: [UInt8] = [1, 10] + [UInt8](repeating: 0, count: 17)
        #expect(corruption(decoding: Self.sealed(short[...]))?.fault == .streamEndsEarly(sampleCount: 10))
        let descending: [UInt8] =
            [1, 2] + [0x7F] + [UInt8](repeating: 0xFF, count: 7)
            // Step +1 beyond Int64.max as 10 0000001, then a value of 64 zero bits and a repeat.
            + [0b1000_0000, 0b1000_0000] + [UInt8](repeating: 0, count: 8)
        #expect(corruption(decoding: Self.sealed(descending[...]))?.fault == .timestampsDescend(sampleIndex: 1))
        let message = corruption(decoding: [])?.description ?? ""
        #expect(message.contains("expected at least 22 bytes, found 0"))
    }

    @Test func checksumIsCastagnoli() {
        // RFC 3720, appendix B.4: 32 bytes of zeros, of ones, ascending.
        #expect(Self.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(Self.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(Self.checksum(Array(0..<32)) == 0x46DD_794E)
        // The codec's own sums agree with the bitwise definition.
        let stored = Self.golden.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        #expect(stored == Self.checksum(Array(Self.golden.dropLast(4))))
    }

    static func sealed(_ body: ArraySlice<UInt8>) -> [UInt8] {
        let sum = checksum(Array(body))
        return body + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt32($0))) }
    }

    /// CRC-32C bit by bit, as the polynomial defines it.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0x82F6_3B78 }
        }
        return ~sum
    }
}
