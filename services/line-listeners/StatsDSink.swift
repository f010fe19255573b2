import IngestLog
import Logging
import NIOCore
import SelfMetrics
import ServiceLifecycle
import StatsDAggregation
import TelemetryModel
import WireFormats

/// StatsD's lines are added up, and what they came to goes into the log once an interval.
struct StatsDSink: LineSink {
    let decoder: StatsDDecoder
    let aggregator: StatsDAggregator
    let interval: Duration
    let log: LineLog
    let logger: Logger

    func take(_ lines: ByteBuffer, done: @escaping @Sendable (Bool) -> Void) {
        let now = LineLog.now
        let bytes = lines.readableBytesUInt8Span
        let decoded = decoder.decode(bytes)
        let rejected = decoded.rejected + aggregator.take(decoded, of: bytes, at: now)
        log.counters.lines.add(decoded.lineCount)
        log.keep(rejected, at: now)
        done(true)
    }

    func refuse(_ bytes: [UInt8], _ message: String) { log.refuse(bytes, message) }

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                if !Task.isCancelled { await flush() }
            }
        }
    }

    /// Returns when the state is on disk, or cannot be.
    func flush() async {
        let now = LineLog.now
        let batch = aggregator.flush(at: now)
        guard !batch.isEmpty else { return }
        do throws(LogAppendError) {
            _ = try await log.log.append(
                LogSubmission(batch: batch, rejected: [], ingestProtocol: log.ingestProtocol, receivedAt: now))
        } catch {
            log.counters.failedFlushes.add()
            logger.warning(
                "an interval of StatsD could not be written; gauges and sets of it are lost, counters catch up",
                metadata: ["reason": "\(error)", "series": "\(batch.count)"])
        }
    }
}
