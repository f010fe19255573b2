import NIOCore
import SelfMetrics
import ServiceLifecycle
import WireFormats

/// Graphite's lines go into the log as they come.
struct GraphiteSink: LineSink {
    let decoder: GraphiteDecoder
    let log: LineLog

    func take(_ lines: ByteBuffer, done: @escaping @Sendable (Bool) -> Void) {
        let now = LineLog.now
        let decoded = decoder.decode(lines.readableBytesUInt8Span, receivedAt: now)
        log.append(decoded.batch, decoded.rejected, at: now) { [log] isTaken in
            if isTaken { log.counters.lines.add(decoded.recordCount) }
            done(isTaken)
        }
    }

    func refuse(_ bytes: [UInt8], _ message: String) { log.refuse(bytes, message) }

    func run() async { try? await gracefulShutdown() }
}
