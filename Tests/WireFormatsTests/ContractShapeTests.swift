import TelemetryModel
import Testing

@testable import WireFormats

/// How records are put into a body, and what becomes of a body that is none.
@Suite struct ContractShapeTests {
    private let decoding = Decoding()

    private func record(_ value: Int) -> String { #"{"source_id":"a","metric_name":"m","metric_value":\#(value)}"# }

    @Test(arguments: [nil, ContractShape.object, .array])
    func theBytesDecideUnlessLinesAreAsked(shape: ContractShape?) throws {
        #expect(try decoding.decode(record(1), shape).batch.values == [1])
        #expect(try decoding.decode("\n " + record(1) + "\r\n\n", shape).batch.values == [1])
        #expect(try decoding.decode("[\(record(1)),\n \(record(2))]", shape).batch.values == [1, 2])
        #expect(try decoding.decode("[]", shape).recordCount == 0)
        #expect(try decoding.decode("\(record(1))\n\(record(2))\n", shape).batch.values == [1, 2])
        #expect(try decoding.decode("\(record(1))\r\n\r\n\(record(2))", shape).batch.values == [1, 2])
        #expect(
            try decoding.decode("{\n \"source_id\": \"a\",\n \"metric_name\": \"m\",\n \"metric_value\": 3\n}", shape)
                .batch.values == [3])
    }

