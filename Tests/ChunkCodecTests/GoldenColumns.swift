import ChunkCodec
import Testing

/// One released column of every encoding; `docs/formats/chunk.md` takes two of them apart.
struct GoldenColumn: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var timestamps: [Int64] = []
    var values: [Double] = []

    var testDescription: String { name }

    init(_ name: String, _ hex: String, timestamps: [Int64]) {
        self.name = name
        bytes = GoldenColumn.bytes(hex)
        self.timestamps = timestamps
    }

    init(_ name: String, _ hex: String, values: [Double]) {
        self.name = name
        bytes = GoldenColumn.bytes(hex)
        self.values = values
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.utf8.filter { $0 != UInt8(ascii: " ") }.map { UInt8($0 < 0x3A ? $0 - 0x30 : $0 - 0x57) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// What decoding these bytes as this column's content gives; the error if they do not decode.
    func decode(_ bytes: [UInt8]) -> Result<([Int64], [UInt64]), ChunkCorruption> {
        var times: [Int64] = [7]
        var decoded: [Double] = [7]
        do throws(ChunkCorruption) {
            if timestamps.isEmpty {
                try ChunkCodec.decodeValues(bytes, into: &decoded)
            } else {
                try ChunkCodec.decodeTimestamps(bytes, into: &times)
            }
            return .success((Array(times.dropFirst()), decoded.dropFirst().map(\.bitPattern)))
        } catch {
            // What was there stays, and nothing is added.
            precondition(times == [7] && decoded == [7], "a failed decode leaves the columns as they were")
            return .failure(error)
        }
    }

    static let all: [GoldenColumn] = [
        GoldenColumn(
            "steady timestamps", "020580a0abfef96298753656146b",
            timestamps: (0..<5).map { 1_700_000_000_000 + Int64($0) * 15_000 }),
        GoldenColumn(
            "framed timestamps, line", "030680a0abfef962c0a8a5040303904e810000010498cab5010000040e1a8cad",
            timestamps: CorruptionTests.goldenColumns.timestamps),
        GoldenColumn(
            "framed timestamps, steps", "030c86a0abfef96286890a010104009eea01b40ebeb40e0eaf5a12dc",
            timestamps: (0..<12).map { index in
                let jitter: [Int64] = [3, -2, 0, 5, -4, 1]
                return 1_700_000_000_000 + Int64(index) * 15_000 + jitter[index % 6]
            }),
        GoldenColumn(
            "framed timestamps with a plane",
            "03cc0800f8894301410000ca0f14604b037500003804060103050002010041e82f46660ba837",
            timestamps: (0..<1_100).map { (index: Int) -> Int64 in Int64(index) * 1_000 + Int64(index * index % 7) }),
        GoldenColumn("constant decimal", "040301d206b8c9a158", values: [42.5, 42.5, 42.5]),
        GoldenColumn("constant pattern", "04021f000000000000f87f182f9393", values: [.nan, .nan]),
        GoldenColumn(
            "plain decimals", "0506020008e820324b19649600bcfadad4", values: [21.5, 21.75, 21.25, 22, 22.5, 21]),
        GoldenColumn(
            "decimals with a factor", "05088080200003020a07b91e17f7b2",
            values: [12_288, 8_192, 20_480, 16_384, 4_096, 12_288, 28_672, 24_576]),
        GoldenColumn(
            "counter", "050c000102d00f0acff33ce0fd3e6c",
            values: (0..<12).map { (index: Int) -> Double in Double(1_000 + index * 7 + index % 3) }),
        GoldenColumn(
            "changes", "050c0002000ac801900378dc4c75",
            values: (0..<12).map { (index: Int) -> Double in Double(index * index * 100 + 5) }),
        GoldenColumn(
            "decimals with units", "050c210004022046817302a500010002003475e77d",
            values: [0.1, 0.30000000000000004, 0.7, 0.5, 0.2, 0.9, 0.4, 0.8, 0.3, 0.1, 0.6, 1.1]),
        GoldenColumn(
            "decimals with exceptions",
            "051042000700808c6c0900c896808c4c06c8c8960205ffffffffffffffffff0100400000000000000000020000000000f0ff66f8c3dc",
            values: [
                0, 0.25, 0.5, 0.75, 0, -0.0, 0.5, 0.75, 0, 0.25, 0.5, Double(bitPattern: 0x7ff0_0000_0000_0002), 0,
                0.25,
                0.5, 0.75,
            ]),
        GoldenColumn(
            "frame with exceptions", "0528000083000207ca110500e8620a5d4ca18b297431850ea6d0c50002f122f25e",
            values: (0..<40).map { (index: Int) -> Double in index == 7 || index == 31 ? 9_000 : Double(index * 5 % 7) }
        ),
        GoldenColumn(
            "binary", "0605660082aeb4a1c4eafe9019010497da90a2b5bfc80c0000c901c8a8511b",
            values: [.pi, Double.pi.nextUp, Double.pi.nextDown, Double.pi.nextUp.nextUp, -.pi]),
        GoldenColumn(
            "patterns", "070c00010080808080808080f8ff0102a69ebad4",
            values: (0..<12).map { Double(bitPattern: 0x7ff8_0000_0000_0000 | UInt64($0)) }),
        GoldenColumn(
            "XOR", "08043ff19999a0000000c257ff800e187ff555557042adecb9",
            values: ([1.1, 2.2, 4.4, 1.7] as [Float]).map { Double($0) }),
        GoldenColumn(
            "raw", "0903f1debc9a785634121032547698badcfe182d4454fb2109400d2ddbc7",
            values: [Double(bitPattern: 0x1234_5678_9abc_def1), Double(bitPattern: 0xfedc_ba98_7654_3210), .pi]),
    ]
}
