package import SelfMetrics
import Synchronization

/// What the listener of one protocol counts.
package final class LineCounters: Sendable {
    /// As in the ledger.
    let protocolName: String
    let lines = Counter()
    let datagrams = Counter()
    let droppedLines = Counter()
    let refusedConnections = Counter()
    let failedFlushes = Counter()
    let openConnections = OpenConnections()
    /// Of the UDP socket, once there is one.
    let port = Atomic<Int>(0)

    package init(protocolName: String) { self.protocolName = protocolName }

    /// Registers the counts of all listeners there are.
    package static func register(_ all: [LineCounters], in metrics: MetricsRegistry) {
        guard !all.isEmpty else { return }
        func register(
            _ name: String, _ kind: MetricsRegistry.Kind, _ help: String,
            _ read: @escaping @Sendable (LineCounters) -> Double
        ) {
            metrics.register(name, kind, help: help) {
                all.map { .init(read($0), labels: [("protocol", $0.protocolName)]) }
            }
        }
        register("heliograph_lines_received_total", .counter, "Lines of StatsD and Graphite that came.") {
            Double($0.lines.value)
        }
        register("heliograph_lines_datagrams_total", .counter, "Datagrams that came.") { Double($0.datagrams.value) }
        register(
            "heliograph_lines_dropped_total", .counter,
            "Lines that came by UDP, or were refused, while the log could not take them: they are lost."
        ) { Double($0.droppedLines.value) }
        register(
            "heliograph_lines_kernel_dropped_datagrams_total", .counter,
            "Datagrams that the kernel dropped since its buffer was full."
        ) { Double(SocketDrops.count(port: $0.port.load(ordering: .relaxed))) }
        register("heliograph_lines_open_connections", .gauge, "TCP connections that are open.") {
            Double($0.openConnections.count)
        }
        register(
            "heliograph_lines_refused_connections_total", .counter, "TCP connections beyond as many as may be open."
        ) { Double($0.refusedConnections.value) }
        register(
            "heliograph_lines_failed_flushes_total", .counter,
            "Intervals of StatsD that the log did not take; counters catch up with the next one."
        ) { Double($0.failedFlushes.value) }
    }
}
