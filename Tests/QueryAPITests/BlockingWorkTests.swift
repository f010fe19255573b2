import Dispatch
import HTTPSupport
import HTTPTypes
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct BlockingWorkTests {
    /// How many run now, and how many did at most.
    private final class Running: Sendable {
        let counts = Mutex((now: 0, most: 0))

        func during<Result>(_ work: () -> Result) -> Result {
            counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
            defer { counts.withLock { $0.now -= 1 } }
            return work()
        }
    }

    @Test func noMoreThanTheWidthRunAtOnce() async throws {
        let work = BlockingWork(label: "test", width: 3)
        let running = Running()
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<200 {
                group.addTask {
                    try await work.run { running.during { index } }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 199 * 100)
        #expect((1...3).contains(running.counts.withLock { $0.most }))
        #expect(running.counts.withLock { $0.now } == 0)
    }

    @Test func whatIsTooMuchIsRefused() async throws {
        let work = BlockingWork(label: "test", width: 1, maximumWaiting: 1)
        let (begun, source) = AsyncStream.makeStream(of: Void.self)
        let mayEnd = DispatchSemaphore(value: 0)
        let first = Task {
            try await work.run {
                source.yield()
                mayEnd.wait()
                return 1
            }
        }
        var iterator = begun.makeAsyncIterator()
        await iterator.next()
        // Of two more, one waits and one is refused, whichever comes first.
        let others = (2...3).map { number in Task { try await work.run { number } } }
        let refused = await withTaskGroup(of: APIError?.self) { group in
            for other in others {
                group.addTask {
                    do {
                        _ = try await other.value
                        return nil
                    } catch { return error as? APIError }
                }
            }
            let refused = await group.next() ?? nil
            let begunBefore = Task { try await work.run(isBegun: true) { 4 } }
            mayEnd.signal()
            #expect((try? await begunBefore.value) == 4, "what was let in before is not refused")
            #expect(await (group.next() ?? nil) == nil)
            return refused
        }
        #expect(refused?.status.code == 503 && refused?.retryAfterSeconds == 1)
        #expect(refused?.message.contains("wait for a query thread") == true)
        #expect(try await first.value == 1)
        #expect(try await work.run { 5 } == 5)
    }
}
