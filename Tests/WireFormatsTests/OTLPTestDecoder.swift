import TelemetryModel

@testable import WireFormats

/// A decoder of OTLP with its registry, so that tests can read the labels behind the references.
struct OTLPTestDecoder {
    let registry: SeriesRegistry
    let decoder: OTLPDecoder

    init(
        _ translation: OTLPTranslation = OTLPTranslation(), seriesLimit: Int = 1_000_000,
        maximumRecords: Int = 1_000_000
    ) {
        registry = SeriesRegistry(limit: seriesLimit)
        decoder = OTLPDecoder(registry: registry, translation: translation, maximumRecords: maximumRecords)
    }

    func decode(_ bytes: [UInt8], _ encoding: OTLPEncoding = .protobuf) throws -> DecodedMetrics {
        try decoder.decode(bytes.span, encoding)
    }

    /// `http_requests_total{code="200"} 3 @1700000000123`, one a sample; ` from …` where the sample has a start. Of a
    /// histogram its own text.
    func samples(_ decoded: DecodedMetrics) -> [String] {
        let batch = decoded.request.batch
        return (0..<batch.count).map { index in
            let value =
                batch.histograms.first { $0.sampleIndex == index }.map { "\($0.histogram)" }
                ?? (batch.values[index].isStaleMarker ? "stale" : DecimalText.positional(batch.values[index]))
            let start = batch.starts.first { $0.sampleIndex == index }.map { " from \($0.startTimestamp)" } ?? ""
            return "\(registry.labels(of: batch.references[index])) \(value) @\(batch.timestamps[index])\(start)"
        }
    }

    func samples(_ request: OTLPRequest) throws -> [String] { samples(try decode(request.protobuf)) }
}
