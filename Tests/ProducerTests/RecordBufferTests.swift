import Foundation
import Testing

@testable import Producer

@Suite struct RecordBufferTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test(
        arguments: [
            (0, 0, "0"), (0, 2, "0.00"), (5, 2, "0.05"), (-5, 3, "-0.005"), (12_345, 2, "123.45"), (100, 2, "1.00"),
            (-1, 0, "-1"), (Int64.min, 0, "-9223372036854775808"), (Int64.max, 3, "9223372036854775.807"),
        ] as [(Int64, Int, String)])
    func fixedDecimals(number: Int64, decimals: Int, expected: String) {
        var bytes: [UInt8] = []
        bytes.appendFixed(number, decimals: decimals)
        #expect(text(bytes) == expected)
    }

    @Test func anyTextSurvivesAsJSON() throws {
        let scalars = (0..<0x3000).compactMap(Unicode.Scalar.init).map(Character.init)
        let all = String(scalars) + "😀\"\\/\u{2028}"
        var bytes: [UInt8] = []
        bytes.appendJSONString(all)
        #expect(try JSONDecoder().decode(String.self, from: Data(bytes)) == all)
        #expect(!bytes.contains(0x0A))
    }

    @Test func valuesAreWrittenWithoutLoss() throws {
        var random = SeededGenerator(seed: 7)
        var values = [
            0.0, -0.0, 0.1, 1e-300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0x1p53, -17, 1e20, 1e16,
        ]
        for _ in 0..<2000 {
            let value = Double(bitPattern: random.next())
            if value.isFinite { values.append(value) }
        }
        var buffer = RecordBuffer()
        var time = TimestampText()
        time.set(1_760_000_000_123)
        let prefix = RecordPrefix(source: "a", metric: "m")
        for value in values { buffer.append(prefix, at: time, value: value, message: "line\nbreak") }
        let records = try SentRecord.all(in: buffer.bytes)
        #expect(records.map(\.value.bitPattern) == values.map(\.bitPattern))
        #expect(records.allSatisfy { $0.message == "line\nbreak" && $0.timestamp == 1_760_000_000_123 })
        buffer.removeLast(3)
        #expect(try SentRecord.all(in: buffer.bytes).count == values.count - 3 && buffer.count == values.count - 3)
        buffer.removeLast(values.count)
        #expect(buffer.isEmpty && buffer.bytes.isEmpty)
    }

    @Test func everyTimestampIsWhatFoundationSays() {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        var random = SeededGenerator(seed: 3)
        var text = TimestampText()
        var moments: [Int64] = [0, TimestampText.range.upperBound, 951_782_400_000, 951_868_799_999]
        for _ in 0..<3000 { moments.append(Int64(random.within(0..<Int(TimestampText.range.upperBound)))) }
        for moment in moments {
            text.set(moment)
            let written = String(decoding: text.bytes, as: UTF8.self)
            #expect(TimestampParser.milliseconds(in: written) == moment, "\(written)")
            let date = formatter.date(from: written)
            #expect(date.map { Int64(($0.timeIntervalSince1970 * 1000).rounded()) } == moment, "\(written)")
        }
    }

    @Test(arguments: [
        ("2014-02-14 14:30:00", 1_392_388_200_000), ("2014-02-14T14:30:00Z", 1_392_388_200_000),
        ("2014-02-14T16:30:00.25+02:00", 1_392_388_200_250), ("2014-02-14 09:00:00.1234-0530", 1_392_388_200_123),
        ("1392388200", 1_392_388_200_000), ("1392388200.5", 1_392_388_200_500), ("1392388200123", 1_392_388_200_123),
        ("0", 0), ("1970-01-01 00:00:00", 0), ("2000-02-29 00:00:00", 951_782_400_000),
    ])
    func timestampsAreRead(text: String, milliseconds: Int64) {
        #expect(TimestampParser.milliseconds(in: text) == milliseconds)
    }

    @Test(arguments: [
        "", "x", "2014-02-30 00:00:00", "2014-13-01 00:00:00", "2014-00-01 00:00:00", "2014-02-14 24:00:00",
        "2014-02-14 14:60:00", "2014-02-14 14:30", "2014-02-14", "2014-02-14 14:30:00.", "2014-02-14 14:30:00+25:00",
        "2014-02-14 14:30:00Zx", "1969-12-31 23:59:59", "2100-01-01 00:00:00", "-5", "1e12", "nan", "1.2.3",
        "99999999999999999999999", "2014-02-14 14:30:0٠", "0000-00-00 00:00:00",
    ])
    func otherTextsAreNoTimestamps(text: String) {
        #expect(TimestampParser.milliseconds(in: text) == nil)
    }
}
