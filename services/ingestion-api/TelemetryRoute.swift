import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import IngestLog
import NIOCore
import SelfMetrics
import TelemetryModel
import WireFormats

/// `POST /api/v1/telemetry`: the data contract in, an answer when its acknowledgement level is reached.
struct TelemetryRoute: Sendable {
    let environment: IngestionEnvironment

    func handle(_ request: Request) async throws -> Response {
        let began = ContinuousClock.now
        environment.metrics.requests.add()
        defer { environment.metrics.latency.record(ContinuousClock.now - began) }
        do {
            return try await take(request)
        } catch {
            environment.metrics.refusedRequests.add()
            throw error
        }
    }

    private func take(_ request: Request) async throws -> Response {
        let level = try AcknowledgementLevel(request.headers)
        let shape = try RequestShape(request.headers)
        let coding = try BodyCoding(request.headers)
        if environment.isBehind() { throw APIError.behind }
        let body = try await RequestBodyReader(environment: environment).read(request)
        environment.metrics.bytes.add(body.readableBytes)
        let receivedAt = Int64(Date().timeIntervalSince1970 * 1000)
        let decoded = try decode(body, coding: coding, shape: shape.contractShape, receivedAt: receivedAt)
        let submission = LogSubmission(
            batch: decoded.request.batch, rejected: decoded.request.rejected, ingestProtocol: .contract,
            receivedAt: receivedAt)
        try await commit(submission, level: level)
        environment.metrics.records.add(decoded.request.batch.count)
        environment.metrics.rejected.add(decoded.request.rejected.count)
        if let failure = decoded.failure { throw failure }
        return TelemetryAnswer(decoded.request).response
    }

    /// A body that is not JSON is refused as a whole, and kept as one dead letter.
    private func decode(
        _ body: ByteBuffer, coding: BodyCoding, shape: ContractShape?, receivedAt: Int64
    ) throws -> (request: DecodedRequest, failure: APIError?) {
        let bytes: [UInt8]?
        do {
            bytes = try coding.decoded(body, limit: environment.maximumBodyBytes)
        } catch {
            switch error {
            case .tooLarge: throw APIError(.tooLarge, error.description)
            default: throw APIError(.badData, error.description)
            }
        }
        do {
            let request =
                if let bytes {
                    try environment.decoder.decode(bytes.span, shape: shape, receivedAt: receivedAt)
                } else {
                    try environment.decoder.decode(
                        body.readableBytesUInt8Span, shape: shape, receivedAt: receivedAt)
                }
            return (request, nil)
        } catch {
            guard let reason = error.deadLetterReason else { throw APIError(error.kind, error.description) }
            let record = RejectedRecord(
                index: 0, field: nil, reason: reason, message: error.description,
                payload: bytes ?? Array(body.readableBytesView), sourceID: nil)
            return (DecodedRequest(rejected: [record], recordCount: 1), APIError(error.kind, error.description))
        }
    }

    private func commit(_ submission: LogSubmission, level: AcknowledgementLevel) async throws {
        guard submission.recordCount > 0 else { return }
        do throws(LogAppendError) {
            switch level {
            case .accepted:
                try environment.log.append(submission) { _ in }
            case .durable:
                _ = try await environment.log.append(submission)
            case .stored:
                let offset = try await environment.log.append(submission)
                await environment.waitUntilStored(offset)
            }
        } catch {
            throw APIError(error)
        }
    }
}

extension ContractDecodingError {
    var kind: APIError.Kind {
        switch self {
        case .tooManyRecords: .tooLarge
        default: .badData
        }
    }

    /// Under which reason the body is kept; nil if there is nothing to keep, or the request can be sent again in parts.
    var deadLetterReason: RejectionReason? {
        switch self {
        case .notJSON: .invalidJSON
        case .invalidUTF8: .invalidUTF8
        default: nil
        }
    }
}

extension APIError {
    static let behind = APIError(
        .overloaded,
        "the log is behind its bound: more records wait to be written or processed than may; nothing of this request was "
            + "taken, send it again in a second", retryAfterSeconds: 1)

    init(_ error: LogAppendError) {
        switch error {
        case .behind: self = .behind
        case .storageFull:
            self.init(
                .storageFull,
                "the disk that holds the log is full; nothing of this request was taken: free space or move the data "
                    + "folder, then send it again", retryAfterSeconds: 30)
        case .writeFailed(let reason):
            self.init(
                .unavailable,
                "the log could not be written (\(reason)); nothing of this request was taken: send it again",
                retryAfterSeconds: 5)
        case .closed:
            self.init(
                .unavailable, "the server is shutting down; nothing of this request was taken: send it again",
                retryAfterSeconds: 5)
        }
    }
}
