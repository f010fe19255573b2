import Synchronization

/// What has been done so far, counted by the senders and read by the progress report.
final class ProducerTally: Sendable {
    private struct State {
        var summary = ProducerSummary()
        var fault: String?
        var incidents: [String] = []
    }

    private let state = Mutex(State())
    private let start = ContinuousClock.now

    /// Bad rows and refusals that are told of one by one; the rest is only counted.
    static let maximumReports = 20

    var summary: ProducerSummary {
        var summary = state.withLock { $0.summary }
        summary.elapsed = ContinuousClock.now - start
        return summary
    }

    /// Why nothing gets through at the moment, and which incidents are going on.
    var conditions: (fault: String?, incidents: [String]) { state.withLock { ($0.fault, $0.incidents) } }

    func answered(records: Int, accepted: Int, rejected: Int, bytes: Int) {
        state.withLock { state in
            state.summary.sent += records
            state.summary.accepted += accepted
            state.summary.rejected += rejected
            state.summary.requests += 1
            state.summary.bytes += bytes
            state.fault = nil
        }
    }

    func retried(because fault: String) {
        state.withLock { state in
            state.summary.retries += 1
            state.fault = fault
        }
    }

    func leftUnanswered(records: Int) {
        state.withLock { $0.summary.unanswered += records }
    }

    /// Returns how many there have been, this one included.
    func badRow() -> Int {
        state.withLock { state in
            state.summary.badRows += 1
            return state.summary.badRows
        }
    }

    func setIncidents(_ incidents: [String]) {
        state.withLock { $0.incidents = incidents }
    }
}
