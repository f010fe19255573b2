import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

@Suite struct OTLPLogTests {
    private static let receivedAt: Int64 = 1_700_000_000_000

    private struct Outcome {
        let samples: [String]
        let messages: [String]
        let rejected: [RejectedRecord]
    }

    private func decode(
        _ body: [UInt8], _ encoding: OTLPEncoding, _ translation: OTLPTranslation = OTLPTranslation()
    ) throws -> Outcome {
        let registry = SeriesRegistry()
        let decoder = OTLPLogDecoder(registry: registry, translation: translation, maximumRecords: 100)
        let request = try decoder.decode(body.span, encoding, receivedAt: Self.receivedAt).request
        #expect(request.recordCount == request.batch.count + request.rejected.count)
        let samples = request.batch.references.indices.map { index in
            "\(registry.labels(of: request.batch.references[index])) \(request.batch.values[index])"
                + "@\(request.batch.timestamps[index])"
        }
        return Outcome(samples: samples, messages: request.batch.messages.map(\.text), rejected: request.rejected)
    }

    private func decode(
        records: String, resource: String = "", _ translation: OTLPTranslation = OTLPTranslation()
    ) throws -> Outcome {
        let text =
            #"{"resourceLogs":[{"resource":{"attributes":[\#(resource)]},"scopeLogs":[{"logRecords":[\#(records)]}]}]}"#
        return try decode(Array(text.utf8), .json, translation)
    }

    @Test(arguments: [
        (#""severityNumber":1"#, "debug"), (#""severityNumber":8"#, "debug"), (#""severityNumber":9"#, "info"),
        (#""severityNumber":13"#, "warning"), (#""severityNumber":20"#, "error"), (#""severityNumber":24"#, "critical"),
        (#""severityText":"Information""#, "info"), (#""severityText":"FATAL""#, "critical"),
        (#""severityNumber":17,"severityText":"err""#, "error"),
    ])
    func severities(field: String, severity: String) throws {
        let outcome = try decode(records: #"{\#(field),"body":{"stringValue":"x"}}"#)
        #expect(outcome.samples == [#"log_records{severity="\#(severity)"} 1.0@1700000000000"#])
        #expect(outcome.messages == ["x"])
    }

    @Test func aSeverityThatIsNoneStandsInTheMessage() throws {
        let outcome = try decode(records: #"{"severityText":"loud","body":{"stringValue":"x"}},{"severityNumber":25}"#)
        #expect(outcome.samples == Array(repeating: "log_records 2.0@1700000000000", count: 2))
        #expect(outcome.messages == [#"x {"severity_text":"loud"}"#])
    }

    @Test func bodiesAndFields() throws {
        let outcome = try decode(
            records: #"""
                {"timeUnixNano":"5000000","observedTimeUnixNano":"9000000","body":{"intValue":"7"}},
                {"observedTimeUnixNano":"9000000","body":{"arrayValue":{"values":[{"boolValue":true},{"stringValue":"\""}]}}},
                {"timeUnixNano":"1000000","attributes":[{"key":"b","value":{"doubleValue":"NaN"}},{"key":"a","value":{}}],
                 "droppedAttributesCount":2,"traceId":"00000000000000000000000000000000","eventName":"e"}
                """#)
        #expect(outcome.samples == ["log_records 1.0@5", "log_records 1.0@9", "log_records 1.0@1"])
        #expect(
            outcome.messages == [
                "7", #"[true,"\""]"#, #"{"event_name":"e","b":"NaN","a":null,"dropped_attributes":2}"#,
            ])
    }

    @Test func whatRecordsSayMakesNoSeries() throws {
        let records = (0..<50).map {
            #"{"body":{"stringValue":"\#($0)"},"attributes":[{"key":"id","value":{"intValue":"\#($0)"}}]}"#
        }
        let outcome = try decode(records: records.joined(separator: ","))
        #expect(Set(outcome.samples) == ["log_records 50.0@1700000000000"])
        #expect(Set(outcome.messages).count == 50)
    }

    @Test func labelsComeFromTheResourceAndFromChosenAttributes() throws {
        var translation = OTLPTranslation()
        translation.promotedLogAttributes = ["http.route"]
        let outcome = try decode(
            records: #"""
                {"attributes":[{"key":"http.route","value":{"stringValue":"/"}},{"key":"severity","value":{"stringValue":"x"}},
                 {"key":"source_id","value":{"stringValue":"s"}}]}
                """#,
            resource: #"""
                {"key":"service.name","value":{"stringValue":"j"}},{"key":"host.name","value":{"stringValue":"h"}}
                """#, translation)
        #expect(
            outcome.samples == [
                #"log_records{host_name="h", http_route="/", job="j", source_id="s"} 1.0@1700000000000"#,
                #"target_info{host_name="h", job="j"} 1.0@1700000000000"#,
            ])
        #expect(outcome.messages == [#"{"severity":"x"}"#])
    }

    @Test func aBrokenRecordCostsNoOther() throws {
        for (record, reason) in [
            (#"{"timeUnixNano":"9999999999999999999"}"#, RejectionReason.timestampOutOfRange),
            (#"{"severityNumber":"x"}"#, .wrongType), (#"{"traceId":"xyz"}"#, .wrongType), (#"[]"#, .wrongType),
            (#"{"attributes":[{"key":"","value":{}}]}"#, .emptyValue), (#"{"body":{"bytesValue":"?"}}"#, .wrongType),
        ] {
            let good = #"{"timeUnixNano":"1000000"}"#
            let outcome = try decode(records: "\(good),\(record),\(good)")
            #expect(outcome.samples.count == 2 && outcome.rejected.map(\.reason) == [reason], "\(record)")
            // What is kept is a request with this one record.
            let again = try decode(outcome.rejected[0].payload, .json)
            #expect(again.samples.isEmpty && again.rejected.map(\.reason) == [reason], "\(record)")
        }
    }

    @Test func brokenMessagesAreErrors() throws {
        for text in ["", "[", #"{"resourceLogs":5}"#, #"{"resourceLogs":[{"scopeLogs":[{"logRecords":{}}]}]}"#] {
            #expect(throws: OTLPError.self) { try decode(Array(text.utf8), .json) }
        }
        #expect(throws: OTLPError.self) { try decode([0xFF], .protobuf) }
        #expect(throws: OTLPError.tooManyRecords(limit: 100)) {
            try decode(records: Array(repeating: "{}", count: 101).joined(separator: ","))
        }
    }

    @Test func anyBytesAreReadOrRefused() throws {
        var generator = SeededGenerator.seeded("any bytes of log records")
        var request = ProtobufWriter()
        request.message(1) { resource in
            resource.message(1) { $0.attribute("service.name", string: Array("j".utf8)) }
            resource.message(2) { scope in
                for index in 0..<3 {
                    scope.message(2) { record in
                        record.double(1, Double(bitPattern: 1_700_000_000_000_000_000))
                        record.varint(2, UInt64(index * 4))
                        record.message(5) { $0.string(1, "text") }
                        record.message(6) { pair in
                            pair.string(1, "k")
                            pair.message(2) { $0.double(4, 1.5) }
                        }
                        record.bytes(9, Array(repeating: 7, count: 16))
                    }
                }
            }
        }
        #expect(try decode(request.bytes, .protobuf).samples.count == 3)
        for _ in 0..<5000 {
            var bytes = request.bytes
            for _ in 0...(generator.next() % 4) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if generator.next() % 4 == 0 { bytes.removeLast(Int.random(in: 1...bytes.count - 1, using: &generator)) }
            _ = try? decode(bytes, .protobuf)
        }
    }
}
