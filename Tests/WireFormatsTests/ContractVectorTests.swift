import TelemetryModel
import Testing

@testable import WireFormats

/// The shared vectors, through the decoder in every shape, cold and with the series known.
@Suite struct ContractVectorTests {
    private let good = Array(#"{"source_id":"g","metric_name":"good","metric_value":7}"#.utf8)

    @Test func everyVectorIsDecidedAsItSays() throws {
        let vectors = try ContractVector.all()
        #expect(vectors.count >= 150)
        let decoding = Decoding()
        for vector in vectors {
            // Twice: the second time an accepted record finds its series in the cache.
            for round in 1...2 {
                check(decoding.outcome(vector.document), vector, "alone, round \(round)")
            }
        }
    }

    @Test func aVectorMeansTheSameInAnArray() throws {
        let decoding = Decoding()
        for vector in try ContractVector.all() where vector.reason != "empty" {
            let body = Array("[".utf8) + vector.document + Array(",".utf8) + good + Array("]".utf8)
            do {
                let request = try decoding.decode(body, .array)
                let outcomes = decoding.outcomes(request)
                #expect(outcomes.count == 2 && outcomes.last?.isAccepted == true, "\(vector)")
                check(outcomes[0], vector, "in an array")
            } catch let error as ContractDecodingError {
                check(.of(error), vector, "in an array")
            }
        }
    }

    @Test func aVectorOnALineLeavesItsNeighboursAlone() throws {
        let decoding = Decoding()
        for vector in try ContractVector.all() where vector.reason != "empty" && !vector.document.contains(0x0A) {
            for separator in ["\n", "\r\n", "\n \r\n\n"] {
                let line = Array(separator.utf8)
                let request = try decoding.decode(good + line + vector.document + line + good, .lines)
                let outcomes = decoding.outcomes(request)
                #expect(outcomes.count == 3, "\(vector)")
                #expect(outcomes.first?.isAccepted == true && outcomes.last?.isAccepted == true, "\(vector)")
                check(outcomes[1], vector, "on a line")
                if let rejected = request.rejected.first { #expect(rejected.index == 1) }
            }
        }
    }

    private func check(_ outcome: Outcome, _ vector: ContractVector, _ place: String) {
        #expect(outcome.reason == vector.reason, "\(vector) \(place)")
        switch outcome {
        case .accepted(let labels, let timestamp, let bits, let message):
            #expect(vector.valid, "\(vector) \(place)")
            if let expected = vector.labels {
                for (name, value) in expected {
                    #expect(
                        labels.labels.contains {
                            $0.name.utf8.elementsEqual(name.utf8) && $0.value.utf8.elementsEqual(value.utf8)
                        },
                        "\(vector) \(place): \(name)")
                }
            }
            #expect(timestamp == vector.timestamp ?? timestamp, "\(vector) \(place)")
            #expect(bits == (vector.value?.bitPattern ?? bits), "\(vector) \(place)")
            if let expected = vector.message { #expect(message == expected, "\(vector) \(place)") }
        case .refused(_, let field):
            #expect(!vector.valid, "\(vector) \(place)")
            if let expected = vector.field { #expect(field == expected, "\(vector) \(place)") }
        case .requestRefused:
            #expect(!vector.valid, "\(vector) \(place)")
        }
    }
}
