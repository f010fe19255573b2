import Foundation
import Synchronization

/// Sends the requests of a file, one thread a connection.
///
/// No connection runs more than `longestLead` steps ahead of another: sources are scraped at the same time in life, and
/// Prometheus refuses samples that are more than an hour older than its newest.
final class RequestSender: Sendable {
    /// 25 minutes of samples.
    static let longestLead = 100

    struct Outcome: Sendable {
        var samples = 0
        /// Answers 429 and 503: sent again after a pause.
        var retries = 0
        /// From the first byte of a request to the last of its answer, seconds, retries included.
        var latencies: [Double] = []
    }

    struct Refused: Error, CustomStringConvertible {
        let status: Int
        let text: String
        let step: Int
        var description: String { "the server answered \(status) to a request of step \(step): \(text.prefix(400))" }
    }

    private let url: String
    private let headerFields: String
    private let file: RequestFile
    private let progress: SendingProgress
    private let endsWithServer: Bool

    /// - Parameter headerFields: of every request, each with its line's end.
    /// - Parameter endsWithServer: a connection that breaks ends its sending instead of failing it.
    init(url: String, headerFields: String, file: RequestFile, progress: SendingProgress, endsWithServer: Bool) {
        self.url = url
        self.headerFields = headerFields
        self.file = file
        self.progress = progress
        self.endsWithServer = endsWithServer
    }

    /// Sends, in order and on `requests.count` connections at once, the requests whose step is in the range.
    ///
    /// - Parameter samplesPerSecond: all connections together; nil is flat out.
    func send(steps: Range<Int>, samplesPerSecond: Double?) throws -> Outcome {
        let results = Mutex<[Result<Outcome, any Error>]>([])
        let group = DispatchGroup()
        let share = samplesPerSecond.map { $0 / Double(file.requests.count) }
        let pace = Pace(connections: file.requests.count)
        for (index, requests) in file.requests.enumerated() {
            let mine = requests.filter { steps.contains($0.step) }
            group.enter()
            let thread = Thread { [self] in
                let result = Result<Outcome, any Error> {
                    defer { pace.move(index, to: .max) }
                    return try send(mine, samplesPerSecond: share) { pace.move(index, to: $0) }
                }
                results.withLock { $0.append(result) }
                group.leave()
            }
            thread.start()
        }
        group.wait()
        var total = Outcome()
        for result in results.withLock({ $0 }) {
            let one = try result.get()
            total.samples += one.samples
            total.retries += one.retries
            total.latencies += one.latencies
        }
        return total
    }

    private func send(
        _ requests: [RequestFile.Request], samplesPerSecond: Double?, beforeStep: (Int) -> Void
    ) throws -> Outcome {
        var outcome = Outcome()
        outcome.latencies.reserveCapacity(requests.count)
        do {
            try send(requests, samplesPerSecond: samplesPerSecond, into: &outcome, beforeStep: beforeStep)
        } catch  where endsWithServer && !(error is Refused) {
            // What was acknowledged until then is in the progress.
        }
        return outcome
    }

    private func send(
        _ requests: [RequestFile.Request], samplesPerSecond: Double?, into outcome: inout Outcome,
        beforeStep: (Int) -> Void
    ) throws {
        let connection = try HTTPConnection(url: url, headerFields: headerFields)
        let began = ContinuousClock.now
        try file.bytes.withUnsafeBytes { bytes in
            for request in requests {
                beforeStep(request.step)
                if let samplesPerSecond {
                    let due = began + .seconds(Double(outcome.samples) / samplesPerSecond)
                    let wait = due - .now
                    if wait > .zero { usleep(useconds_t(wait / .microseconds(1))) }
                }
                let start = ContinuousClock.now
                while true {
                    let (status, text) = try connection.post(UnsafeRawBufferPointer(rebasing: bytes[request.body]))
                    if status == 429 || status == 503 {
                        outcome.retries += 1
                        usleep(50_000)
                        continue
                    }
                    guard (200..<300).contains(status) else {
                        throw Refused(status: status, text: text, step: request.step)
                    }
                    break
                }
                outcome.latencies.append((ContinuousClock.now - start) / .seconds(1))
                outcome.samples += request.samples
                progress.acknowledged(request)
            }
        }
    }
}

/// Where each connection is; lets them wait for each other.
private final class Pace: Sendable {
    private let steps: Mutex<[Int]>
    private let moved = NSCondition()

    init(connections: Int) { steps = Mutex(Array(repeating: 0, count: connections)) }

    /// Returns when no connection is more than `RequestSender.longestLead` steps behind; `.max` is the end.
    func move(_ connection: Int, to step: Int) {
        moved.lock()
        defer { moved.unlock() }
        steps.withLock { $0[connection] = step }
        moved.broadcast()
        guard step < .max else { return }
        while let slowest = steps.withLock({ $0.min() }), slowest < step - RequestSender.longestLead {
            moved.wait()
        }
    }
}
