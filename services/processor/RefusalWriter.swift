import IngestLog
import Synchronization
import TelemetryModel

/// Keeps what the pipeline refused as dead letters, once: together with the offset through which that is done, so that a batch
/// that is read again after a restart leaves no second letter. One write at a time, in the order of the log. Thread-safe.
final class RefusalWriter: Sendable {
    static let position = "refused"
    /// Batches with refused records that may wait before no more are processed.
    private static let maximumWaiting = 1024

    private struct State {
        /// Through here everything refused is in line or on disk.
        var through: Int64
        /// By offset, ascending; the first may be on its way to the disk.
        var waiting: [(offset: Int64, submission: LogSubmission)] = []
        var isWriting = false
    }

    private let log: IngestLog
    private let state: Mutex<State>

    /// - Parameter through: the position that the log has.
    init(log: IngestLog, through: Int64) {
        self.log = log
        state = Mutex(State(through: through))
    }

    /// The oldest batch whose refused records may not be on disk; the log is needed from there on.
    var oldestWaiting: Int64? { state.withLock { $0.waiting.first?.offset } }

    var isFull: Bool { state.withLock { $0.waiting.count >= RefusalWriter.maximumWaiting } }

    func keep(_ refused: [RejectedRecord], of batch: CommittedBatch) {
        let submission = LogSubmission(
            batch: TelemetryBatch(), rejected: refused, ingestProtocol: batch.ingestProtocol,
            receivedAt: batch.receivedAt, positions: [RefusalWriter.position: batch.offset])
        state.withLock { state in
            guard batch.offset > state.through else { return }
            state.through = batch.offset
            state.waiting.append((batch.offset, submission))
        }
        resume()
    }

    /// Goes on with what could not be written, if anything.
    func resume() {
        let next = state.withLock { state -> LogSubmission? in
            guard !state.isWriting, let first = state.waiting.first else { return nil }
            state.isWriting = true
            return first.submission
        }
        guard let next else { return }
        do throws(LogAppendError) {
            try log.append(next) { [self] result in finish(isWritten: (try? result.get()) != nil) }
        } catch {
            finish(isWritten: false)
        }
    }

    private func finish(isWritten: Bool) {
        state.withLock { state in
            state.isWriting = false
            if isWritten { state.waiting.removeFirst() }
        }
        if isWritten { resume() }
    }
}
