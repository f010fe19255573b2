import Foundation
import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

/// Whatever comes in, the decoder answers, and its sums add up.
@Suite struct OTLPFuzzTests {
    private func check(_ test: OTLPTestDecoder, _ bytes: [UInt8], _ encoding: OTLPEncoding) {
        guard let decoded = try? test.decode(bytes, encoding) else { return }
        let request = decoded.request
        #expect(request.recordCount == request.batch.count + request.rejected.count)
        #expect(
            request.batch.references.count == request.batch.count && request.batch.values.count == request.batch.count)
        #expect(decoded.rejectedPoints <= decoded.points && decoded.rejectedPoints <= request.rejected.count)
        #expect(
            request.rejected.allSatisfy { 0...decoded.points ~= $0.index && !$0.message.isEmpty && !$0.payload.isEmpty }
        )
        #expect(zip(request.rejected, request.rejected.dropFirst()).allSatisfy { $0.index <= $1.index })
        #expect(request.batch.timestamps.allSatisfy { ContractTimestamp.range.contains($0) })
        #expect(request.batch.starts.allSatisfy { 0..<request.batch.count ~= $0.sampleIndex })
    }

    @Test func mutations() {
        var generator = OTLPGenerator(.seeded("OTLP mutations"))
        let test = OTLPTestDecoder(OTLPTranslation(promotesScope: true))
        for _ in 0..<400 {
            let request = generator.request()
            for (bytes, encoding) in [(request.protobuf, OTLPEncoding.protobuf), (request.json, .json)] {
                check(test, bytes, encoding)
                for _ in 0..<5 {
                    var broken = bytes
                    for _ in 0..<Int.random(in: 1...4, using: &generator.generator) where !broken.isEmpty {
                        let place = Int.random(in: broken.indices, using: &generator.generator)
                        switch Int.random(in: 0..<4, using: &generator.generator) {
                        case 0: broken[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator.generator)
                        case 1: broken[place] = generator.pick([0, 0x7F, 0x80, 0xFF, 0x22, 0x7B, 0x5D])
                        case 2: broken.removeSubrange(place..<min(broken.count, place + 3))
                        default: broken.insert(contentsOf: broken[place...].prefix(9), at: place)
                        }
                    }
                    check(test, broken, encoding)
                }
            }
        }
    }

    @Test func everyPrefix() {
        var generator = OTLPGenerator(.seeded("OTLP everyPrefix"))
        let test = OTLPTestDecoder()
        for _ in 0..<10 {
            let request = generator.request()
            for (bytes, encoding) in [(request.protobuf, OTLPEncoding.protobuf), (request.json, .json)] {
                for length in stride(from: 0, to: bytes.count, by: 1 + bytes.count / 500) {
                    check(test, Array(bytes[..<length]), encoding)
                }
            }
        }
    }

    @Test func noise() {
        var generator = SeededGenerator.seeded("OTLP noise")
        let test = OTLPTestDecoder()
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...100, using: &generator)).map { _ in
                UInt8.random(in: 0...40, using: &generator)
            }
            check(test, bytes, .protobuf)
            check(test, bytes, .json)
        }
    }

    @Test func deepNesting() {
        let test = OTLPTestDecoder()
        let open = String(repeating: #"{"arrayValue":{"values":["#, count: 100_000)
        let text =
            #"{"resourceMetrics":[{"resource":{"attributes":[{"key":"a","value":"# + open
            + String(repeating: "]}}", count: 100_000) + "}]}}]}"
        #expect(throws: OTLPError.self) { try test.decode(Array(text.utf8), .json) }
        check(test, Array(text.utf8), .json)
    }

    /// Inputs that were, or might have been, trouble: one a file, its encoding in its name.
    @Test func keptInputs() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Inputs/otlp")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(files.count >= 6)
        for file in files {
            let encoding: OTLPEncoding = file.pathExtension == "json" ? .json : .protobuf
            let bytes = Array(try Data(contentsOf: file))
            check(OTLPTestDecoder(), bytes, encoding)
            check(OTLPTestDecoder(OTLPTranslation(promotesScope: true)), bytes, encoding)
        }
    }
}
