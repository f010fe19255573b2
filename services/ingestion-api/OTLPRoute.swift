import HTTPSupport
import HTTPTypes
import Hummingbird
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
        let outcome: OTLPOutcome
        do throws(OTLPError) {
            outcome = try content.read { (body) throws(OTLPError) in
                try decode(body, encoding, receivedAt: arrival.receivedAt)
            }
        } catch {
            // One with too many points is not kept: it can be sent again in parts.
            if case .tooManyRecords = error { throw APIError(.tooLarge, error.description) }
            try await intake.keep(
                content.bytes, .invalidMessage, error.description, of: arrival, by: .otlp,
                parameters: signal == .logs ? encoding.logParameters : encoding.parameters)
            throw APIError(.badData, error.description)
        }
        try await intake.commit(outcome.request, of: arrival, by: .otlp)
        return OTLPAnswer.success(outcome, signal, encoding)
    }

    private func decode(
        _ body: Span<UInt8>, _ encoding: OTLPEncoding, receivedAt: Int64
    ) throws(OTLPError) -> OTLPOutcome {
        let decoders = intake.environment.decoders
        switch signal {
        case .metrics:
            let decoded = try decoders.otlp.decode(body, encoding)
            return OTLPOutcome(request: decoded.request, items: decoded.points, rejectedItems: decoded.rejectedPoints)
        case .logs:
            let decoded = try decoders.otlpLogs.decode(body, encoding, receivedAt: receivedAt)
            return OTLPOutcome(
                request: decoded.request, items: decoded.records, rejectedItems: decoded.request.rejected.count)
        }
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
