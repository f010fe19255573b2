import TelemetryModel

@testable import WireFormats

/// A decoder of line protocol with its registry, so that tests can read the labels behind the references.
struct LineDecoding {
    static let receivedAt: Int64 = 1_700_000_000_000

    let registry: SeriesRegistry
    let decoder: LineProtocolDecoder

    /// Texts are refused here unless a test wants them skipped, so that every field is accounted for.
    init(
        seriesLimit: Int = 1_000_000, maximumRecords: Int = 1_000_000, textFields: LineTextFields = .refuse
    ) {
        registry = SeriesRegistry(limit: seriesLimit)
        decoder = LineProtocolDecoder(registry: registry, maximumRecords: maximumRecords, textFields: textFields)
    }

    func decode(_ bytes: [UInt8], _ parameters: LineProtocolParameters = .init()) throws -> DecodedLines {
        try decoder.decode(bytes.span, parameters, receivedAt: Self.receivedAt)
    }

    func decode(_ text: String, _ parameters: LineProtocolParameters = .init()) throws -> DecodedLines {
        try decode(Array(text.utf8), parameters)
    }

    /// What became of each record, in the order of the request: `series value@milliseconds`, or the reason for which it was
    /// refused.
    func outcomes(_ request: DecodedRequest) -> [String] {
        let accepted = request.batch.timestamps.indices.map { index in
            "\(registry.labels(of: request.batch.references[index])) \(request.batch.values[index])@"
                + "\(request.batch.timestamps[index])"
        }
        return request.inOrder(accepted) { $0.reason.rawValue }
    }

    func outcomes(_ text: String, _ parameters: LineProtocolParameters = .init()) throws -> [String] {
        outcomes(try decode(text, parameters).request)
    }
}
