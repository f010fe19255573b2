import Foundation
import HummingbirdTesting
import NIOCore
import NIOPosix
import SelfMetrics
import Synchronization
import Testing
import TimeSeriesStore

@testable import QueryAPI

/// What needs a socket: clients that go away, and the live stream.
@Suite(.timeLimit(.minutes(1))) struct ConnectionTests {
    private var store: MemoryStore {
        var store = MemoryStore()
        store.add(["__name__": "up", "source_id": "a"], [(now, 1)])
        return store
    }

    /// `up{a!~"b"}`: the search by patterns is never tried where the request stands.
    private static let heavy = "up%7Ba%21~%22b%22%7D"

    /// Reads until the budget ends it; says when it begins, and what ended it.
    private func endlessStore() -> (MemoryStore, events: AsyncStream<String>) {
        let (events, source) = AsyncStream.makeStream(of: String.self)
        var endless = store
        endless.onRead = { budget in
            source.yield("reading")
            do {
                while true { try budget.check() }
            } catch {
                source.yield("\(error)")
                throw error
            }
        }
        return (endless, events)
    }

    @Test func aQueryIsGivenUpWhenItsClientGoesAway() async throws {
        let (slow, events) = endlessStore()
        var limits = QueryLimits()
        limits.watchAfter = .milliseconds(1)
        try await application(environment(slow, limits: limits)).test(.live) { client in
            for method in ["GET /api/v1/query?query=\(Self.heavy) HTTP/1.1\r\n", "POST /api/v1/query HTTP/1.1\r\n"] {
                let form = method.hasPrefix("POST") ? "query=\(Self.heavy)" : ""
                let connection = try await Connection(port: #require(client.port))
                connection.send(
                    method + "Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                        + "Content-Length: \(form.utf8.count)\r\n\r\n" + form)
                var iterator = events.makeAsyncIterator()
                #expect(await iterator.next() == "reading")
                await connection.close()
                #expect(await iterator.next() == "the query was cancelled")
            }
        }
    }

    @Test func aConnectionServesManyQuickQueries() async throws {
        try await application(environment(store)).test(.live) { client in
            let connection = try await Connection(port: #require(client.port))
            for _ in 0..<3 {
                connection.send("GET /api/v1/query?query=up HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await connection.read(until: #""1"]}]}}"#).hasPrefix("HTTP/1.1 200"))
            }
            await connection.close()
        }
    }

    /// What is tried where the request stands ends soon, and is begun anew on a thread of its own.
    @Test func whatTurnsOutHeavyIsBegunAnew() async throws {
        let reads = Mutex(0)
        var slow = store
        slow.onRead = { budget in
            let isFirst = reads.withLock {
                $0 += 1
                return $0 == 1
            }
            while isFirst { try budget.check() }
        }
        let environment = environment(slow)
        try await application(environment).test(.live) { client in
            let connection = try await Connection(port: #require(client.port))
            connection.send("GET /api/v1/query?query=up HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await connection.read(until: #""1"]}]}}"#).hasPrefix("HTTP/1.1 200"))
            await connection.close()
        }
        #expect(reads.withLock { $0 } == 2)
        #expect(environment.metrics.queries.value == 1 && environment.metrics.failures.value == 0)
    }

    @Test func aSlowQueryIsAnsweredToo() async throws {
        let mayAnswer = DispatchSemaphore(value: 0)
        var slow = store
        slow.onRead = { _ in mayAnswer.wait() }
        var limits = QueryLimits()
        limits.watchAfter = .zero
        try await application(environment(slow, limits: limits)).test(.live) { client in
            let connection = try await Connection(port: #require(client.port))
            connection.send("GET /api/v1/query?query=up HTTP/1.1\r\nHost: x\r\n\r\n")
            mayAnswer.signal()
            #expect(await connection.read(until: #""1"]}]}}"#).hasPrefix("HTTP/1.1 200"))
            // The connection is fit for more.
            mayAnswer.signal()
            connection.send("GET /api/v1/query?query=up HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await connection.read(until: #""1"]}]}}"#).hasPrefix("HTTP/1.1 200"))
            await connection.close()
        }
    }

    /// Requests that a client sent before it went away: what runs is given up, and what is in line does not run on. (The server
    /// ends, and with it the test, only when no query runs.)
    @Test func pipelinedQueriesAreGivenUp() async throws {
        let (slow, events) = endlessStore()
        var limits = QueryLimits()
        limits.watchAfter = .milliseconds(1)
        let environment = environment(slow, limits: limits)
        try await application(environment).test(.live) { client in
            let connection = try await Connection(port: #require(client.port))
            let request = "GET /api/v1/query?query=\(Self.heavy) HTTP/1.1\r\nHost: x\r\n\r\n"
            connection.send(request + request)
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == "reading")
            await connection.close()
            #expect(await iterator.next() == "the query was cancelled")
        }
        #expect((1...2).contains(environment.metrics.queries.value))
        #expect(environment.metrics.cancelled.value == environment.metrics.queries.value)
    }

    /// Also: the test can only end if the open stream ends when the server shuts down.
    @Test func theStreamTicks() async throws {
        var limits = QueryLimits()
        limits.streamInterval = .milliseconds(5)
        let received = Mutex(100)
        let environment = environment(
            store, limits: limits,
            progress: {
                PipelineProgress(
                    received: received.withLock {
                        $0 += 10; return $0
                    }, appliedOffset: 42)
            })
        try await application(environment).test(.live) { client in
            let connection = try await Connection(port: #require(client.port))
            connection.send("GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n")
            let text = await connection.read(until: #""received":130"#)
            #expect(text.contains("text/event-stream"))
            #expect(
                text.contains(
                    "event: tick\ndata: {\"time\":1767225600000,\"received\":110,"
                        + "\"events_per_second\":null,\"applied_offset\":42}\n\n"
                ))
            #expect(text.contains(#""received":120,"events_per_second":"#))
        }
    }

    @Test func theStreamEndsWhenItsClientGoesAway() async throws {
        var limits = QueryLimits()
        limits.streamInterval = .milliseconds(5)
        let readers = Mutex(0)
        let environment = environment(
            store, limits: limits,
            progress: {
                readers.withLock { $0 += 1 }
                return PipelineProgress(received: 0, appliedOffset: 0)
            })
        try await application(environment).test(.live) { client in
            let connection = try await Connection(port: #require(client.port))
            connection.send("GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = await connection.read(until: "event: tick")
            await connection.close()
            // The ticks stop: a stretch of many intervals comes in which nobody asks for the progress.
            var before = -1
            while before != readers.withLock({ $0 }) {
                before = readers.withLock { $0 }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }
}

/// A client that sends and reads text.
private final class Connection: Sendable {
    private let incoming: AsyncStream<String>
    private let outgoing: AsyncStream<ByteBuffer>.Continuation
    private let pump: Task<Void, any Error>

    init(port: Int) async throws {
        let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer> = try await ClientBootstrap(
            group: .singletonMultiThreadedEventLoopGroup
        )
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
        }
        let (incoming, received) = AsyncStream.makeStream(of: String.self)
        let (requests, outgoing) = AsyncStream.makeStream(of: ByteBuffer.self)
        self.incoming = incoming
        self.outgoing = outgoing
        pump = Task {
            try await channel.executeThenClose { inbound, outbound in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        do { for try await buffer in inbound { received.yield(String(buffer: buffer)) } } catch {}
                        received.finish()
                    }
                    for await request in requests { try? await outbound.write(request) }
                    group.cancelAll()
                }
            }
        }
    }

    func send(_ text: String) { outgoing.yield(ByteBuffer(string: text)) }

    /// All that comes until `end` has come.
    func read(until end: String) async -> String {
        var text = ""
        for await piece in incoming {
            text += piece
            if text.contains(end) { return text }
        }
        Issue.record("the connection ended before \(end) came; it had sent: \(text)")
        return text
    }

    func close() async {
        outgoing.finish()
        try? await pump.value
    }
}
