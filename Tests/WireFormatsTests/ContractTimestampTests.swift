import Foundation
import TestSupport
import Testing

@testable import WireFormats

/// Time stamps against Foundation's calendar.
@Suite struct ContractTimestampTests {
    private func read(_ text: String) -> ContractTimestamp.Outcome {
        let bytes = Array(text.utf8)
        return ContractTimestamp.read(bytes.span, ByteRange(start: 0, end: bytes.count))
    }

    private func digits(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    @Test func everyDayOfTheRange() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        var expected: Int64 = 0
        var clock = ContractTimestamp()
        for year in 1970...2099 {
            for month in 1...12 {
                let first = try #require(calendar.date(from: DateComponents(year: year, month: month, day: 1)))
                let length = try #require(calendar.range(of: .day, in: .month, for: first)).count
                for day in 1...31 {
                    let text = "\(year)-\(digits(month, 2))-\(digits(day, 2))T00:00:00Z"
                    let quoted = Array((text + "\"").utf8)
                    if day <= length {
                        #expect(read(text) == .milliseconds(expected), "\(text)")
                        #expect(clock.readCommon(quoted.span, at: 0)?.milliseconds == expected, "\(text)")
                        expected += 86_400_000
                    } else {
                        #expect(read(text) == .malformed, "\(text)")
                        #expect(clock.readCommon(quoted.span, at: 0) == nil, "\(text)")
                    }
                }
            }
        }
        #expect(expected - 1 == ContractTimestamp.latest)
    }

    @Test func bothReadersAgreeOnMutatedTimes() {
        var generator = SeededGenerator.seeded("bothReadersAgreeOnMutatedTimes")
        let alphabet = Array("0123456789-:.TtZz +9".utf8)
        var clock = ContractTimestamp()
        var common = 0
        for _ in 0..<60_000 {
            var bytes = Array("2026-05-04T23:59:59.123Z".utf8)
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
                    alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            let exact = ContractTimestamp.read(bytes.span, ByteRange(start: 0, end: bytes.count))
            let quoted = bytes + [ASCII.quote]
            if let (milliseconds, quote) = clock.readCommon(quoted.span, at: 0) {
                #expect(
                    exact == .milliseconds(milliseconds) && quote == bytes.count,
                    "\(String(decoding: bytes, as: UTF8.self))")
                common += 1
            }
        }
        #expect(common > 15_000)
    }
}
