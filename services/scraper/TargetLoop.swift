import Foundation
import IngestLog
import Logging
import ScrapeConfig
import SelfMetrics
import Synchronization
import TelemetryModel
import WireFormats

/// The scraping of one target, from when it is found until it goes.
final class TargetLoop: Sendable {
    private struct State {
        var series = TargetSeries()
        var report: ScrapeReport?
        var status = TargetStatus()
        /// A dead letter says already why the target's text is not taken.
        var isRefusalKept = false
        /// Why the target must not be scraped.
        var obstacle: String?
    }

    let target: ScrapeTarget
    let schedule: ScrapeSchedule
    private let job: ScrapeJob
    private let environment: ScrapeEnvironment
    private let fetcher: HTTPFetcher
    private let transform: SeriesTransform
    private let state: Mutex<State>

    /// - Parameter predecessor: a loop that has ended, whose series become those of this one.
    init(
        _ target: ScrapeTarget, _ job: ScrapeJob, _ environment: ScrapeEnvironment, fetcher: HTTPFetcher, seed: UInt64,
        predecessor: TargetLoop?
    ) {
        self.target = target
        self.job = job
        self.environment = environment
        self.fetcher = fetcher
        schedule = ScrapeSchedule(
            intervalMilliseconds: target.intervalMilliseconds, labels: target.allLabels, url: target.url, seed: seed)
        let labels = SampleLabels(target, job)
        transform = SeriesTransform(
            sender: environment.senders.next(), takesTimestamps: job.honorTimestamps, sampleLimit: job.limits.samples
        ) { labels.outcome($0) }
        var state = State()
        if let predecessor { state.series = predecessor.state.withLock { $0.series } }
        self.state = Mutex(state)
    }

    var status: TargetStatus { state.withLock { $0.status } }

    /// - Parameter obstacle: a sentence; nil if there is none.
    func setObstacle(_ obstacle: String?) { state.withLock { $0.obstacle = obstacle } }

