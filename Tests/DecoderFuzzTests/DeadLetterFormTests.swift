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
        let registry = SeriesRegistry()
        // As the decoder under test has it.
        let otlp = OTLPTranslation(promotesScope: decoder.name.hasPrefix("otlp-metrics"))
        let decoding = DeadLetterDecoding(
            decoders: IngestionDecoders(registry: registry, maximumRecords: 1000, otlp: otlp))
        for record in decoder.account(of: input).letters {
            let letter = DeadLetter(
                id: 1, receivedAt: 1_700_000_000_000, ingestProtocol: ingestProtocol, sourceID: record.sourceID,
                reason: record.reason.rawValue, field: record.field, message: record.message,
                recordIndex: record.index, payload: record.payload, parameters: record.parameters,
                firstReason: record.reason.rawValue, state: .waiting, attempts: 0, changedAt: nil, original: nil,
                revision: 0)
            switch try decoding.decode(letter, payload: record.payload) {
            // A line that held an array is one, and what stood behind the end of a text stands alone.
            case .refused where isJudgedAnew(record), .taken where isJudgedAnew(record): break
            // A line with a fault of its own may have a field with another, which is told first.
            case .refused(_, let count) where count > 1 && ingestProtocol == .lineProtocol:
                #expect(isRefusedAgain(record, by: decoder), "\(input): no longer refused with \(record.message)")
            case .refused(let again, _):
                #expect(
                    again.reason == record.reason && again.field == record.field,
                    "\(input): refused with \(record.message), then with \(again.message)")
            case .taken(let request):
                Issue.record("\(input): refused with \(record.message), then taken: \(request.batch.count)")
            case .differences(let metrics, let encoding):
                // Beside others of its series a point may come too late; by itself it does not.
                let isLate = record.reason == .overlappingInterval && !record.message.contains("before timeUnixNano")
                let again = OTLPDeltaSum(metrics, totals: [:], of: record.payload.span, encoding, registry)
                    .request.rejected.first
                #expect(
                    isLate || again?.reason == record.reason,
                    "\(input): refused with \(record.message), then \(again?.message ?? "taken")")
            case .unusable: break
            }
        }
    }

    private func isJudgedAnew(_ record: RejectedRecord) -> Bool {
        record.payload.first == UInt8(ascii: "[") || record.message.contains("nothing after # EOF")
    }

    private func isRefusedAgain(_ record: RejectedRecord, by decoder: DecoderUnderTest) -> Bool {
        decoder.account(of: record.payload).letters.contains {
            $0.reason == record.reason && $0.field == record.field
        }
    }

    @Test(arguments: DecoderUnderTest.all.filter { $0.ingestProtocol != nil })
    func lettersAreRefusedForTheSameReason(_ decoder: DecoderUnderTest) throws {
        var mutation = ByteMutation(.seeded("\(decoder.name) letters"))
        let corpus = try KeptInputs.of(decoder.name).map(\.bytes)
        for input in corpus { try check(decoder, input) }
        for _ in 0..<MutationTests.iterations {
            let base = corpus.randomElement(using: &mutation.random) ?? []
            try check(decoder, mutation.mutated(base, corpus: corpus, tokens: decoder.tokens))
        }
    }
}
