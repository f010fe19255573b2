import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

/// Whatever comes in, the decoder answers, its sums add up, and it does not matter how lines are spread over requests.
@Suite struct LineProtocolFuzzTests {
    /// Found by mutation, or written down because something went wrong near them.
    private static let kept = [
        "", " ", ",", "=", "\\", "\"", "#", "\r", "\\\n", "m\\", "m\\ ", "m f=\\", "m f=\"\\", "m f=\"\\\"",
        "m f=\"\\\\\"",
        "m,\\=1 f=1", "m,a\\=1 f=1", "m,a=\\ f=1", "m,a=1\\ f=1", "m f=1\\", "m f=1 1\\", ", f=1", ",=, =1", "m f=1,\n",
        "m f=1 \r \n", "m\r\n f=1", "m\tf=1", "m f\t=1", "m f=-", "m f=+", "m f=.", "m f=e", "m f=.e1", "m f=1e+",
        "m f=-i",
        "m f=u", "m f=1.i", "m f=00000000000000000000000000001", "m f=1 00000000000000000000000000001", "m f=1 --1",
        "m f=\"\n\n\n", "m f=\"\",g=\"\n\",h=\"", "m \"f=\"1", "m,a=\"b c\" f=1", "\u{FEFF}m f=1", "m f=1\u{0}",
        "\u{0} f=1", "m \u{0}=1", "m  =1", "m f==1", "m f=1=2", "m,a=1,a=1 f=1,f=2", "m,db=1 f=1", "m,source_id f=\"",
    ]

    private static let tokens = [
        "\"", "\\", ",", "=", " ", "\n", "\r\n", "\r", "\t", "#", "\\ ", "\\,", "\\=", "\\\"", "\\\\", "0", "9", ".",
        "-", "+",
        "e", "i", "u", "t", "f", "true", "1e400", "NaN", "\u{0}", "é", "😀", "m f=1\n", " f=1", ",a=b", "\"\"",
        "99999999999999999999", "source_id=x,",
    ]

