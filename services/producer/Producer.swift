import AsyncHTTPClient
import Foundation
package import Logging
import NIOCore

/// Sends telemetry to a Heliograph over HTTP: a simulated fleet, or recorded data.
///
/// Each record is sent until the server has answered for it: refused connections, 429 and 5xx are tried again, after
/// the time that the server asks for or ever longer waits. While the server is slow, making records waits for it;
/// nothing is dropped. An answer that is lost on its way makes the records arrive twice, which the server counts as
/// duplicates.
package struct Producer: Sendable {
    private let options: ProducerOptions
    private let logger: Logger
    private let now: @Sendable () -> Int64

    /// No request grows beyond this, whatever its records' messages hold.
    private static let maximumRequestBytes = 4 << 20

    package init(options: ProducerOptions, logger: Logger) {
        self.init(options: options, logger: logger) { Int64(Date().timeIntervalSince1970 * 1000) }
    }

    /// - Parameter now: Milliseconds since 1970.
    init(options: ProducerOptions, logger: Logger, now: @escaping @Sendable () -> Int64) {
        self.options = options
        self.logger = logger
        self.now = now
    }

    /// Sends until the limits are reached, the recorded data ends or the task is cancelled. Cancelling is the ordinary
    /// way to stop: records that are made are still sent, requests on their way are finished, and the summary is
    /// returned.
    ///
    /// - Throws: `ProducerError`.
    package func run() async throws -> ProducerSummary {
        try options.validate()
        let stop = StopSignal()
        return try await withTaskCancellationHandler {
            // Its own task, for cancellation would reach into requests that are on their way.
            try await Task { try await produce(until: stop) }.value
        } onCancel: {
            stop.stop()
        }
    }

    private func produce(until stop: StopSignal) async throws -> ProducerSummary {
        let tally = ProducerTally()
        let report = ProgressReport(tally: tally)
        let progress = Task { if !options.isQuiet { await report.run() } }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<Void, any Error>
        do {
            try await send(through: client, tally: tally, report: report, stop: stop)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        progress.cancel()
        await progress.value
        try? await client.shutdown()
        if !options.isQuiet { report.finish() }
        try result.get()
        return tally.summary
    }

    private var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(5))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = options.connections
        configuration.connectionPool.retryConnectionEstablishment = false
        options.credentials.apply(to: &configuration)
        return configuration
    }

    private func send(
        through client: HTTPClient, tally: ProducerTally, report: ProgressReport, stop: StopSignal
    ) async throws {
        var address = options.url
        while address.hasSuffix("/") { address.removeLast() }
        let sender = TelemetrySender(
            client: client, address: address, credentials: options.credentials, giveUpAfter: options.giveUpAfter,
            tally: tally, stop: stop, logger: logger)
        let isQuiet = options.isQuiet
        var feed = try Feed(options: options, now: now()) { bad in
            let count = tally.badRow()
            guard !isQuiet, count <= ProducerTally.maximumReports else { return }
            report.note(count == ProducerTally.maximumReports ? "\(bad); further ones are counted only" : "\(bad)")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            var onTheirWay = 0
            while let batch = try await nextBatch(from: &feed, stop: stop) {
                tally.setIncidents(feed.activeIncidents)
                if onTheirWay == options.connections {
                    try await group.next()
                    onTheirWay -= 1
                }
                group.addTask { try await sender.send(batch) }
                onTheirWay += 1
            }
            try await group.waitForAll()
        }
    }

    /// Records for one request: as many as are due, once they fill it, have waited long enough or are the last ones.
    /// Nil when nothing more is to be sent.
    private func nextBatch(from feed: inout Feed, stop: StopSignal) async throws -> RecordBuffer? {
        var batch = RecordBuffer()
        var firstAt: Int64 = 0
        let flush = options.flushInterval.microseconds / 1000
        while !stop.isStopped, !feed.isAtEnd(now: now()) {
            let now = now()
            while batch.count < options.recordsPerRequest, batch.bytes.count < Producer.maximumRequestBytes,
                !feed.isAtEnd(now: now), let due = feed.nextDue, due <= now
            {
                if batch.isEmpty { firstAt = now }
                try feed.step(into: &batch)
            }
            let isFull =
                batch.count >= options.recordsPerRequest || batch.bytes.count >= Producer.maximumRequestBytes
            if isFull || feed.isAtEnd(now: now) { break }
            if !batch.isEmpty, now - firstAt >= flush { break }
            var wake = min(feed.nextDue ?? .max, feed.deadline ?? .max)
            if !batch.isEmpty { wake = min(wake, firstAt + flush) }
            await stop.sleep(for: .milliseconds(min(max(wake - now, 1), 60_000)))
        }
        return batch.isEmpty ? nil : batch
    }
}
