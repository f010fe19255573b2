import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

@Suite struct GraphiteTests {
    private static let receivedAt: Int64 = 1_700_000_000_000

    private struct Outcome {
        let samples: [String]
        let rejected: [RejectedRecord]
    }

    private func decode(_ text: String, _ templates: [String] = []) throws -> Outcome {
        try decode(Array(text.utf8), templates)
    }

    private func decode(_ bytes: [UInt8], _ templates: [String] = []) throws -> Outcome {
        let registry = SeriesRegistry()
        let decoder = GraphiteDecoder(
            registry: registry, templates: try templates.map { try #require(GraphiteTemplate($0)) })
        let decoded = decoder.decode(bytes.span, receivedAt: Self.receivedAt)
        #expect(decoded.recordCount == decoded.batch.count + decoded.rejected.count)
        let samples = decoded.batch.references.indices.map { index in
            "\(registry.labels(of: decoded.batch.references[index])) \(decoded.batch.values[index])"
                + "@\(decoded.batch.timestamps[index])"
        }
        return Outcome(samples: samples, rejected: decoded.rejected)
    }

    @Test(arguments: [
        ("servers.web1.cpu 1.5 1700000001", "servers_web1_cpu 1.5@1700000001000"),
        ("a 1 1700000001.25", "a 1.0@1700000001250"), ("a\t-2e3   1700000001 ", "a -2000.0@1700000001000"),
        ("a 1 -1", "a 1.0@1700000000000"), ("a 1 N", "a 1.0@1700000000000"), ("a 1", "a 1.0@1700000000000"),
        ("a 1 1700000001\r", "a 1.0@1700000001000"), ("a +Inf 1", "a inf@1000"),
        ("1a.b-c%d.e:f 1 1", "_1a_b_c_d_e:f 1.0@1000"), ("a..b. 1 1", "a_b 1.0@1000"),
        ("disk.used;host=web1;mount-point=/var 3 1", #"disk_used{host="web1", mount_point="/var"} 3.0@1000"#),
        ("température 1 1", "temp_rature 1.0@1000"),
    ])
    func aLineIsASample(line: String, sample: String) throws {
        #expect(try decode(line).samples == [sample])
        #expect(try decode("\n\(line)\nb 1 1\n").samples == [sample, "b 1.0@1000"])
    }

    @Test(arguments: [
        ("a", RejectionReason.invalidLine), ("a x 1", .invalidLine), ("a 1 x", .invalidLine), ("a 1 1 1", .invalidLine),
        ("a NaN 1", .unsupportedValue), ("a 1 4102444800", .timestampOutOfRange), ("a 1 -2", .timestampOutOfRange),
        ("a 1 1e300", .timestampOutOfRange), ("... 1 1", .missingField), ("a;b 1 1", .invalidLine),
        ("a;=b 1 1", .invalidLine), ("a;b= 1 1", .invalidLine), ("a;b=1;b=2 1 1", .duplicateKey),
        ("a 1e999 1", .invalidLine), (";a=b 1 1", .missingField),
    ])
    func aBrokenLineIsKeptAndCostsNoOther(line: String, reason: RejectionReason) throws {
        let outcome = try decode("b 1 1\n\(line)\nc 1 1\n")
        #expect(outcome.samples == ["b 1.0@1000", "c 1.0@1000"])
        #expect(outcome.rejected.map(\.reason) == [reason])
        #expect(outcome.rejected.map(\.payload) == [Array(line.utf8)])
        #expect(outcome.rejected.first?.index == 1)
    }

    @Test func bytesThatAreNoTextAreRefused() throws {
        let outcome = try decode([0x61, 0x2E, 0xFF] + Array(" 1 1\nb 1 1".utf8))
        #expect(outcome.samples == ["b 1.0@1000"] && outcome.rejected.map(\.reason) == [.invalidUTF8])
    }

    @Test func theFirstTemplateThatFitsDecides() throws {
        let templates = ["servers.<source_id>.<metric>", "stats.*.<metric>.<zone>", "<job>.<metric>.x.<metric>"]
        for (path, series) in [
            ("servers.web1.cpu.load", #"cpu_load{source_id="web1"}"#), ("servers.web1", "servers_web1"),
            ("stats.any.requests.eu", #"requests{zone="eu"}"#), ("stats.any.requests", "stats_any_requests"),
            ("shop.a.x.b.c", #"a_b_c{job="shop"}"#), ("other.path", "other_path"),
            ("servers.web1.cpu;source_id=tag", #"cpu{source_id="tag"}"#),
        ] {
            #expect(try decode("\(path) 1 1", templates).samples == ["\(series) 1.0@1000"])
        }
        #expect(try decode("servers.web1.cpu x 1", templates).rejected.first?.sourceID == "web1")
    }

    @Test func templatesThatAreNone() {
        for text in [
            "", "a.b", "<a>", "<metric>.<a>.<a>", "<metric>.<a b>", "<metric>.<>", "a..<metric>", "<__a>.<metric>",
            "<metric>.a*", "<metric>.<1>",
        ] {
            #expect(GraphiteTemplate(text) == nil, "\(text)")
        }
    }

    @Test func anyBytesAreEitherTakenOrKept() throws {
        var generator = SeededGenerator.seeded("any bytes of Graphite")
        let alphabet = Array("ab.;=: \t\n-1N9e\u{e9}".utf8)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                generator.next() % 20 == 0
                    ? UInt8.random(in: 0...255, using: &generator) : alphabet.randomElement(using: &generator) ?? 0
            }
            let lines = bytes.split(whereSeparator: { $0 == 0x0A }).filter { !$0.allSatisfy { ASCII.isSpace($0) } }
            let outcome = try decode(bytes)
            #expect(outcome.samples.count + outcome.rejected.count == lines.count)
        }
    }
}
