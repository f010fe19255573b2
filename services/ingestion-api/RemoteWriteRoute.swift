import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import TelemetryModel
import WireFormats

/// `POST /api/v1/write`: Prometheus' remote write, versions 1.0 and 2.0.
///
/// Senders go by the status: 2xx is done, 429 and 5xx are sent again, any other 4xx is dropped by them. So a request of which
/// some samples are refused for good is answered with 400 although the others are taken, and the text says so.
struct RemoteWriteRoute: Sendable {
    let intake: TelemetryIntake

    func handle(_ request: Request) async throws -> Response {
        let version = RemoteWriteVersion(contentType: request.headers[.contentType] ?? "")
        do {
            return try await intake.counted { try await take(request, version) }
        } catch let error as APIError {
            return Self.response(error, DecodedWrite(), version ?? .one)
        }
    }

    private func take(_ request: Request, _ version: RemoteWriteVersion?) async throws -> Response {
        guard let version else {
            throw APIError(
                .unsupportedMediaType,
                "Content-Type: expected application/x-protobuf, with proto=prometheus.WriteRequest or "
                    + "proto=io.prometheus.write.v2.Request, got \"\((request.headers[.contentType] ?? "").prefix(96))\""
            )
        }
        let coding = request.headers[.contentEncoding]?.trimmedASCII.lowercased() ?? "snappy"
        guard coding == "snappy" else {
            throw APIError(.unsupportedMediaType, "Content-Encoding: expected snappy, got \"\(coding.prefix(64))\"")
        }
        let arrival = try await intake.arrival(request)
        let message = try uncompressed(arrival.body)
        let decoded: DecodedWrite
        do throws(RemoteWriteError) {
            decoded = try intake.environment.decoders.remoteWrite.decode(message.span, version: version)
        } catch {
            // One with too many samples is not kept: it can be sent again in parts.
            if error.isTooLarge { throw APIError(.tooLarge, error.description) }
            try await intake.keep(
                message, .invalidMessage, error.description, of: arrival, by: .remoteWrite,
                parameters: version.parameters)
            throw APIError(.badData, error.description)
        }
        try await intake.commit(decoded.request, of: arrival, by: .remoteWrite)
        guard let first = decoded.request.rejected.first else {
            return Response(status: .noContent, headers: Self.written(decoded, version))
        }
        let count = decoded.request.rejected.count
        return Self.response(
            APIError(
                .badData,
                "\(count) of \(decoded.request.recordCount) samples were refused and are kept as dead letters; the others "
                    + "are stored. The first: \(first.message)"), decoded, version)
    }

    private func uncompressed(_ body: ByteBuffer) throws -> [UInt8] {
        do {
            return try Snappy.uncompress(body.readableBytesUInt8Span, limit: intake.environment.maximumBodyBytes)
        } catch {
            switch error {
            case .tooLarge: throw APIError(.tooLarge, error.description)
            case .damaged: throw APIError(.badData, error.description)
            }
        }
    }

    /// Senders log the first line of a text.
    static func response(_ error: APIError, _ decoded: DecodedWrite, _ version: RemoteWriteVersion) -> Response {
        var headers = written(decoded, version)
        headers[.contentType] = "text/plain; charset=utf-8"
        if let seconds = error.retryAfterSeconds { headers[.retryAfter] = "\(seconds)" }
        return Response(
            status: error.status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: error.message + "\n")))
    }

    /// What version 2.0 wants to know of every answer (its section on required written response headers).
    private static func written(_ decoded: DecodedWrite, _ version: RemoteWriteVersion) -> HTTPFields {
        guard version == .two else { return [:] }
        var headers = HTTPFields()
        let counts = [
            ("Samples", decoded.samples), ("Histograms", decoded.histograms),
            ("Exemplars", decoded.request.batch.exemplars.count),
        ]
        for (kind, count) in counts {
            if let name = HTTPField.Name("X-Prometheus-Remote-Write-\(kind)-Written") { headers[name] = "\(count)" }
        }
        return headers
    }
}

extension RemoteWriteVersion {
    /// Nil for another protocol. Version 1.0 is what a sender means that says nothing.
    init?(contentType: String) {
        let parts = contentType.lowercased().split(separator: ";").map(\.trimmedASCII)
        guard let mediaType = parts.first, !mediaType.isEmpty else {
            self = .one
            return
        }
        guard mediaType == "application/x-protobuf" else { return nil }
        let message = parts.dropFirst().first { $0.hasPrefix("proto=") }?.dropFirst("proto=".count)
        switch message.map({ $0.filter { $0 != "\"" } }) {
        case nil, "prometheus.writerequest": self = .one
        case "io.prometheus.write.v2.request": self = .two
        default: return nil
        }
    }
}
