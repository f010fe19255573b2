import TelemetryModel

@testable import WireFormats

/// A decoder with its registry, so that tests can read the labels behind the references.
struct ExpositionReadings {
    static let receivedAt: Int64 = 1_700_000_000_000

    let registry: SeriesRegistry
    let decoder: ExpositionDecoder

    init(seriesLimit: Int = 1_000_000, maximumRecords: Int = 1_000_000) {
        registry = SeriesRegistry(limit: seriesLimit)
        decoder = ExpositionDecoder(registry: registry, maximumRecords: maximumRecords)
    }

    func decode(
        _ text: [UInt8], _ format: ExpositionFormat = .text, extraLabels: [Label] = []
    ) throws -> DecodedExposition {
        try decoder.decode(text.span, format: format, extraLabels: extraLabels, defaultTimestamp: Self.receivedAt)
    }

    func decode(
        _ text: String, _ format: ExpositionFormat = .text, extraLabels: [Label] = []
    ) throws -> DecodedExposition {
        try decode(Array(text.utf8), format, extraLabels: extraLabels)
    }

    /// What became of each record, in order: `name{label="value"} value @milliseconds`, with `from milliseconds` where there is a
    /// start, and without the time if it is that of arrival; or `! reason: message`.
    func outcomes(_ decoded: DecodedExposition) -> [String] {
        let batch = decoded.request.batch
        let starts = Dictionary(batch.starts.map { ($0.sampleIndex, $0.startTimestamp) }) { first, _ in first }
        let accepted = batch.timestamps.indices.map { index in
            var text = "\(registry.labels(of: batch.references[index])) \(batch.values[index])"
            if batch.timestamps[index] != Self.receivedAt { text += " @\(batch.timestamps[index])" }
            if let start = starts[index] { text += " from \(start)" }
            return text
        }
        return decoded.request.inOrder(accepted) { "! \($0.reason.rawValue): \($0.message)" }
    }

    func outcomes(_ text: String, _ format: ExpositionFormat = .text, extraLabels: [Label] = []) throws -> [String] {
        outcomes(try decode(text, format, extraLabels: extraLabels))
    }
}
