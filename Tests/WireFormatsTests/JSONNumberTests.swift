import TestSupport
import Testing

@testable import WireFormats

/// Numbers are the nearest doubles, bit for bit as the standard library reads them.
@Suite struct JSONNumberTests {
    private func read(_ text: String) -> Double? {
        let bytes = Array(text.utf8)
        guard case .number(let value, let end) = JSONNumber.read(bytes.span, at: 0, limit: bytes.count),
            end == bytes.count
        else { return nil }
        return value
    }

    @Test func randomDecimals() {
        var generator = SeededGenerator.seeded("randomDecimals")
        for _ in 0..<60_000 {
            let digits = String(
                UInt64.random(in: 0...UInt64.max, using: &generator) >> UInt64.random(in: 0..<64, using: &generator))
            var text = Bool.random(using: &generator) ? "-" : ""
            let point = Int.random(in: 0...digits.count, using: &generator)
            let whole = digits.prefix(point)
            text += whole.isEmpty ? "0" : String(whole)
            if point < digits.count { text += "." + digits.dropFirst(point) }
            if Int.random(in: 0..<3, using: &generator) == 0 {
                text += "e\(Int.random(in: -30...30, using: &generator))"
            }
            #expect(read(text)?.bitPattern == Double(text)?.bitPattern, "\(text)")
        }
    }

    /// Decimals whose rounding hangs on the remainder of the division come up once in some thousand.
    @Test func longMantissasAreRoundedOnce() {
        var generator = SeededGenerator.seeded("longMantissasAreRoundedOnce")
        var wrong: [String] = []
        for _ in 0..<300_000 {
            let digits = String(UInt64.random(in: 1 << 53..<10_000_000_000_000_000_000, using: &generator))
            let text = digits + "e-\(Int.random(in: 1...19, using: &generator))"
            if read(text)?.bitPattern != Double(text)?.bitPattern { wrong.append(text) }
        }
        #expect(wrong == [])
    }

    @Test func randomDoublesComeBack() {
        var generator = SeededGenerator.seeded("randomDoublesComeBack")
        for _ in 0..<30_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            #expect(read("\(value)")?.bitPattern == value.bitPattern)
            let near = Double.random(in: -1000...1000, using: &generator)
            #expect(read("\(near)")?.bitPattern == near.bitPattern)
        }
    }

    @Test func halfwayCasesRoundToEven() {
        for (text, value) in [
            ("9007199254740993", 9007199254740992), ("9007199254740993.0", 9007199254740992),
            ("9007199254740993.000", 9007199254740992), ("9007199254740995.0", 9007199254740996),
            ("900719925474099.3001", 900719925474099.3001), ("1.000000000000000110", 1.000000000000000110),
            ("1.0000000000000001110", 1.0000000000000001110),
        ] {
            #expect(read(text) == value, "\(text)")
        }
        #expect(read("1.0000000000000001110223024625156540")?.bitPattern == 1.0.bitPattern)
        #expect(read("18446744073709551615") == 18446744073709551616)
        #expect(read("18446744073709551616") == 18446744073709551616)
        #expect(read("9999999999999999999") == 1e19)
    }

    @Test func whatFollowsIsNotRead() {
        let bytes = Array("12.5}x".utf8)
        guard case .number(let value, let end) = JSONNumber.read(bytes.span, at: 0, limit: bytes.count) else {
            Issue.record("not a number")
            return
        }
        #expect(value == 12.5 && end == 4)
    }
}
