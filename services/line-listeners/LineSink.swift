import Foundation
import IngestLog
import NIOCore
import SelfMetrics
import TelemetryModel

/// Where a protocol's lines go.
protocol LineSink: Sendable {
    /// Takes whole lines.
    ///
    /// - Parameter done: called once, on any thread: whether they are taken. If not, nothing of them is, and they may be given
    ///   again later.
    func take(_ lines: ByteBuffer, done: @escaping @Sendable (Bool) -> Void)

    /// Keeps what is no line as a dead letter.
    func refuse(_ bytes: [UInt8], _ message: String)

    /// What is to be done beside taking lines, until the server is told to stop; then the rest of it.
    func run() async
}

/// The log as listeners use it.
struct LineLog: Sendable {
    let log: IngestLog
    let ingestProtocol: IngestProtocol
    /// True while more waits to be processed than may.
    let isBehind: @Sendable () -> Bool
    let counters: LineCounters

    /// Milliseconds since 1970-01-01T00:00:00Z.
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    /// - Parameter done: called once, on any thread: whether the records are on disk.
    func append(
        _ batch: TelemetryBatch, _ rejected: [RejectedRecord], at now: Int64,
        done: @escaping @Sendable (Bool) -> Void
    ) {
        let submission = LogSubmission(
            batch: batch, rejected: rejected, ingestProtocol: ingestProtocol, receivedAt: now)
        guard submission.recordCount > 0 else { return done(true) }
        guard !isBehind() else { return done(false) }
        do throws(LogAppendError) {
            try log.append(submission) { result in
                if case .success = result { done(true) } else { done(false) }
            }
        } catch {
            done(false)
        }
    }

    /// Keeps lines that were refused; those that the log does not take are counted.
    func keep(_ rejected: [RejectedRecord], at now: Int64) {
        append(TelemetryBatch(), rejected, at: now) { [counters] isTaken in
            if !isTaken { counters.droppedLines.add(rejected.count) }
        }
    }

    func refuse(_ bytes: [UInt8], _ message: String) {
        counters.lines.add()
        keep(
            [
                RejectedRecord(
                    index: 0, field: nil, reason: .invalidLine, message: message, payload: bytes, sourceID: nil)
            ], at: LineLog.now)
    }
}
