import HTTPSupport
import HTTPTypes
import Hummingbird
import IngestLog
import NIOCore
import TelemetryModel
import WireFormats

/// `POST /v1/metrics` and `POST /v1/logs`: OpenTelemetry's metrics and logs over HTTP, protobuf or JSON
/// (https://opentelemetry.io/docs/specs/otlp/#otlphttp-request).
///
/// Senders go by the status: 200 is done, also where `partial_success` says that some were refused; 429 and 503 are sent
/// again; anything else is dropped by them.
struct OTLPRoute: Sendable {
    let signal: OTLPSignal
    let intake: TelemetryIntake

    func handle(_ request: Request) async throws -> Response {
        let encoding = OTLPEncoding(contentType: request.headers[.contentType] ?? "")
        do {
            return try await intake.counted { try await take(request, encoding) }
        } catch let error as APIError {
            return OTLPAnswer.failure(error, encoding ?? .json)
        }
    }

    private func take(_ request: Request, _ encoding: OTLPEncoding?) async throws -> Response {
        guard let encoding else {
            throw APIError(
                .unsupportedMediaType,
                "Content-Type: expected application/x-protobuf or application/json, got "
                    + "\"\((request.headers[.contentType] ?? "").prefix(96))\"")
        }
        let coding = try BodyCoding(request.headers)
        let arrival = try await intake.arrival(request)
        let content = try intake.content(of: arrival, coding)
        let decoded: Decoded
        do throws(OTLPError) {
            decoded = try content.read { (body) throws(OTLPError) in
                try decode(body, encoding, receivedAt: arrival.receivedAt)
            }
        } catch {
            // One with too many points is not kept: it can be sent again in parts.
            if error.isTooLarge { throw APIError(.tooLarge, error.description) }
            try await intake.keep(
                content.bytes, .invalidMessage, error.description, of: arrival, by: .otlp,
                parameters: signal == .logs ? encoding.logParameters : encoding.parameters)
            throw APIError(.badData, error.description)
        }
        let outcome = try await commit(decoded, content, encoding, arrival)
        return OTLPAnswer.success(outcome, signal, encoding)
    }

    private enum Decoded {
        case metrics(DecodedMetrics)
        case logs(DecodedLogs)
    }

    private func decode(
        _ body: Span<UInt8>, _ encoding: OTLPEncoding, receivedAt: Int64
    ) throws(OTLPError) -> Decoded {
        let decoders = intake.environment.decoders
        return switch signal {
        case .metrics: .metrics(try decoders.otlp.decode(body, encoding))
        case .logs: .logs(try decoders.otlpLogs.decode(body, encoding, receivedAt: receivedAt))
        }
    }

    private func commit(
        _ decoded: Decoded, _ content: TelemetryIntake.Content, _ encoding: OTLPEncoding,
        _ arrival: TelemetryIntake.Arrival
    ) async throws -> OTLPOutcome {
        switch decoded {
        case .logs(let logs):
            try await intake.commit(logs.request, of: arrival, by: .otlp)
            return OTLPOutcome(
                request: logs.request, items: logs.records, rejectedItems: logs.request.rejected.count)
        case .metrics(let metrics) where metrics.deltas.isEmpty:
            try await intake.commit(metrics.request, of: arrival, by: .otlp)
            return OTLPOutcome(request: metrics.request, items: metrics.points, rejectedItems: metrics.rejectedPoints)
        case .metrics(let metrics):
            return try await intake.environment.decoders.deltaTurns.run {
                let sum = try content.read { try intake.environment.log.sum(metrics, of: $0, encoding) }
                if sum.request.refusesTooMuch { throw APIError(.tooLarge, DecodedRequest.tooMuchRefused) }
                try await intake.commit(sum.request, of: arrival, by: .otlp, deltaTotals: sum.newTotals)
                return OTLPOutcome(request: sum.request, items: metrics.points, rejectedItems: sum.rejectedPoints)
            }
        }
    }
}

extension IngestLog {
    /// Adds a request's points of delta temporality to what their series have come to. Only within a turn of
    /// `IngestionDecoders.deltaTurns`, which ends when the sum is committed.
    ///
    /// - Parameter body: of the request, from which `metrics` was decoded.
    /// - Throws: `APIError` if the log cannot be read.
    func sum(_ metrics: DecodedMetrics, of body: Span<UInt8>, _ encoding: OTLPEncoding) throws -> OTLPDeltaSum {
        let totals: [SeriesReference: DeltaTotal]
        do {
            totals = try deltaTotals(of: metrics.deltas.flatMap { $0.parts.map(\.series) })
        } catch {
            throw APIError(
                .unavailable,
                "the log could not be read (\(error)); nothing of this request was taken: send it again",
                retryAfterSeconds: 5)
        }
        return OTLPDeltaSum(metrics, totals: totals, of: body, encoding, registry)
    }
}

/// What a request brings.
enum OTLPSignal: Sendable {
    case metrics, logs

    /// What is refused or not, for sentences.
    var items: String {
        switch self {
        case .metrics: "points"
        case .logs: "log records"
        }
    }

    /// The field of `partialSuccess` in JSON.
    var rejectedField: String {
        switch self {
        case .metrics: "rejectedDataPoints"
        case .logs: "rejectedLogRecords"
        }
    }

    /// Where it is sent to; the second path is Prometheus'.
    var paths: [String] {
        switch self {
        case .metrics: ["/v1/metrics", "/api/v1/otlp/v1/metrics"]
        case .logs: ["/v1/logs", "/api/v1/otlp/v1/logs"]
        }
    }
}

/// What a request came to.
struct OTLPOutcome: Sendable {
    let request: DecodedRequest
    let items: Int
    let rejectedItems: Int
}

extension OTLPEncoding {
    /// Nil for another type of content.
    init?(contentType: String) {
        switch contentType.prefix(while: { $0 != ";" }).trimmedASCII.lowercased() {
        case "application/x-protobuf": self = .protobuf
        case "application/json": self = .json
        default: return nil
        }
    }
}