    /// Scrapes until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let now = Self.now()
            // After a scrape that ended within its own millisecond, the next time is not this one again.
            let scheduled = schedule.next(from: now + 1)
            try? await Task.sleep(for: .milliseconds(scheduled - now))
            guard !Task.isCancelled else { return }
            await environment.slots.run { [self] in await scrape(scheduled: scheduled) }
        }
    }

    // MARK: One scrape

    private func scrape(scheduled: Int64) async {
        let began = ContinuousClock.now
        let time = schedule.timestamp(scheduled: scheduled, now: Self.now())
        let result: Result<DecodedExposition, ScrapeFailure>
        do throws(ScrapeFailure) {
            result = .success(try await fetch(at: time))
        } catch {
            result = .failure(error)
        }
        // What is broken off by the end of the loop says nothing about the target.
        guard !Task.isCancelled else { return }
        let duration = ContinuousClock.now - began
        environment.metrics.scrapes.add()
        environment.metrics.duration.record(duration)
        var status = TargetStatus()
        status.lastScrape = time
        status.lastDuration = duration
        switch result {
        case .success(let decoded):
            status.health = .up
            status.lastSampleCount = decoded.request.recordCount
        case .failure(let failure):
            status.health = .down
            status.lastError = failure.message
            environment.metrics.failures.add()
        }
        if let problem = await store(result, duration, at: time) {
            status.health = .down
            status.lastError = problem
        }
        let before = state.withLock { state in
            defer { state.status = status }
            return state.status
        }
        logChange(from: before, to: status)
    }

    private func fetch(at time: Int64) async throws(ScrapeFailure) -> DecodedExposition {
        if let obstacle = state.withLock({ $0.obstacle }) { throw ScrapeFailure(obstacle) }
        if environment.isBehind() {
            throw ScrapeFailure("not scraped: more records wait to be written or processed than may")
        }
        let text = ScrapedText(job: job)
        let answer = try await fetcher.get(
            target.url, headers: headers, timeoutMilliseconds: target.timeoutMilliseconds, limit: text.bodyLimit)
        return try text.decode(answer, by: environment.decoder, transform, at: time)
    }

    private var headers: [(String, String)] {
        let taken = job.protocols.filter { $0 != .protobuf }
        var accept = taken.enumerated().map { "\($1.mediaType);q=0.\(taken.count + 1 - $0)" }
        accept.append("*/*;q=0.1")
        let seconds = Double(target.timeoutMilliseconds) / 1000
        return [
            ("Accept", accept.joined(separator: ",")), ("Accept-Encoding", job.enableCompression ? "gzip" : "identity"),
            ("User-Agent", "Heliograph/\(environment.version)"), ("X-Prometheus-Scrape-Timeout-Seconds", "\(seconds)"),
        ]
    }

    /// Puts what a scrape came to into the log.
    ///
    /// - Returns: why it is not there; nil if it is.
    private func store(
        _ result: Result<DecodedExposition, ScrapeFailure>, _ duration: Duration, at time: Int64
    ) async -> String? {
        var (series, isRefusalKept) = state.withLock { ($0.series, $0.isRefusalKept) }
        var batch = TelemetryBatch()
        var rejected: [RejectedRecord] = []
        var counts = (scraped: 0, kept: 0, added: 0)
        var ended: [SeriesReference] = []
        switch result {
        case .success(let decoded):
            batch = decoded.request.batch
            rejected = decoded.request.rejected
            let change = series.succeed(
                batch.references, timed: job.tracksTimestampStaleness ? [] : decoded.timed)
            ended = change.ended
            counts = (decoded.request.recordCount, batch.count, change.addedCount)
            environment.metrics.samples.add(batch.count)
            environment.metrics.exemplars.add(batch.exemplars.count)
            environment.metrics.rejectedExemplars.add(decoded.request.rejectedExemplars)
        case .failure(let failure):
            ended = series.fail()
            counts = (failure.scraped, failure.kept, 0)
            if let unreadable = failure.unreadable { rejected = [unreadable] }
        }
        // What is refused at every scrape is kept once.
        let keepsRefused = !isRefusalKept
        if case .success = result {
            isRefusalKept = !rejected.isEmpty
        } else if !rejected.isEmpty {
            isRefusalKept = true
        }
        if !keepsRefused { rejected = [] }
        for reference in ended { batch.append(reference, at: time, value: .staleMarker) }
        do {
            let isUp = if case .success = result { true } else { false }
            try report().append(
                isUp: isUp, duration: duration, scraped: counts.scraped, kept: counts.kept, added: counts.added,
                at: time,
                to: &batch)
            _ = try await environment.log.append(
                LogSubmission(batch: batch, rejected: rejected, ingestProtocol: .scrape, receivedAt: Self.now()))
        } catch let error as SeriesBudgetExceeded {
            return error.message
        } catch let error as LogAppendError {
            return "the log did not take the samples: \(error)"
        } catch {
            return "\(error)"
        }
        state.withLock { state in
            state.series = series
            state.isRefusalKept = isRefusalKept
        }
        return nil
    }

    /// The series that say how scrapes went, made when they are first needed.
    private func report() throws(SeriesBudgetExceeded) -> ScrapeReport {
        if let report = state.withLock({ $0.report }) { return report }
        let report = try ScrapeReport(target.labels, in: environment.log.registry)
        state.withLock { $0.report = report }
        return report
    }

    private func logChange(from before: TargetStatus, to status: TargetStatus) {
        guard before.health != status.health else { return }
        let metadata: Logger.Metadata = ["job": "\(job.name)", "target": "\(target.url)"]
        if status.health == .down {
            environment.logger.warning(
                "a target is down", metadata: metadata.merging(["error": "\(status.lastError)"]) { $1 })
        } else if before.health == .down {
            environment.logger.info("a target is up again", metadata: metadata)
        }
    }

    // MARK: The end

    /// Whether a series is this target's, or says how its scrapes go.
    private func has(_ reference: SeriesReference) -> Bool {
        state.withLock { $0.series.live.contains(reference) || $0.report?.references.contains(reference) == true }
    }

    /// Ends the series of a target that is no longer there.
    ///
    /// That is done a good two intervals later, as the target may come back, perhaps as another with the same series: those that
    /// a target has by then go on (Prometheus waits as long, and leaves it to its store to refuse the markers).
    func endSeries() async {
        let time = schedule.next(from: Self.now())
        do {
            try await Task.sleep(for: .milliseconds(time - Self.now() + schedule.interval + schedule.interval / 10))
        } catch {
            // The server stops; what it scrapes after its start has the same series.
            return
        }
        let mine = state.withLock { Array($0.series.live) + ($0.report?.references ?? []) }
        let others = environment.loops.all
        var batch = TelemetryBatch()
        for reference in mine.sorted() where !others.contains(where: { $0.has(reference) }) {
            batch.append(reference, at: time, value: .staleMarker)
        }
        guard !batch.isEmpty else { return }
        do {
            _ = try await environment.log.append(
                LogSubmission(batch: batch, rejected: [], ingestProtocol: .scrape, receivedAt: Self.now()))
        } catch {
            environment.logger.warning(
                "the series of a target that is gone could not be ended",
                metadata: ["job": "\(job.name)", "target": "\(target.url)", "error": "\(error)"])
        }
    }

    private static func now() -> Int64 { Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) }
}