    private func check(_ decoding: LineDecoding, _ body: [UInt8], _ database: String = "") {
        guard let decoded = try? decoding.decode(body, LineProtocolParameters(database: database)) else {
            Issue.record("refused as a whole: \(body)")
            return
        }
        let request = decoded.request
        #expect(request.recordCount == request.batch.count + request.rejected.count)
        #expect(
            request.batch.references.count == request.batch.count && request.batch.values.count == request.batch.count)
        #expect(request.batch.values.allSatisfy { $0.isFinite })
        #expect(request.batch.timestamps.allSatisfy { ContractTimestamp.range.contains($0) })
        #expect(request.rejected.allSatisfy { 0..<request.recordCount ~= $0.index && $0.message.hasPrefix("Line ") })
        #expect(zip(request.rejected, request.rejected.dropFirst()).allSatisfy { $0.index < $1.index })
        #expect((decoded.firstRefusedLine == nil) == request.rejected.isEmpty)
    }

    @Test func keptInputs() {
        let decoding = LineDecoding()
        for text in Self.kept {
            for body in [text, text + "\n", "m f=1\n" + text, text + "\nm f=1", text + text] {
                check(decoding, Array(body.utf8))
                check(decoding, Array(body.utf8), "x")
            }
        }
    }

    @Test func randomBytes() {
        var generator = SeededGenerator.seeded("randomBytes")
        let decoding = LineDecoding()
        let alphabet = Array("m,a=b f=1i.e-+\"\\\\ \n\r\t#tu0".utf8)
        for round in 0..<5000 {
            let body = (0..<Int.random(in: 0...120, using: &generator)).map { _ in
                round % 4 == 0
                    ? UInt8.random(in: .min ... .max, using: &generator)
                    : alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            check(decoding, body, round % 3 == 0 ? "db" : "")
        }
    }

    @Test func everyPrefix() {
        let decoding = LineDecoding()
        let body = Array(
            "mé\\ 1,a\\,b=c\\=d,e=f g=1.5e3,h=\"x\\\"y\nz\",i=-7i,j=true 1700000000123000000\r\nm f=2".utf8)
        for length in 0...body.count { check(decoding, Array(body[..<length])) }
    }

    // MARK: Splits

    private struct Lines {
        var generator: SeededGenerator

        mutating func pick<Element>(_ elements: [Element]) -> Element {
            elements[Int.random(in: 0..<elements.count, using: &generator)]
        }

        mutating func line() -> String {
            switch Int.random(in: 0..<12, using: &generator) {
            case 0: return pick(["", " ", "# comment", "\r"])
            case 1: return pick(["broken", "m", "m,a f=1", "m f=x", "m f=1 x", "m,a=1 f=1,g=2 -1", "m f=1,"])
            default: break
            }
            var line = pick(["cpu", "mem", "a\\ b", "", "é"])
            var tags = ["host=h\(Int.random(in: 0..<20, using: &generator))", "zone=a\\,b", "empty=", "x=y"]
            tags.shuffle(using: &generator)
            for tag in tags.prefix(Int.random(in: line.isEmpty ? 1...4 : 0...4, using: &generator)) {
                line += "," + tag
            }
            let values = ["1", "-2.5", "3i", "true", "1e9", "0.000123456789012345678901", "9u", "\"text\"", "1e999"]
            let fields = (0..<Int.random(in: 1...6, using: &generator)).map { "f\($0)=\(pick(values))" }
            line += pick([" ", "  "]) + fields.joined(separator: ",")
            return line + pick(["", " ", " 1700000000123000000", " 1800000000000000000 ", "\r"])
        }

        /// The lines with some small changes, none of which makes one line of two.
        mutating func mutated(_ line: String) -> [UInt8] {
            var bytes = Array(line.utf8)
            for _ in 0..<Int.random(in: 0...2, using: &generator) where !bytes.isEmpty {
                let start = Int.random(in: 0..<bytes.count, using: &generator)
                let end = min(bytes.count, start + Int.random(in: 1...6, using: &generator))
                switch Int.random(in: 0..<5, using: &generator) {
                case 0, 1: bytes.insert(contentsOf: Array(pick(LineProtocolFuzzTests.tokens).utf8), at: start)
                case 2: bytes.removeSubrange(start..<end)
                case 3: bytes.insert(contentsOf: bytes[start..<end], at: start)
                default: bytes[start] = UInt8.random(in: .min ... .max, using: &generator)
                }
            }
            return bytes
        }
    }

    /// What is the same however the lines are spread: all but indexes and line numbers.
    private func outcome(_ decoding: LineDecoding, _ requests: [DecodedLines]) -> [String] {
        requests.flatMap { decoded in
            zip(decoding.outcomes(decoded.request).indices, decoding.outcomes(decoded.request)).map { index, outcome in
                guard let refused = decoded.request.rejected.first(where: { $0.index == index }) else { return outcome }
                let message = refused.message.drop { $0 != ":" && $0 != "," }
                return "\(outcome) \(refused.field ?? "") \(message) \(refused.payload) \(refused.sourceID ?? "")"
            }
        }
    }

    @Test func anySplitAtLineEndsGivesTheSame() throws {
        var lines = Lines(generator: .seeded("anySplitAtLineEndsGivesTheSame"))
        for round in 0..<300 {
            let all = (0..<Int.random(in: 1...60, using: &lines.generator)).map { _ in
                let line = lines.line()
                guard round % 2 == 1 else { return Array(line.utf8) }
                // A quote may join lines: then a split between them is none at a line's end.
                return lines.mutated(line).map { $0 == UInt8(ascii: "\"") ? UInt8(ascii: "'") : $0 }
            }
            // One decoder has all in one request, the other one in several, with some series known from before.
            let (whole, split) = (LineDecoding(), LineDecoding())
            let expected = outcome(whole, [try whole.decode(Array(all.joined(separator: [0x0A])))])
            var requests: [DecodedLines] = []
            var rest = all[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...max(1, rest.count / 2), using: &lines.generator)
                requests.append(try split.decode(Array(rest.prefix(count).joined(separator: [0x0A]))))
                rest.removeFirst(count)
            }
            #expect(outcome(split, requests) == expected)
        }
    }

    @Test func mutatedBodies() {
        var lines = Lines(generator: .seeded("mutatedBodies"))
        let decoding = LineDecoding()
        for _ in 0..<2000 {
            let all = (0..<Int.random(in: 1...8, using: &lines.generator)).map { _ in lines.mutated(lines.line()) }
            check(decoding, Array(all.joined(separator: [0x0A])), lines.pick(["", "db"]))
        }
    }

    @Test func longParts() {
        let decoding = LineDecoding()
        let long = String(repeating: "x", count: 1 << 20)
        for text in [
            long, "\(long) f=1", "m,a=\(long) f=1", "m \(long)=1", "m f=\(long)", "m f=\"\(long)\"", "m f=1 \(long)",
        ] {
            check(decoding, Array(text.utf8))
            check(decoding, Array(text.utf8), "db")
        }
    }
}
