import Foundation
import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

/// What the writer writes, the decoder must read as the same.
@Suite struct ContractRecordWriterTests {
    private let registry = SeriesRegistry()

    private func line(_ labels: LabelSet, _ timestamp: Int64, _ value: Double) throws -> [UInt8] {
        var writer = try ContractRecordWriter(labels, format: .ndjson)
        var out: [UInt8] = []
        #expect(writer.append(timestamp: timestamp, value: value, to: &out) == nil)
        return out
    }

    private func decoded(_ bytes: [UInt8]) throws -> TelemetryBatch {
        let request = try ContractDecoder(registry: registry).decode(bytes.span, shape: .lines, receivedAt: 0)
        #expect(
            request.rejected.isEmpty, "\(request.rejected.map(\.message)) in \(String(decoding: bytes, as: UTF8.self))")
        return request.batch
    }

    @Test func aRecordReadsAsTheContractSays() throws {
        let labels = LabelSet([
            "__name__": "seal_temperature", "source_id": "pump-17", "severity": "warning", "site": "a \"b\" \\ c",
            "line": "4",
        ])
        #expect(
            String(decoding: try line(labels, 1_777_863_721_500, 91.5), as: UTF8.self) == """
                {"timestamp":"2026-05-04T03:02:01.500Z","source_id":"pump-17","metric_name":"seal_temperature",\
                "metric_value":91.5,"severity":"warning","tags":{"line":"4","site":"a \\"b\\" \\\\ c"}}

                """)
        var writer = try ContractRecordWriter(labels, format: .csv)
        var out = ContractRecordWriter.header(.csv)
        #expect(writer.append(timestamp: 0, value: -0.0, to: &out) == nil)
        #expect(
            String(decoding: out, as: UTF8.self)
                == "timestamp,source_id,metric_name,metric_value,severity,tags\r\n"
                + "1970-01-01T00:00:00.000Z,pump-17,seal_temperature,-0.0,warning,"
                + #""{""line"":""4"",""site"":""a \""b\"" \\ c""}""# + "\r\n")
    }

    @Test func everyFiniteDoubleComesBackBitForBit() throws {
        var generator = SeededGenerator.seeded("everyFiniteDoubleComesBackBitForBit")
        var values: [Double] = [
            0, -0.0, 1, -1, 0.1, 1.0 / 3, .pi, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
            .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 9_007_199_254_740_991, 9_007_199_254_740_992,
            9_007_199_254_740_994, 1e15, 1e16, 1e17, 1e21, 1e22, 1e23, 1e-5, 1e-7, 123_456_789_012_345_680,
        ]
        while values.count < 20_000 {
            let value = Double(bitPattern: generator.next())
            if value.isFinite { values.append(value) }
        }
        let labels = LabelSet(["__name__": "m", "source_id": "s"])
        var writer = try ContractRecordWriter(labels, format: .ndjson)
        var out: [UInt8] = []
        for (index, value) in values.enumerated() {
            #expect(writer.append(timestamp: Int64(index), value: value, to: &out) == nil)
        }
        let batch = try decoded(out)
        #expect(batch.values.map(\.bitPattern) == values.map(\.bitPattern))
    }

    @Test func everyTimeOfTheContractComesBack() throws {
        var generator = SeededGenerator.seeded("everyTimeOfTheContractComesBack")
        let day: Int64 = 86_400_000
        // Every day's first and last millisecond, then any.
        var times = (0...47_481).flatMap { [Int64($0) * day, Int64($0) * day + day - 1] }
        #expect(times.last == ContractTimestamp.latest)
        for _ in 0..<10_000 { times.append(Int64.random(in: 0...ContractTimestamp.latest, using: &generator)) }
        let labels = LabelSet(["__name__": "m", "source_id": "s"])
        var writer = try ContractRecordWriter(labels, format: .ndjson)
        var out: [UInt8] = []
        for time in times { #expect(writer.append(timestamp: time, value: 1, to: &out) == nil) }
        #expect(try decoded(out).timestamps == times)
    }

    @Test func everySeriesThatTheContractCanNameComesBack() throws {
        var generator = SeededGenerator.seeded("everySeriesThatTheContractCanNameComesBack")
        let alphabet = Array("ab ,\"\\{}[]:'\u{80}ß€🙂\u{301}%/".unicodeScalars)
        func text(upTo length: Int) -> String {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...length, using: &generator) {
                scalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
            }
            return String(scalars)
        }
        for _ in 0..<500 {
            var labels = [Label("__name__", text(upTo: 256)), Label("source_id", text(upTo: 256))]
            for _ in 0..<Int.random(in: 0...20, using: &generator) {
                labels.append(Label(text(upTo: 20), text(upTo: 1024)))
            }
            if Bool.random(using: &generator) {
                labels.append(Label("severity", Severity.allCases.randomElement(using: &generator)?.rawValue ?? ""))
            }
            let set = LabelSet(labels)
            let batch = try decoded(try line(set, 5, 1))
            #expect(batch.references.map { registry.labels(of: $0) } == [set])
        }
    }

    @Test func whatTheContractCannotSayIsNamed() throws {
        func gap(_ labels: KeyValuePairs<String, String>) -> ContractGap? {
            do throws(ContractGap) {
                _ = try ContractRecordWriter(LabelSet(labels), format: .csv)
                return nil
            } catch { return error }
        }
        #expect(gap(["__name__": "ALERTS", "alertname": "A"]) == .noSource)
        #expect(gap(["source_id": "s"]) == .labels)
        #expect(gap(["__name__": "m", "source_id": "s", "__tmp": "x"]) == .labels)
        #expect(gap(["__name__": "m", "source_id": "s", "severity": "page"]) == .labels)
        #expect(gap(["__name__": "m", "source_id": "two\nlines"]) == .labels)
        #expect(gap(["__name__": String(repeating: "é", count: 257), "source_id": "s"]) == .labels)
        #expect(gap(["__name__": String(repeating: "é", count: 256), "source_id": "s"]) == nil)
        #expect(gap(["__name__": "m", "source_id": "s", "t": String(repeating: "x", count: 1025)]) == .labels)
        var writer = try ContractRecordWriter(LabelSet(["__name__": "m", "source_id": "s"]), format: .ndjson)
        var out: [UInt8] = []
        #expect(writer.append(timestamp: 0, value: .nan, to: &out) == .nonFinite)
        #expect(writer.append(timestamp: 0, value: -.infinity, to: &out) == .nonFinite)
        #expect(writer.append(timestamp: 0, value: Double(bitPattern: 0x7ff0_0000_0000_0002), to: &out) == .staleMarker)
        #expect(writer.append(timestamp: -1, value: 1, to: &out) == .time)
        #expect(writer.append(timestamp: 4_102_444_800_000, value: 1, to: &out) == .time)
        #expect(out.isEmpty)
    }
}
