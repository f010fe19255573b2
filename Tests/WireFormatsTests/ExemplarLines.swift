import TelemetryModel

@testable import WireFormats

extension DecodedRequest {
    /// `series # {labels} value @milliseconds`, one an exemplar.
    func exemplars(_ registry: SeriesRegistry) -> [String] {
        batch.exemplars.map { entry in
            let exemplar = entry.exemplar
            return
                "\(registry.labels(of: entry.series)) # \(exemplar.labels) \(exemplar.value) @\(exemplar.timestamp)"
        }
    }
}
