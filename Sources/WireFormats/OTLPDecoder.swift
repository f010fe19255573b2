package import TelemetryModel

/// The two forms that OTLP over HTTP has (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
package enum OTLPEncoding: String, Sendable {
    case protobuf
    case json

    /// By which a dead letter says in which form it is.
    package var parameters: String { QueryText.encoded([("encoding", rawValue)]) }
    /// The same of one that has log records.
    package var logParameters: String { QueryText.encoded([("encoding", rawValue), ("signal", "logs")]) }

    func read(_ request: Span<UInt8>, into decoding: inout some OTLPItemDecoding) throws(OTLPError) {
        switch self {
        case .protobuf:
            do throws(ProtobufError) {
                try OTLPMessages.read(request, into: &decoding)
            } catch {
                throw .malformed(error.description)
            }
        case .json:
            do throws(JSONFault) {
                try OTLPObjects.read(request, into: &decoding)
            } catch {
                let place = TextPosition(request, error.offset)
                throw .malformed(
                    "The body is not the expected JSON message: at line \(place.line), column \(place.column), \(error.what)."
                )
            }
        }
    }
}

/// What an `ExportMetricsServiceRequest` came to.
package struct DecodedMetrics: Sendable {
    /// A record is one sample, of which a point can be many; a refused point is one. The index of a refused record is that of
    /// its point.
    package var request = DecodedRequest()
    /// Data points that came.
    package var points = 0
    /// Those of them that were refused.
    package var rejectedPoints = 0
    /// Points of delta temporality, which are no records yet: `OTLPDeltaSum` makes them some.
    package var deltas: [OTLPDeltaPoint] = []
    /// Of all parts of `deltas`.
    var deltaSamples = 0
    /// Exemplars that came: those in the batch, and those that are not because of a fault or their series.
    package var exemplars = 0
}

/// Why a request as a whole cannot be read. Nothing of it was taken.
package enum OTLPError: Error, Equatable, CustomStringConvertible {
    case malformed(String)
    case tooManyRecords(limit: Int)
    case tooMuchRefused

    /// It can be sent again in parts, and nothing is to be kept of it.
    package var isTooLarge: Bool {
        switch self {
        case .malformed: false
        case .tooManyRecords, .tooMuchRefused: true
        }
    }

    package var description: String {
        switch self {
        case .malformed(let reason): reason
        case .tooManyRecords(let limit):
            "Expected at most \(limit) records in one request, got more. Export fewer at a time "
                + "(max_export_batch_size). Nothing was taken."
        case .tooMuchRefused: DecodedRequest.tooMuchRefused
        }
    }
}

/// Turns OpenTelemetry's metrics into batches of Prometheus' series. One per process; thread-safe.
///
/// Both encodings are read into points of one form, and those are mapped to series in one place (`OTLPDecoding`). A series that
/// was seen before costs no look at its attributes' text: it is found by their bytes.
package final class OTLPDecoder: Sendable {
    let names: SeriesNames
    let origins = OTLPOrigins()
    let metadataTexts = MetadataTexts()
    let translation: OTLPTranslation
    let maximumRecords: Int

    package init(
        registry: SeriesRegistry, translation: OTLPTranslation = OTLPTranslation(), maximumRecords: Int = 1_000_000
    ) {
        names = SeriesNames(registry: registry)
        self.translation = translation
        self.maximumRecords = maximumRecords
    }

    /// - Parameter request: an `ExportMetricsServiceRequest`
    ///   (opentelemetry/proto/collector/metrics/v1/metrics_service.proto), after decompression.
    package func decode(_ request: Span<UInt8>, _ encoding: OTLPEncoding) throws(OTLPError) -> DecodedMetrics {
        var decoding = OTLPDecoding(self, encoding)
        try encoding.read(request, into: &decoding)
        decoding.finish(request)
        guard !decoding.result.request.refusesTooMuch else { throw .tooMuchRefused }
        guard !decoding.isOverfull else { throw .tooManyRecords(limit: maximumRecords) }
        return decoding.result
    }
}
