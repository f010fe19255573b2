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
        let (message, emptied) = try await body(of: request)
        let queries: [SeriesSelection]
        do {
            queries = try message.queries.map(SeriesSelection.init)
        } catch {
            throw APIError(.badData, "a matcher of the request: \(error)")
        }
        guard let responseType = message.responseType else {
            throw APIError(
                .badData,
                "server does not support any of the accepted response types; it has SAMPLES and STREAMED_XOR_CHUNKS")
        }
        let store = runner.environment.store
        switch responseType {
        case .samples:
            let body = try await runner.run(emptied, context) { budget in
                RemoteReadAnswer.samples(try queries.map { try store.select($0, budget: budget) })
            }
            return Response(
                status: .ok, headers: [.contentType: "application/x-protobuf", .contentEncoding: "snappy"],
                body: .init(byteBuffer: ByteBuffer(bytes: body)))
        case .streamedXORChunks:
            let results = try await runner.run(emptied, context) { budget in
                try queries.map { try store.select($0, budget: budget) }
            }
            return Response(
                status: .ok,
                headers: [.contentType: "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"],
                body: ResponseBody { writer in
                    for (query, series) in results.enumerated() {
                        for one in series {
                            for frame in RemoteReadAnswer.frames(one, query: query) {
                                try await writer.write(ByteBuffer(bytes: frame))
                            }
                        }
                    }
                    try await writer.finish(nil)
                })
        }
    }

    private func body(of request: Request) async throws -> (RemoteReadRequest, Request) {
        var request = request
        let limit = Self.maximumBytes
        do {
            let body = try await request.body.collect(upTo: limit)
            request.body = RequestBody(buffer: ByteBuffer())
            let content = try Snappy.uncompress(Array(buffer: body).span, limit: limit)
            return (try RemoteReadRequest(content), request)
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
    fileprivate init(_ query: RemoteReadRequest.Query) throws {
        let matchers = try query.matchers.map { matcher in
            let condition: LabelMatcher.Condition =
                switch matcher.type {
                case .equal: .equal(matcher.value)
                case .notEqual: .notEqual(matcher.value)
                case .matches: .matches(try LabelPattern(matcher.value))
                case .doesNotMatch: .doesNotMatch(try LabelPattern(matcher.value))
                }
            return LabelMatcher(matcher.name, condition)
        }
        self.init(matchers: matchers, range: TimeRange(from: query.from, through: query.through))
    }
}
