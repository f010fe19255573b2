import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

/// The fast way and the exact way of reading a record come to the same result.
@Suite struct FastReaderTests {
    private func examined(_ bytes: [UInt8]) -> Outcome {
        do {
            let record = try RecordExamination.examine(bytes.span, receivedAt: Decoding.receivedAt)
            return .accepted(record.labels, record.timestamp, record.value.bitPattern, record.message)
        } catch {
            return .refused(error.reason, field: error.field)
        }
    }

    @Test func decoderAndExaminationAgreeOnMutatedLines() throws {
        var mutation = RecordMutation(generator: .seeded("decoderAndExaminationAgreeOnMutatedLines"))
        let decoding = Decoding()
        for _ in 0..<4000 {
            let record = mutation.validRecord(mayHaveLines: false)
            // The cache knows the record's series before the mutated one comes.
            #expect(decoding.outcome(Array(record.utf8), .lines) == examined(Array(record.utf8)), "\(record)")
            var line = mutation.mutated(record).filter { $0 != 0x0A }
            while let last = line.last, last <= 0x20 { line.removeLast() }
            while let first = line.first, [0x20, 0x09, 0x0D].contains(first) { line.removeFirst() }
            guard !line.isEmpty else { continue }
            #expect(
                decoding.outcome(line, .lines) == examined(line),
                "\(String(decoding: line, as: UTF8.self).debugDescription)")
        }
    }

    @Test func theUsualFormsAreReadFast() {
        let records = [
            #"{"timestamp":"2026-05-04T03:02:01.500Z","source_id":"a","metric_name":"m","metric_value":4.25,"#
                + #""severity":"info","tags":{"a":"b","c":1},"message":"é \n x"}"#,
            #"{"source_id": "a", "metric_name": "m", "metric_value": 1}"#,
            #"{"metric_value":1,"source_id":"a","metric_name":"m"}"#,
            #"{"timestamp":1777863721500,"source_id":"a","metric_name":"m","metric_value":1,"tags":{}}"#,
            #"{"timestamp":"2026-05-04T05:02:01+02:00","source_id":"a","metric_name":"m","metric_value":1,"#
                + #""severity":"error"}"#,
        ]
        for record in records {
            let bytes = Array(record.utf8)
            var reader = FastRecordReader(receivedAt: 0, recordsAreLines: true)
            #expect(reader.read(bytes.span, at: 0)?.record == ByteRange(start: 0, end: bytes.count), "\(record)")
        }
    }

    @Test func anyOrderOfFieldsAndTagsIsTheSameRecord() throws {
        var generator = SeededGenerator.seeded("anyOrderOfFieldsAndTagsIsTheSameRecord")
        let decoding = Decoding()
        let usual =
            #"{"source_id":"a","metric_name":"m","metric_value":1,"timestamp":5,"severity":"info","#
            + #""tags":{"x":"1","y":2,"z":true},"message":"t"}"#
        let expected = decoding.outcome(Array(usual.utf8))
        #expect(expected.isAccepted)
        for _ in 0..<500 {
            let tags = [#""x":"1""#, #""y":2"#, #""z":true"#].shuffled(using: &generator).joined(separator: " , ")
            var fields = [
                #""source_id":"a""#, #""metric\u005fname" : "m""#, #""metric_value":1"#, #""timestamp":5"#,
                #""severity":"info""#,
                #""tags":{\#(tags)}"#, #""message":"\u0074""#,
            ]
            if Bool.random(using: &generator) { fields[1] = #""metric_name":"m""# }
            let text =
                "{"
                + fields.shuffled(using: &generator).joined(
                    separator: [",", ", ", " ,\t"].randomElement(using: &generator) ?? ",") + "}"
            #expect(decoding.outcome(Array(text.utf8)) == expected, "\(text)")
        }
        #expect(decoding.registry.count == 1)
    }
}
