import Foundation
import TelemetryModel
import WireFormats

/// Sample records for `heliograph pipeline test`, from a file in one of two forms: the data contract as JSON or NDJSON, or
/// Prometheus' text format.
struct PipelineRecords {
    let registry = SeriesRegistry()
    let batch: TelemetryBatch
    /// Refused before any stage saw them.
    let rejected: [RejectedRecord]

    /// - Parameter now: for records without a time, milliseconds since 1970.
    /// - Throws: `CommandFailure` if the bytes are in neither form.
    init(_ bytes: [UInt8], now: Int64) throws {
        let first = bytes.first { !UnicodeScalar($0).properties.isWhitespace }
        let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        do {
            if isJSON {
                let decoded = try ContractDecoder(registry: registry).decode(bytes.span, shape: nil, receivedAt: now)
                (batch, rejected) = (decoded.batch, decoded.rejected)
            } else {
                let decoded = try ExpositionDecoder(registry: registry).decode(
                    bytes.span, format: .text, defaultTimestamp: now)
                (batch, rejected) = (decoded.request.batch, decoded.request.rejected)
            }
        } catch {
            throw CommandFailure(
                "the records cannot be read as \(isJSON ? "JSON records" : "Prometheus' text format"): \(error)")
        }
    }
}
