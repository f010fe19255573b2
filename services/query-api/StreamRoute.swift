import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import SelfMetrics
import ServiceLifecycle

/// `GET /api/v1/stream`: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), one
/// `tick` at once and one each interval. Ends when the client goes away or the server shuts down.
struct StreamRoute: Sendable {
    let environment: QueryEnvironment

    @Sendable func handle(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        _ = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let body = request.body
        let headers: HTTPFields = [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store"]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await body.consumeWithCancellationOnInboundClose { _ in
                    try await send(to: &writer)
                }
                try await writer.finish(nil)
            })
    }

    private func send(to writer: inout any ResponseBodyWriter) async throws {
        var previous: (progress: PipelineProgress, at: ContinuousClock.Instant)?
        for await at in Ticks(interval: environment.limits.streamInterval).cancelOnGracefulShutdown() {
            let progress = environment.progress()
            var rate: Double?
            if let previous {
                let seconds = (at - previous.at).seconds
                rate = seconds > 0 ? Double(max(0, progress.received - previous.progress.received)) / seconds : 0
            }
            try await writer.write(ByteBuffer(string: "event: tick\ndata: \(text(progress, rate))\n\n"))
            previous = (progress, at)
        }
    }

    /// `events_per_second` is null in the first tick: there is nothing yet to compare with.
    private func text(_ progress: PipelineProgress, _ rate: Double?) -> String {
        var json = JSONText()
        json.object { tick in
            tick.field("time", environment.now())
            tick.field("received", progress.received)
            tick.field("events_per_second", rate.map { ($0 * 10).rounded() / 10 })
            tick.field("applied_offset", progress.appliedOffset)
        }
        return json.text
    }
}

/// The present moment, at once and after each interval, until the task is cancelled.
private struct Ticks: AsyncSequence, Sendable {
    let interval: Duration

    struct AsyncIterator: AsyncIteratorProtocol {
        let interval: Duration
        var isFirst = true

        mutating func next() async -> ContinuousClock.Instant? {
            if !isFirst, (try? await Task.sleep(for: interval)) == nil { return nil }
            isFirst = false
            return .now
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(interval: interval) }
}
