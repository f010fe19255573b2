import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

@Suite struct StatsDTests {
    private func decode(_ bytes: [UInt8]) -> (changes: [String], rejected: [RejectedRecord]) {
        let registry = SeriesRegistry()
        let decoded = StatsDDecoder(registry: registry).decode(bytes.span)
        let changes = decoded.samples.map { sample in
            let change =
                switch sample.change {
                case .count(let more): "+\(more)"
                case .gauge(let value): "=\(value)"
                case .gaugeShift(let shift): "~\(shift)"
                case .observation(let value, let weight): "\(value)x\(weight)"
                case .member: "member"
                }
            return "\(registry.labels(of: sample.series)) \(change)"
        }
        return (changes, decoded.rejected)
    }

    @Test(arguments: [
        ("a:1|c", ["a +1.0"]), ("a.b-c:2|c|@0.5", ["a_b_c +4.0"]), ("a:1.5|g", ["a =1.5"]), ("a:+2|g", ["a ~2.0"]),
        ("a:-2|g", ["a ~-2.0"]), ("a:320|ms", ["a 0.32x1.0"]), ("a:320|ms|@0.1", ["a 0.32x10.0"]),
        ("a:2|h", ["a 2.0x1.0"]), ("a:2|d", ["a 2.0x1.0"]), ("a:x:y|s", ["a member"]),
        ("a:1:2:3|ms", ["a 0.001x1.0", "a 0.002x1.0", "a 0.003x1.0"]), ("a:1|c:2|c", ["a +1.0", "a +2.0"]),
        ("a:1|c|@0.5:2|c", ["a +2.0", "a +2.0"]),
        ("a:1|c|#x:y,z:http://q:1", [#"a{x="y", z="http://q:1"} +1.0"#]), ("a:1|c|#x", [#"a{x="true"} +1.0"#]),
        ("a:1|c|#x:", ["a +1.0"]), ("a:1|c|@0.1|#x:y|c:abc", [#"a{x="y"} +10.0"#]), ("a:1|c|#", ["a +1.0"]),
        ("a,x=y,u=v:1|c", [#"a{u="v", x="y"} +1.0"#]), ("a;x=y:1|c", [#"a{x="y"} +1.0"#]),
        ("a:1|c\r", ["a +1.0"]), (" a:1|c ", ["a +1.0"]),
    ])
    func aLine(line: String, changes: [String]) {
        #expect(decode(Array(line.utf8)).changes == changes)
        let between = decode(Array("b:1|c\n\(line)\nb:2|c".utf8)).changes
        #expect(between == ["b +1.0"] + changes + ["b +2.0"])
    }

    @Test(arguments: [
        ("a", RejectionReason.invalidLine), ("a:1", .invalidLine), (":1|c", .invalidLine), ("a:|c", .invalidLine),
        ("a:x|c", .invalidLine), ("a:1|x", .invalidLine), ("a:1|", .invalidLine), ("a:1|c|", .invalidLine),
        ("a:1|c|@0", .invalidLine), ("a:1|c|@2", .invalidLine), ("a:1|c|@x", .invalidLine), ("a:1|c|x", .invalidLine),
        ("a:nan|g", .invalidLine), ("a:inf|g", .invalidLine), ("a:1e999|g", .invalidLine),
        ("a:-1|c", .unsupportedValue),
        ("a:1|c|#:x", .invalidLine), ("a:1|c|#x:1,x:2", .duplicateKey), ("a:1|c|T1700000000", .unsupportedValue),
        ("_e{5,4}:title|text", .unsupportedValue), ("_sc|name|0|#x:y", .unsupportedValue), ("a:1|c2:2|c", .invalidLine),
        ("a,=b:1|c", .invalidLine),
    ])
    func aBrokenLineIsKeptAndCostsNoOther(line: String, reason: RejectionReason) {
        let (changes, rejected) = decode(Array("b:1|c\n\(line)\nb:2|c".utf8))
        #expect(changes == ["b +1.0", "b +2.0"])
        #expect(rejected.map(\.reason) == [reason] && rejected.map(\.index) == [1])
        #expect(rejected.map(\.payload) == [Array(line.utf8)])
    }

    @Test func theSenderOfABrokenLineIsNamedIfItCanBeRead() {
        for line in ["a:x|c|#source_id:pump", "a,source_id=pump:x|c"] {
            #expect(decode(Array(line.utf8)).rejected.first?.sourceID == "pump", "\(line)")
        }
        #expect(decode(Array("a:x|c|#source_id".utf8)).rejected.first?.sourceID == "true")
        #expect(decode(Array("a".utf8)).rejected.first?.sourceID == nil)
    }

    @Test func anyBytesAreEitherTakenOrKept() {
        var generator = SeededGenerator.seeded("any bytes of StatsD")
        let alphabet = Array("a_e{:|@#.,;=c1gmshd-T\n ".utf8)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                generator.next() % 30 == 0
                    ? UInt8.random(in: 0...255, using: &generator) : alphabet.randomElement(using: &generator) ?? 0
            }
            let lines = bytes.split(whereSeparator: { $0 == 0x0A }).filter { !$0.allSatisfy { ASCII.isSpace($0) } }
            let decoded = StatsDDecoder(registry: SeriesRegistry()).decode(bytes.span)
            #expect(decoded.lineCount == lines.count)
        }
    }
}
