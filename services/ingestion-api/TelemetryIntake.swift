import Foundation
import HTTPSupport
import Hummingbird
import IngestLog
import NIOCore
import SelfMetrics
import TelemetryModel
import WireFormats

/// What all protocols have in common: a request's body in, what was decoded onto the disk, and counts of both.
struct TelemetryIntake: Sendable {
    let environment: IngestionEnvironment

    /// A request whose body is here.
    struct Arrival {
        let level: AcknowledgementLevel
        let body: ByteBuffer
        /// Milliseconds since 1970-01-01T00:00:00Z.
        let receivedAt: Int64
    }

    /// Answers a request and counts it. To decode a body may take long, and is not for the thread that other connections wait for.
    func counted(_ answer: @Sendable () async throws -> Response) async throws -> Response {
        let began = ContinuousClock.now
        environment.metrics.requests.add()
        defer { environment.metrics.latency.record(ContinuousClock.now - began) }
        do {
            let budget = environment.limiter?.seriesBudget(of: RequestCaller.token)
            return try await SeriesBudget.$current.withValue(budget) {
                try await withTaskExecutorPreference(globalConcurrentExecutor) { try await answer() }
            }
        } catch {
            environment.metrics.refusedRequests.add()
            throw error
        }
    }

    /// Reads the body; what else is to be said about the headers should be said before.
    func arrival(_ request: Request) async throws -> Arrival {
        let level = try AcknowledgementLevel(request.headers)
        if environment.isBehind() { throw APIError.behind }
        // Before the work of reading and decoding.
        try environment.limiter?.check(RequestCaller.token)
        let body = try await RequestBodyReader(environment: environment).read(request)
        environment.metrics.bytes.add(body.readableBytes)
        return Arrival(level: level, body: body, receivedAt: Int64(Date().timeIntervalSince1970 * 1000))
    }

    /// What a body has in it.
    struct Content {
        private let body: ByteBuffer
        /// Nil if the body is not compressed.
        private let decompressed: [UInt8]?

        fileprivate init(_ body: ByteBuffer, _ coding: BodyCoding, limit: Int) throws(ContentDecodingError) {
            self.body = body
            decompressed = try coding.decoded(body, limit: limit)
        }

        var bytes: [UInt8] { decompressed ?? Array(body.readableBytesView) }

        /// Reads it where it lies.
        func read<Result, Failure>(
            _ decode: (Span<UInt8>) throws(Failure) -> Result
        ) throws(Failure) -> Result {
            if let decompressed { try decode(decompressed.span) } else { try decode(body.readableBytesUInt8Span) }
        }
    }

    func content(of arrival: Arrival, _ coding: BodyCoding) throws(APIError) -> Content {
        do {
            return try Content(arrival.body, coding, limit: environment.maximumBodyBytes)
        } catch {
            switch error {
            case .tooLarge: throw APIError(.tooLarge, error.description)
            default: throw APIError(.badData, error.description)
            }
        }
    }

    /// Returns when the records, refused ones included, have reached the level at which the sender wants its answer.
    ///
    /// - Parameter deltaTotals: go into the same transaction; the records are on disk then, whatever the sender wants.
    func commit(
        _ decoded: DecodedRequest, of arrival: Arrival, by ingestProtocol: IngestProtocol,
        deltaTotals: [DeltaTotal] = []
    ) async throws {
        let submission = LogSubmission(
            batch: decoded.batch, rejected: decoded.rejected, ingestProtocol: ingestProtocol,
            receivedAt: arrival.receivedAt, deltaTotals: deltaTotals)
        if !submission.isEmpty {
            try environment.limiter?.take(decoded, of: RequestCaller.token)
            let level = arrival.level == .accepted && !deltaTotals.isEmpty ? .durable : arrival.level
            try await append(submission, level)
        }
        environment.metrics.records.add(decoded.batch.count)
        environment.metrics.rejected.add(decoded.rejected.count)
        environment.metrics.exemplars.add(decoded.batch.exemplars.count)
        environment.metrics.rejectedExemplars.add(decoded.rejectedExemplars)
    }

    /// Keeps a body that cannot be read at all as one dead letter.
    func keep(
        _ body: [UInt8], _ reason: RejectionReason, _ message: String, of arrival: Arrival,
        by ingestProtocol: IngestProtocol, parameters: String = ""
    ) async throws {
        let record = RejectedRecord(
            index: 0, field: nil, reason: reason, message: message, payload: body, sourceID: nil,
            parameters: parameters)
        try await commit(DecodedRequest(rejected: [record], recordCount: 1), of: arrival, by: ingestProtocol)
    }

    private func append(_ submission: LogSubmission, _ level: AcknowledgementLevel) async throws {
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
        case .letterChanged:
            self.init(
                .badData,
                "the dead letter was edited, replayed or deleted meanwhile; nothing of it was taken: look again")
        case .closed:
            self.init(
                .unavailable, "the server is shutting down; nothing of this request was taken: send it again",
                retryAfterSeconds: 5)
        }
    }
}
