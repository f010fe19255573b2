import TelemetryModel
import Testing

@testable import WireFormats

/// What a rejected record tells its sender.
@Suite struct RefusalTests {
    private let decoding = Decoding()

    private func rejected(_ record: String) throws -> RejectedRecord {
        try #require(try decoding.decode(record, .lines).rejected.first)
    }

    @Test func aMisspeltFieldNamesTheRightOne() throws {
        for (name, nearest) in [
            ("sourceid", "source_id"), ("sourceId", "source_id"), ("metric_nam", "metric_name"),
            ("metrik_value", "metric_value"),
            ("Timestamp", "timestamp"), ("tag", "tags"), ("mesage", "message"), ("severityy", "severity"),
        ] {
            let record = try rejected(#"{"\#(name)":1}"#)
            #expect(record.reason == .unknownField && record.field == name)
            #expect(record.message.contains("Did you mean \(nearest)?"), "\(record.message)")
        }
        for name in ["colour", "value", "", "😀"] {
            #expect(try !rejected(#"{"\#(name)":1}"#).message.contains("Did you mean"), "\(name)")
        }
    }

    @Test func theSenderIsNamedIfReadable() throws {
        for (record, source) in [
            (#"{"source_id":"a","x":1}"#, "a"), (#"{"x":[1,{"source_id":"no"}],"source_id":"a\u0062"}"#, "ab"),
            (#"{"source_id":"a","metric_name":"m","metric_value":NaN}"#, "a"),
            (#"{"metric_value":NaN,"source_id":"a"}"#, nil),
            (#"{"source_id":5}"#, nil), (#"{"source_id":""}"#, nil), (#"{"source_id":"a\n"}"#, nil),
            (#"{"source_id":"\ud800"}"#, nil),
            (#"[{"source_id":"a"}]"#, nil), (#"{"source_id":"a"#, nil),
        ] {
            #expect(try rejected(record).sourceID == source, "\(record)")
        }
    }

    @Test func sentencesSayWhatCame() throws {
        let wrong = try rejected(#"{"source_id":"a","metric_name":"m","metric_value":"12"}"#)
        #expect(wrong.message == #"metric_value: expected a number, got the string "12"."#)
        let long = try rejected(
            #"{"source_id":"a","metric_name":"m","metric_value":1,"severity":"\#(String(repeating: "é", count: 500))"}"#
        )
        #expect(long.message.contains("…") && long.message.count < 200)
        let nan = try rejected(#"{"source_id":"a","metric_name":"é","metric_value":NaN}"#)
        #expect(nan.message.contains("column 51") && nan.message.contains("no NaN"), "\(nan.message)")
        let deep = try rejected(#"{"x":\#(String(repeating: "[", count: 40))\#(String(repeating: "]", count: 40))}"#)
        #expect(deep.message.contains("at most 32") && deep.message.contains("41"))
        let text = try rejected("{\"source_id\":\"\\u001b[31m\"}")
        #expect(text.message.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }

    @Test func everyReasonIsGivenByTheDecoder() throws {
        var given = Set(try ContractVector.all().compactMap(\.reason))
        // These depend on what came before: ContractShapeTests.
        given.formUnion([RejectionReason.seriesLimit, .sourceSeriesLimit, .tokenSeriesLimit].map(\.rawValue))
        // What the contract cannot have; other protocols can.
        let others: Set<RejectionReason> = [
            .invalidLine, .invalidMessage, .invalidHistogram, .unsupportedValue, .unsupportedTemporality,
            .tooManyValues,
        ]
        for reason in RejectionReason.allCases where !others.contains(reason) {
            #expect(given.contains(reason.rawValue), "\(reason)")
        }
    }
}
