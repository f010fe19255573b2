import Foundation
import IngestLog
import NativeHistograms
import Processing
import Synchronization
import TelemetryModel
import WireFormats

/// Brings the outputs of closed windows into the log, each rule's together with how far the rule has come: in one transaction,
/// so that after a kill both are there or neither is. Thread-safe.
final class AggregateWriter: Sendable {
    /// Of the positions in the log that say how far rules have come.
    static let positionPrefix = "aggregated "
    /// Before outputs that could not be written are tried again, milliseconds.
    static let retryInterval: Int64 = 1000

    private struct Finished {
        var emissions: [(ruleIdentity: String, isWritten: Bool)] = []
    }

    private let log: IngestLog
    private let finished = Mutex(Finished())
    /// Called on the log's thread when there is something for `takeFinished`.
    private let wake: @Sendable () -> Void

    init(log: IngestLog, wake: @escaping @Sendable () -> Void) {
        self.log = log
        self.wake = wake
    }

    func write(_ emission: Emission, now: Int64) {
        let identity = emission.ruleIdentity
        do throws(LogAppendError) {
            try log.append(submission(emission, now: now)) { [self] result in
                finish(identity, isWritten: (try? result.get()) != nil)
            }
        } catch {
            finish(identity, isWritten: false)
        }
    }

    private func finish(_ identity: String, isWritten: Bool) {
        finished.withLock { $0.emissions.append((identity, isWritten)) }
        wake()
    }

    /// What has been written or refused since the last call.
    func takeFinished() -> [(ruleIdentity: String, isWritten: Bool)] {
        finished.withLock { finished in
            defer { finished.emissions = [] }
            return finished.emissions
        }
    }

    private func submission(_ emission: Emission, now: Int64) -> LogSubmission {
        var batch = TelemetryBatch()
        var rejected: [RejectedRecord] = []
        for (index, sample) in emission.samples.enumerated() {
            do throws(SeriesBudgetExceeded) {
                let reference = try log.registry.register(sample.labels)
                switch sample.value {
                case .number(let value): batch.append(reference, at: sample.timestamp, value: value)
                case .histogram(let histogram): batch.append(reference, at: sample.timestamp, histogram: histogram)
                }
            } catch {
                rejected.append(
                    RejectedRecord(
                        index: index, field: nil, reason: error.reason, message: error.message,
                        payload: AggregateWriter.text(of: sample), sourceID: sample.labels["source_id"]))
            }
        }
        return LogSubmission(
            batch: batch, rejected: rejected, ingestProtocol: .aggregation, receivedAt: now,
            positions: [AggregateWriter.positionPrefix + emission.ruleIdentity: emission.through])
    }

    private static func text(of sample: Emission.Sample) -> [UInt8] {
        let value: Double =
            switch sample.value {
            case .number(let value): value
            case .histogram(let histogram): histogram.sum
            }
        return Array(ExpositionLineText.text(sample.labels, value: value, timestamp: sample.timestamp).utf8)
    }
}
