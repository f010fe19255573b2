import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import TelemetryModel
import WireFormats

/// `POST /v1/metrics`: OpenTelemetry's metrics over HTTP, protobuf or JSON
/// (https://opentelemetry.io/docs/specs/otlp/#otlphttp-request).
///
/// Senders go by the status: 200 is done, also where `partial_success` says that some points were refused; 429 and 503 are sent
/// again; anything else is dropped by them.
struct OTLPRoute: Sendable {
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
        let decoder = intake.environment.decoders.otlp
        let decoded: DecodedMetrics
        do throws(OTLPError) {
            decoded = try content.read { (body) throws(OTLPError) in try decoder.decode(body, encoding) }
        } catch {
            // One with too many points is not kept: it can be sent again in parts.
            if case .tooManyRecords = error { throw APIError(.tooLarge, error.description) }
            try await intake.keep(
                content.bytes, .invalidMessage, error.description, of: arrival, by: .otlp,
                parameters: encoding.parameters)
            throw APIError(.badData, error.description)
        }
        try await intake.commit(decoded.request, of: arrival, by: .otlp)
        return OTLPAnswer.success(decoded, encoding)
    }
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