    @Test func aBadLineIsOneRejectedRecord() throws {
        for shape in [nil, ContractShape.lines] {
            let body = "{\"source_id\":\"a\",\n\(record(2))\ngarbage\n[\(record(3))]\n\(record(4))"
            let request = try decoding.decode(body, shape)
            #expect(request.batch.values == [2, 4])
            #expect(request.rejected.map(\.index) == [0, 2, 3])
            #expect(request.rejected.map(\.reason) == [.invalidJSON, .invalidJSON, .notAnObject])
            #expect(
                request.rejected.map { String(decoding: $0.payload, as: UTF8.self) } == [
                    "{\"source_id\":\"a\",", "garbage", "[\(record(3))]",
                ])
            #expect(request.rejected[0].sourceID == "a")
            #expect(request.rejected[0].message.contains("column 18"))
            #expect(request.recordCount == 5)
        }
    }

    @Test func aNewlineInsideARecordEndsItsLine() throws {
        let request = try decoding.decode(
            "{\"source_id\":\"a\n\",\"metric_name\":\"m\",\"metric_value\":1}\n\(record(2))", .lines)
        #expect(request.rejected.map(\.reason) == [.invalidJSON, .invalidJSON])
        #expect(request.batch.values == [2])
        let split = try decoding.decode(
            "{\"source_id\":\"a\",\"tags\":{\n},\"metric_name\":\"m\",\"metric_value\":1}\n\(record(2))", .lines)
        #expect(split.recordCount == 3)
        #expect(split.batch.values == [2])
    }

    @Test func aBadElementLeavesItsNeighboursAlone() throws {
        let request = try decoding.decode(
            "[\(record(1)), {\"source_id\":\"pump\", \"metric_name\":\"m\", \"metric_value\":\"x\"}, 5, \(record(2))]")
        #expect(request.batch.values == [1, 2])
        #expect(request.rejected.map(\.reason) == [.wrongType, .notAnObject])
        #expect(request.rejected.map(\.index) == [1, 2])
        #expect(request.rejected.map(\.sourceID) == ["pump", nil])
        #expect(request.rejected[0].field == "metric_value")
        #expect(
            String(decoding: request.rejected[0].payload, as: UTF8.self)
                == "{\"source_id\":\"pump\", \"metric_name\":\"m\", \"metric_value\":\"x\"}")
        #expect(request.recordCount == 4)
    }

    @Test func aBodyThatIsNotJSONIsRefusedWithThePlace() {
        #expect(throws: ContractDecodingError.empty) { try decoding.decode("") }
        #expect(throws: ContractDecodingError.empty) { try decoding.decode(" \r\n\t", .lines) }
        #expect(
            throws: ContractDecodingError.notJSON(
                line: 2, column: 3, what: "expected a key in double quotes or '}', got 's'")
        ) {
            try decoding.decode("{\n  source_id: 1\n}")
        }
        #expect(
            throws: ContractDecodingError.notJSON(
                line: 1, column: record(1).count + 2,
                what: "expected ',' or ']' after a record, got the end of the text")
        ) {
            try decoding.decode("[" + record(1))
        }
        #expect(
            throws: ContractDecodingError.notJSON(
                line: 1, column: 5, what: "expected the end of the body after the array, got 'x'")
        ) {
            try decoding.decode("[]  x")
        }
        #expect(throws: ContractDecodingError.invalidUTF8(offset: 0, line: 1, column: 1)) {
            try decoding.decode([0x1F, 0x8B, 0x08, 0xFF].reversed())
        }
        for body in [
            "[\(record(1)),]", "[,]", "[\(record(1)) \(record(2))]", "[\(record(1))", "[",
            "[\(record(1))]\n\(record(2))",
            "[{\"tags\":{\"a\" \"b\"},\"source_id\":\"a\",\"metric_name\":\"m\",\"metric_value\":1}]",
            "\(record(1)) \(record(2))", "x",
        ] {
            #expect(throws: ContractDecodingError.self, "\(body)") { try decoding.decode(body) }
        }
    }

    @Test func errorsAreSentences() {
        #expect(
            "\(ContractDecodingError.notJSON(line: 2, column: 3, what: "expected a value, got '}'"))"
                == "The body is not JSON: at line 2, column 3, expected a value, got '}'. Nothing of it was taken.")
        #expect("\(ContractDecodingError.tooManyRecords(limit: 5))".contains("at most 5 records"))
    }

    @Test func recordsAreLimited() throws {
        let decoding = Decoding(maxRecords: 3)
        let line = record(1) + "\n"
        #expect(try decoding.decode(line + line + line).recordCount == 3)
        #expect(throws: ContractDecodingError.tooManyRecords(limit: 3)) {
            try decoding.decode(line + line + line + line)
        }
        #expect(throws: ContractDecodingError.tooManyRecords(limit: 3)) { try decoding.decode("[1,2,3,4]") }
    }

    @Test func newSeriesOverTheLimitAreRejectedAndKnownOnesGoOn() throws {
        let decoding = Decoding(seriesLimit: 2)
        func line(_ source: String) -> String {
            #"{"source_id":"\#(source)","metric_name":"m","metric_value":1}"# + "\n"
        }
        let request = try decoding.decode(line("a") + line("b") + line("c") + line("a"))
        #expect(request.batch.references.map(\.rawValue) == [0, 1, 0])
        #expect(request.rejected.map(\.reason) == [.seriesLimit])
        #expect(request.rejected[0].sourceID == "c")
        #expect(try decoding.decode(line("b") + line("c")).batch.count == 1)
    }

    @Test func aSourceOverItsLimitIsNamedAndOthersGoOn() throws {
        let decoding = Decoding(sourceSeriesLimit: 2)
        func line(_ source: String, _ metric: String) -> String {
            #"{"source_id":"\#(source)","metric_name":"\#(metric)","metric_value":1}"# + "\n"
        }
        let lines = [("a", "x"), ("a", "y"), ("a", "z"), ("b", "z"), ("a", "x"), ("a", "w")].map(line).joined()
        let request = try decoding.decode(lines)
        #expect(request.batch.references.map(\.rawValue) == [0, 1, 2, 0])
        #expect(request.rejected.map(\.index) == [2, 5])
        #expect(request.rejected.map(\.reason) == [.sourceSeriesLimit, .sourceSeriesLimit])
        #expect(request.rejected[0].sourceID == "a")
        let message = request.rejected[0].message
        #expect(message.contains(#"source_id "a""#) && message.contains("(2)"), "\(message)")
        #expect(message.contains("ingest.max_series_per_source"), "\(message)")
    }

    @Test func aMissingTimestampIsTheTimeOfReceipt() throws {
        #expect(try decoding.decode(record(1)).batch.timestamps == [Decoding.receivedAt])
    }

    @Test func messagesStayWithTheirSamples() throws {
        var body = ""
        for index in 0..<2000 {
            let message = index % 3 == 0 ? #","message":"no \#(index) é\t""# : ""
            body +=
                index % 7 == 6
                ? "oops\n"
                : #"{"source_id":"s\#(index % 50)","metric_name":"m","metric_value":\#(index)\#(message)}"# + "\n"
        }
        for _ in 1...2 {
            let request = try decoding.decode(body)
            #expect(request.recordCount == 2000)
            #expect(request.rejected.map(\.index) == (0..<2000).filter { $0 % 7 == 6 })
            let kept = (0..<2000).filter { $0 % 7 != 6 }
            #expect(request.batch.values == kept.map(Double.init))
            #expect(request.batch.messages.map(\.text) == kept.filter { $0 % 3 == 0 }.map { "no \($0) é\t" })
            for message in request.batch.messages {
                #expect(message.text == "no \(Int(request.batch.values[message.sampleIndex])) é\t")
            }
            for (index, value) in request.batch.values.enumerated() {
                #expect(
                    decoding.registry.labels(of: request.batch.references[index])["source_id"] == "s\(Int(value) % 50)")
            }
        }
    }
}
