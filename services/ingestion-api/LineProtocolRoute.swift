import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import TelemetryModel
import WireFormats

/// The two versions of InfluxDB's API for writing; the body is the same.
enum LineProtocolVersion {
    /// `POST /write` (https://docs.influxdata.com/influxdb/v1/tools/api/#write-http-endpoint).
    case one
    /// `POST /api/v2/write` (https://docs.influxdata.com/influxdb/v2/api/#operation/PostWrite).
    case two
}

/// `POST /write` and `POST /api/v2/write`: InfluxDB's line protocol.
///
/// Clients go by the status: 2xx is done, 4xx is dropped by them, 5xx is sent again, and by those of version 2 also 429. So a
/// request of which some lines are refused for good is answered with 400 although the others are taken, and the text says so.
struct LineProtocolRoute: Sendable {
    let version: LineProtocolVersion
    let intake: TelemetryIntake

    func handle(_ request: Request) async throws -> Response {
        do {
            return try await intake.counted { try await take(request) }
        } catch let error as APIError {
            return LineProtocolFailure(error, version).response(version)
        }
    }

    private func take(_ request: Request) async throws -> Response {
        let parameters = try LineProtocolParameters(RequestParameters(query: request.uri.query ?? ""), version: version)
        let coding = try BodyCoding(request.headers)
        let arrival = try await intake.arrival(request)
        let decoded = try decode(arrival, coding, parameters)
        try await intake.commit(decoded.request, of: arrival, by: .lineProtocol)
        intake.environment.metrics.skippedFields.add(texts: decoded.skipped)
        guard let failure = LineProtocolFailure(decoded) else { return Response(status: .noContent) }
        return failure.response(version)
    }

    private func decode(
        _ arrival: TelemetryIntake.Arrival, _ coding: BodyCoding, _ parameters: LineProtocolParameters
    ) throws -> DecodedLines {
        let content = try intake.content(of: arrival, coding)
        let decoder = intake.environment.decoders.lineProtocol
        do throws(TooManyLines) {
            return try content.read { (body) throws(TooManyLines) in
                try decoder.decode(body, parameters, receivedAt: arrival.receivedAt)
            }
        } catch {
            throw APIError(.tooLarge, error.description)
        }
    }
}

extension LineProtocolParameters {
    /// `rp`, `bucket`, `org` and others are taken and have no meaning here.
    init(_ query: RequestParameters, version: LineProtocolVersion) throws {
        let precision = query.text("precision") ?? ""
        guard let unit = LinePrecision(precision) else {
            throw APIError.invalid("precision", "expected ns, us, ms, s, m or h, got \"\(precision.prefix(64))\"")
        }
        self.init(precision: unit, database: version == .one ? query.text("db") ?? "" : "")
        guard !database.utf8.contains(where: { $0 < 0x20 }) else {
            throw APIError.invalid("db", "expected a name without control characters")
        }
    }
}

/// What is wrong, in the forms that InfluxDB's clients look for.
struct LineProtocolFailure {
    let status: HTTPResponse.Status
    let message: String
    /// Version 2's word for the kind of error.
    let code: String
    var line: Int?
    var retryAfterSeconds: Int?

    /// Nil if everything was taken.
    init?(_ decoded: DecodedLines) {
        guard let first = decoded.request.rejected.first else { return nil }
        status = .badRequest
        code = "invalid"
        line = decoded.firstRefusedLine
        let count = decoded.request.rejected.count
        // Telegraf looks for "partial write", and for the number behind "dropped=".
        message =
            "partial write: \(count) of \(decoded.request.recordCount) fields were refused and are kept as dead letters, "
            + "the others are stored; the first: \(first.message) dropped=\(count)"
    }

    init(_ error: APIError, _ version: LineProtocolVersion) {
        retryAfterSeconds = error.retryAfterSeconds
        switch error.kind {
        // Telegraf's output for version 1 drops what is answered with any 4xx.
        case .overloaded where version == .two: (status, code) = (.tooManyRequests, "too many requests")
        case .overloaded, .unavailable, .storageFull: (status, code) = (.serviceUnavailable, "unavailable")
        case .tooLarge: (status, code) = (.contentTooLarge, "request too large")
        case .unsupportedMediaType: (status, code) = (.unsupportedMediaType, "unsupported media type")
        case .badData: (status, code) = (.badRequest, "invalid")
        case .unauthorized: (status, code) = (.unauthorized, "unauthorized")
        case .forbidden: (status, code) = (.forbidden, "forbidden")
        default: (status, code) = (error.status, "internal error")
        }
        // Older versions of Telegraf take an answer for final only if it says so.
        message = error.kind == .badData ? "unable to parse the request: \(error.message)" : error.message
    }

    func response(_ version: LineProtocolVersion) -> Response {
        var json = JSONText()
        json.object { answer in
            switch version {
            case .one: answer.field("error", message)
            case .two:
                answer.field("code", code)
                answer.field("message", message)
                if let line { answer.field("line", line) }
            }
        }
        var response = Response.json(json, status: status)
        if let retryAfterSeconds { response.headers[.retryAfter] = "\(retryAfterSeconds)" }
        return response
    }
}
