import DecoderFuzzing
import ServiceDecoderFuzzing
import TelemetryModel
import TestSupport
import Testing
import WireFormats

@testable import IngestLog
@testable import IngestionAPI

/// What is kept of a refused record is refused again for the same reason when it is replayed as it is: nothing was lost that
/// the decoder went by.
@Suite struct DeadLetterFormTests {
    private func check(_ decoder: DecoderUnderTest, _ input: [UInt8]) throws {
        guard let ingestProtocol = decoder.ingestProtocol else { return }
        let decoding = DeadLetterDecoding(
            decoders: IngestionDecoders(registry: SeriesRegistry(), maximumRecords: 1000))
        for record in decoder.account(of: input).letters {
            let letter = DeadLetter(
                id: 1, receivedAt: 1_700_000_000_000, ingestProtocol: ingestProtocol, sourceID: record.sourceID,
                reason: record.reason.rawValue, field: record.field, message: record.message,
                recordIndex: record.index, payload: record.payload, parameters: record.parameters,
                firstReason: record.reason.rawValue, state: .waiting, attempts: 0, changedAt: nil, original: nil,
                revision: 0)
            switch try decoding.decode(letter, payload: record.payload) {
            case .refused(let again, _):
                #expect(
                    again.reason == record.reason && again.field == record.field,
                    "\(input): refused with \(record.message), then with \(again.message)")
            // A line that held an array is one, and what stood behind the end of a text stands alone.
            case .taken
            where record.payload.first == UInt8(ascii: "[") || record.message.contains("nothing after # EOF"):
                break
            case .taken(let request):
                Issue.record("\(input): refused with \(record.message), then taken: \(request.batch.count)")
            case .differences(let metrics, _):
                Issue.record("\(input): refused with \(record.message), then taken: \(metrics.points) differences")
            case .unusable: break
            }
        }
    }

    @Test(arguments: DecoderUnderTest.all.filter { $0.ingestProtocol != nil })
    func lettersAreRefusedForTheSameReason(_ decoder: DecoderUnderTest) throws {
        var mutation = ByteMutation(.seeded("\(decoder.name) letters"))
        let corpus = try KeptInputs.of(decoder.name).map(\.bytes)
        for input in corpus { try check(decoder, input) }
        for _ in 0..<100 {
            let base = corpus.randomElement(using: &mutation.random) ?? []
            try check(decoder, mutation.mutated(base, corpus: corpus, tokens: decoder.tokens))
        }
    }
}
