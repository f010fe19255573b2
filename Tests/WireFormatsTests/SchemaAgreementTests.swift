import TestSupport
import Testing

@testable import WireFormats

/// `data/schemas/telemetry.schema.json` and the decoder accept and refuse the same documents.
@Suite struct SchemaAgreementTests {
    @Test func schemaAndDecoderAgreeOnEveryVector() throws {
        let vectors = try ContractVector.all()
        guard let verdicts = try IndependentReader.verdicts(on: vectors.map(\.document)) else { return }
        let decoding = Decoding()
        for (vector, accepted) in zip(vectors, verdicts) {
            #expect(accepted == vector.valid, "schema: \(vector)")
            #expect(decoding.outcome(vector.document).isAccepted == vector.valid, "decoder: \(vector)")
        }
    }

    @Test func schemaAndDecoderAgreeOnMutatedRecords() throws {
        var mutation = RecordMutation(generator: .seeded("schemaAndDecoderAgreeOnMutatedRecords"))
        let documents = (0..<6000).map { index in
            let record = mutation.validRecord()
            return index % 6 == 0 ? Array(record.utf8) : mutation.mutated(record)
        }
        guard let verdicts = try IndependentReader.verdicts(on: documents) else { return }
        let decoding = Decoding()
        for (document, accepted) in zip(documents, verdicts) {
            let outcome = decoding.outcome(document)
            #expect(
                outcome.isAccepted == accepted,
                "schema \(accepted), decoder \(outcome): \(String(decoding: document, as: UTF8.self).debugDescription)")
        }
        // The test says something only if both kinds come up often.
        #expect(verdicts.filter { $0 }.count > 1000 && verdicts.filter { !$0 }.count > 1000)
    }
}
