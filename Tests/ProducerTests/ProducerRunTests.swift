import Foundation
import Logging
import Synchronization
import Testing

@testable import Producer

@Suite struct ProducerRunTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func options(_ server: FlakyServer, records: Int?) -> ProducerOptions {
        var options = ProducerOptions(url: server.url + "/", content: .fleet(FleetOptions()))
        options.maximumRecords = records
        options.rate = .unbounded
        options.recordsPerRequest = 500
        options.isQuiet = true
        return options
    }

    @Test func everyRecordArrivesAtAServerThatMisbehaves() async throws {
        let behavior: @Sendable (Int) -> FlakyServer.Behavior = { request in
            switch request % 7 {
            case 1: .answer(status: 429, retryAfter: "0")
            case 2: .answer(status: 503, retryAfter: nil)
            case 4: .close(keepsRecords: false)
            case 5: .close(keepsRecords: true)
            default: .accept
            }
        }
        try await FlakyServer.withServer(behavior: behavior) { server in
            let summary = try await Producer(options: options(server, records: 6_789), logger: logger).run()
            #expect(summary.sent == 6_789 && summary.accepted == 6_789 && summary.rejected == 0)
            #expect(summary.unanswered == 0 && !summary.isFailure)
            #expect(summary.retries == server.requests - summary.requests)
            #expect(summary.retries > 5)
            #expect(server.acknowledged.count == 6_789)
            #expect(server.acknowledged.values.allSatisfy { $0 == 1 })
            #expect(server.takenSilently.allSatisfy { server.acknowledged[$0] == 1 })
        }
    }

    @Test func connectionsAreKeptOpen() async throws {
        try await FlakyServer.withServer { server in
            var options = options(server, records: 20_000)
            options.connections = 3
            let summary = try await Producer(options: options, logger: logger).run()
            #expect(summary.requests == 40)
            #expect((1...3).contains(server.connections))
        }
    }

    @Test func refusedRecordsAreCounted() async throws {
        try await FlakyServer.withServer(behavior: { $0 == 2 ? .answer(status: 400, retryAfter: nil) : .refuseOne }) {
            server in
            var options = options(server, records: 2000)
            options.connections = 1
            let summary = try await Producer(options: options, logger: logger).run()
            #expect(summary.sent == 2000 && summary.requests == 4 && summary.retries == 0)
            // A request is full with the reading that makes it 500 records or more: 504 are six a reading.
            #expect(summary.rejected == 504 + 3)
            #expect(summary.accepted == 2000 - 504 - 3)
        }
    }

    @Test func anAddressThatIsNoHeliographIsSaid() async throws {
        try await FlakyServer.withServer { server in
            var options = options(server, records: 10)
            options.url += "nowhere"
            await #expect(throws: ProducerError.self) { try await Producer(options: options, logger: logger).run() }
            #expect(server.requests == 0)
        }
    }

    @Test func aServerThatIsNotThereIsGivenUp() async throws {
        let url = try await FlakyServer.withServer { $0.url }
        var options = ProducerOptions(url: url, content: .fleet(FleetOptions()))
        options.maximumRecords = 5
        options.rate = .unbounded
        options.giveUpAfter = .milliseconds(300)
        options.isQuiet = true
        let error = await #expect(throws: ProducerError.self) {
            try await Producer(options: options, logger: logger).run()
        }
        guard case .unreachable(_, _, let fault) = error else {
            Issue.record("expected unreachable, got \(String(describing: error))")
            return
        }
        #expect(fault == "connection refused")
    }

    @Test func cancellingFinishesWhatIsOnItsWay() async throws {
        let (requests, arrived) = AsyncStream.makeStream(of: Int.self)
        try await FlakyServer.withServer(onRequest: { arrived.yield($0) }) { server in
            let options = options(server, records: nil)
            let run = Task { try await Producer(options: options, logger: logger).run() }
            for await request in requests where request >= 5 { break }
            run.cancel()
            let summary = try await run.value
            #expect(summary.unanswered == 0)
            #expect(summary.accepted == server.acknowledged.values.reduce(0, +))
            #expect(summary.requests == server.requests)
        }
    }

    @Test func cancellingEndsAWaitForABrokenServer() async throws {
        let (requests, arrived) = AsyncStream.makeStream(of: Int.self)
        let behavior: @Sendable (Int) -> FlakyServer.Behavior = { _ in .answer(status: 503, retryAfter: "60") }
        try await FlakyServer.withServer(behavior: behavior, onRequest: { arrived.yield($0) }) { server in
            let options = options(server, records: 10)
            let run = Task { try await Producer(options: options, logger: logger).run() }
            for await _ in requests { break }
            run.cancel()
            let summary = try await run.value
            #expect(summary.unanswered == 10 && summary.isFailure)
            #expect(summary.elapsed < .seconds(30))
        }
    }

    @Test func historyComesFirstAndReachesTheLiveTime() async throws {
        try await FlakyServer.withServer { server in
            var options = options(server, records: nil)
            options.rate = .natural
            options.backfill = .seconds(600)
            options.maximumRecords = 25 * 6 * 120
            options.recordsPerRequest = 5000
            let now: Int64 = 1_760_000_000_000
            let summary = try await Producer(options: options, logger: logger) { now }.run()
            let bytes = Array(server.acknowledged.keys.joined(separator: "\n").utf8)
            let times = try SentRecord.all(in: bytes).map(\.timestamp)
            #expect(summary.accepted == 25 * 6 * 120)
            #expect(times.min() == now - 600_000)
            #expect((times.max() ?? 0) > now - 60_000)
            #expect((times.max() ?? .max) <= now)
        }
    }

    @Test func aReplayCountsItsBadRows() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "heliograph-run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("1392388200,1\nbad,row\n1392388201,2\n".utf8).write(to: folder.appending(path: "a_1.csv"))
        try Data("1392388200,x\n".utf8).write(to: folder.appending(path: "b.csv"))
        try await FlakyServer.withServer { server in
            var options = ProducerOptions(url: server.url, content: .replay(ReplayOptions(paths: [folder.path])))
            options.isQuiet = true
            let summary = try await Producer(options: options, logger: logger).run()
            #expect(summary.accepted == 2 && summary.badRows == 2 && !summary.isFailure)
            options.content = .replay(ReplayOptions(paths: [folder.path + "/b.csv"]))
            let bad = try await Producer(options: options, logger: logger).run()
            #expect(bad.sent == 0 && bad.badRows == 1 && bad.isFailure)
        }
    }

    @Test func impossibleOptionsAreNamed() throws {
        func fault(_ change: (inout ProducerOptions) -> Void) -> String? {
            var options = ProducerOptions(url: "http://a", content: .fleet(FleetOptions()))
            change(&options)
            do {
                try options.validate()
                return nil
            } catch { return error.description }
        }
        #expect(fault { _ in } == nil)
        #expect(fault { $0.url = "a:1" }?.hasPrefix("url: expected") == true)
        #expect(fault { $0.connections = 0 }?.hasPrefix("connections: expected 1 to 256, found 0") == true)
        #expect(fault { $0.rate = .recordsPerSecond(.nan) } != nil)
        #expect(fault { $0.rate = .recordsPerSecond(150_000) } == nil)
        #expect(
            fault { $0.rate = .recordsPerSecond(200_000) }
                == "rate: expected at most 150000 records a second from 25 sources, or more sources, found 200000.0")
        var replay = ReplayOptions(paths: [])
        replay.speed = .factor(0)
        let content = ProducerOptions.Content.replay(replay)
        #expect(fault { $0.content = content } != nil)
    }

    @Test func progressSaysWhatMatters() {
        let tally = ProducerTally()
        let written = Mutex("")
        let report = ProgressReport(tally: tally, isTerminal: true) { text in written.withLock { $0 += text } }
        tally.answered(records: 1_234_567, accepted: 1_234_000, rejected: 567, bytes: 5)
        tally.retried(because: "the server answered 503")
        tally.setIncidents(["host-001 stopped answering", "other"])
        let line = report.line(tally.summary, since: ProducerSummary())
        #expect(line.hasPrefix("sent 1,234,567 ("))
        #expect(line.hasSuffix("| trying again: the server answered 503 | host-001 stopped answering and 1 more"))
        report.finish()
        #expect(written.withLock { $0 }.contains("accepted 1,234,000, rejected 567, retries 1"))
    }
}
