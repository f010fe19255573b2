import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

/// Whatever comes in, the decoder answers, and its sums add up.
@Suite struct ContractFuzzTests {
    private func check(_ decoding: Decoding, _ body: [UInt8]) {
        for shape in [nil, ContractShape.lines] {
            guard let request = try? decoding.decode(body, shape) else { continue }
            #expect(request.recordCount == request.batch.count + request.rejected.count)
            #expect(
                request.batch.references.count == request.batch.count
                    && request.batch.values.count == request.batch.count)
            #expect(
                request.rejected.allSatisfy { $0.index >= 0 && $0.index < request.recordCount && !$0.message.isEmpty })
            #expect(zip(request.rejected, request.rejected.dropFirst()).allSatisfy { $0.index < $1.index })
            #expect(request.batch.values.allSatisfy { $0.isFinite })
        }
    }

    @Test func randomBytes() {
        var generator = SeededGenerator.seeded("randomBytes")
        let decoding = Decoding()
        let alphabet = Array("{}[]\",:\\u0019.eE+-ntrfalsu \n\r\tsource_idmetric_valuetags".utf8)
        for round in 0..<3000 {
            let length = Int.random(in: 0...200, using: &generator)
            let body = (0..<length).map { _ in
                round % 2 == 0
                    ? UInt8.random(in: .min ... .max, using: &generator)
                    : alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            check(decoding, body)
        }
    }

    @Test func mutatedBodies() {
        var mutation = RecordMutation(generator: .seeded("mutatedBodies"))
        let decoding = Decoding()
        for _ in 0..<1000 {
            let records = (0..<5).map { _ in mutation.validRecord(mayHaveLines: false) }
            check(decoding, mutation.mutated(records.joined(separator: "\n")))
            check(decoding, mutation.mutated("[" + records.joined(separator: ",") + "]"))
        }
    }

    @Test func everyPrefixOfABody() {
        let decoding = Decoding()
        let text =
            #"{"timestamp":"2026-05-04T03:02:01.5Z","source_id":"é","metric_name":"m","metric_value":-1.5e3,"#
            + #""severity":"info","tags":{"a":"b","c":1},"message":"\u00e9\ud83d\ude00"}"#
        let record = Array(text.utf8)
        #expect(decoding.outcome(record).isAccepted)
        for length in record.indices {
            #expect(!decoding.outcome(Array(record[..<length])).isAccepted)
            #expect(!decoding.outcome(Array(record[..<length]), .lines).isAccepted)
            check(decoding, Array("[".utf8) + record[..<length])
            check(decoding, record + [0x0A] + record[..<length])
        }
    }

    @Test func longStringsAndDeepNesting() throws {
        let decoding = Decoding()
        let long = String(repeating: "x", count: 10 << 20)
        #expect(
            decoding.outcome(Array(#"{"source_id":"\#(long)","metric_name":"m","metric_value":1}"#.utf8)).reason
                == "value_too_long")
        #expect(decoding.outcome(Array(#"{"\#(long)":"m"}"#.utf8)).reason == "unknown_field")
        #expect(decoding.outcome(Array(#"{"source_id":"\#(long)"#.utf8)).reason == "invalid_json")
        #expect(decoding.outcome(Array(long.utf8)).reason == "invalid_json")
        let deep = 1 << 20
        #expect(decoding.outcome(Array(String(repeating: "[", count: deep).utf8)).reason == "invalid_json")
        let nested = String(repeating: "[", count: deep) + String(repeating: "]", count: deep)
        #expect(decoding.outcome(Array("[\(nested)]".utf8)).reason == "nesting_too_deep")
        let rejected = try decoding.decode(#"{"source_id":"a","x":\#(nested)}"#).rejected
        #expect(rejected.map(\.reason) == [.nestingTooDeep] && rejected.map(\.sourceID) == ["a"])
        #expect((rejected.first?.message.utf8.count ?? 0) < 500)
    }

    @Test func manyThreadsShareOneDecoder() async throws {
        let decoding = Decoding()
        let body = (0..<3000).map { #"{"source_id":"s\#($0 % 700)","metric_name":"m","metric_value":\#($0)}"# }.joined(
            separator: "\n")
        try await withThrowingTaskGroup(of: DecodedRequest.self) { group in
            for _ in 0..<8 { group.addTask { try decoding.decode(body) } }
            for try await request in group {
                #expect(request.batch.count == 3000)
                for (reference, value) in zip(request.batch.references, request.batch.values) {
                    #expect(decoding.registry.labels(of: reference)["source_id"] == "s\(Int(value) % 700)")
                }
            }
        }
        #expect(decoding.registry.count == 700)
    }
}
