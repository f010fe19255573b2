import HTTPSupport
import HTTPTypes
import Hummingbird
import LabelPattern
import NIOCore
import TelemetryModel
import TimeSeriesStore
import WireFormats

/// `POST /api/v1/read`: Prometheus' remote read, as one compressed message or as a stream of frames with XOR chunks. A stream
/// leaves samples out that are native histograms.
struct RemoteReadRoute: Sendable {
    /// Of a request, before and after decompression.
    static let maximumBytes = 8 << 20

    let runner: QueryRunner

    @Sendable func handle(_ request: Request, _ context: AppContext) async throws -> Response {
        let message = try await message(of: request)
        let queries = try message.queries.map(SeriesSelection.init)
        guard let responseType = message.responseType else {
            throw APIError(
                .badData,
                "server does not support any of the accepted response types; it has SAMPLES and STREAMED_XOR_CHUNKS")
        }
        let store = runner.environment.store
        switch responseType {
        case .samples:
            let body = try await runner.run(context) { budget in
                try RemoteReadSamples.answer(try queries.map { try store.select($0, budget: budget) }, budget: budget)
            }
            return Response(
                status: .ok, headers: [.contentType: "application/x-protobuf", .contentEncoding: "snappy"],
                body: .init(byteBuffer: body))
        case .streamedXORChunks:
            let begun = try await runner.run(context) { budget in
                let stream = RemoteReadStream(try queries.map { try store.select($0, budget: budget) })
                try budget.charge(bytes: RemoteReadStream.pieceBytes + RemoteReadStream.frameBytes)
                return Piece(of: stream)
            }
            let work = runner.environment.work
            return Response(
                status: .ok,
                headers: [.contentType: "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"],
                body: ResponseBody { writer in
                    var piece = begun
                    while let bytes = piece.bytes {
                        try await writer.write(bytes)
                        let rest = piece.rest
                        piece = try await work.run(isBegun: true) { Piece(of: rest) }
                    }
                    try await writer.finish(nil)
                })
        }
    }

    private struct Piece: Sendable {
        let bytes: ByteBuffer?
        let rest: RemoteReadStream

        init(of stream: RemoteReadStream) {
            var rest = stream
            bytes = rest.nextPiece()
            self.rest = rest
        }
    }

    private func message(of request: Request) async throws -> RemoteReadRequest {
        let limit = Self.maximumBytes
        do {
            let body = try await request.body.collect(upTo: limit)
            let content = try Snappy.uncompress(Array(buffer: body).span, limit: limit)
            return try RemoteReadRequest(content)
        } catch is NIOTooManyBytesError {
            throw APIError(.tooLarge, "the request's body is larger than \(limit) bytes")
        } catch let error as SnappyError {
            throw APIError(.badData, error.description)
        } catch let error as ProtobufError {
            throw APIError(.badData, error.description)
        }
    }
}

extension SeriesSelection {
    /// - Throws: `APIError` if a matcher is broken.
    fileprivate init(_ query: RemoteReadRequest.Query) throws {
        let matchers = try query.matchers.map { matcher in
            let condition: LabelMatcher.Condition =
                switch matcher.type {
                case .equal: .equal(matcher.value)
                case .notEqual: .notEqual(matcher.value)
                case .matches: .matches(try pattern(matcher, "=~"))
                case .doesNotMatch: .doesNotMatch(try pattern(matcher, "!~"))
                }
            return LabelMatcher(matcher.name, condition)
        }
        func pattern(_ matcher: RemoteReadRequest.Matcher, _ comparison: String) throws -> LabelPattern {
            do {
                return try LabelPattern(matcher.value)
            } catch {
                let value = matcher.value.prefix(64).description.escapedForLabelText
                throw APIError(
                    .badData, "a matcher of the request, \(matcher.name.prefix(64))\(comparison)\"\(value)\": \(error)")
            }
        }
        self.init(matchers: matchers, range: TimeRange(from: query.from, through: query.through))
    }
}
