package import IngestLog
package import Logging
import NIOCore
import NIOPosix
import SelfMetrics
import ServiceLifecycle
package import StatsDAggregation
import Synchronization
import TelemetryModel
package import WireFormats

/// Takes lines of StatsD or Graphite in, by UDP and by TCP at one address.
package struct LineListener: Service {
    package let counters: LineCounters
    private let name: String
    private let setting: String
    private let host: String
    private let port: Int
    private let sink: any LineSink
    private let logger: Logger

    /// Where a listener listens, and what it writes to.
    package struct Place: Sendable {
        let host: String
        /// 0 for any that is free.
        let port: Int
        let log: IngestLog
        let isBehind: @Sendable () -> Bool
        let logger: Logger

        package init(
            host: String, port: Int, log: IngestLog, isBehind: @escaping @Sendable () -> Bool, logger: Logger
        ) {
            self.host = host
            self.port = port
            self.log = log
            self.isBehind = isBehind
            self.logger = logger
        }
    }

    package static func graphite(_ place: Place, templates: [GraphiteTemplate]) -> LineListener {
        let counters = LineCounters(protocolName: IngestProtocol.graphite.name)
        let log = LineLog(
            log: place.log, ingestProtocol: .graphite, isBehind: place.isBehind, counters: counters)
        let decoder = GraphiteDecoder(registry: place.log.registry, templates: templates)
        return LineListener(
            place, "Graphite", "graphite.listen", GraphiteSink(decoder: decoder, log: log), counters)
    }

    package static func statsD(
        _ place: Place, interval: Duration, limits: StatsDAggregator.Limits
    ) -> LineListener {
        let counters = LineCounters(protocolName: IngestProtocol.statsd.name)
        let sink = StatsDSink(
            decoder: StatsDDecoder(registry: place.log.registry), aggregator: StatsDAggregator(limits: limits),
            interval: interval,
            log: LineLog(log: place.log, ingestProtocol: .statsd, isBehind: place.isBehind, counters: counters),
            logger: place.logger)
        return LineListener(place, "StatsD", "statsd.listen", sink, counters)
    }

    private init(_ place: Place, _ name: String, _ setting: String, _ sink: any LineSink, _ counters: LineCounters) {
        self.name = name
        self.setting = setting
        self.sink = sink
        self.counters = counters
        host = place.host
        port = place.port
        logger = place.logger
    }

    /// - Throws: `ListenFailure` if the address cannot be had.
    package func run() async throws {
        let sockets = try await bind()
        let port = sockets.udp.localAddress?.port ?? port
        counters.port.store(port, ordering: .relaxed)
        logger.info("listening for \(name) by UDP and TCP", metadata: ["address": "\(host):\(port)"])
        await sink.run()
        try? await sockets.tcp.close().get()
        try? await sockets.udp.close().get()
        await counters.openConnections.closeAll()
        if let statsD = sink as? StatsDSink { await statsD.flush() }
    }

    private struct Sockets {
        let tcp: any Channel
        let udp: any Channel
    }

    /// Both at one port; of the free ones several are tried, as one may be free for TCP only.
    private func bind() async throws -> Sockets {
        var attempts = port == 0 ? 16 : 1
        while true {
            attempts -= 1
            do {
                let tcp = try await connections.bind(host: host, port: port).get()
                do {
                    let udp = try await datagrams.bind(host: host, port: tcp.localAddress?.port ?? port).get()
                    return Sockets(tcp: tcp, udp: udp)
                } catch {
                    try? await tcp.close().get()
                    throw error
                }
            } catch  where attempts > 0 {
                continue
            } catch {
                throw ListenFailure(setting: setting, address: "\(host):\(port)", reason: "\(error)")
            }
        }
    }

    private static let idleTime = TimeAmount.minutes(10)
    /// Bytes in which the kernel keeps datagrams that were not read yet, if its own bound allows.
    private static let socketBuffer = 4 << 20

    private var connections: ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [sink, counters] channel in
                guard counters.openConnections.add(channel) else {
                    counters.refusedConnections.add()
                    return channel.close()
                }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        IdleStateHandler(readTimeout: LineListener.idleTime),
                        LineConnection(sink: sink, counters: counters))
                }
            }
    }

    private var datagrams: DatagramBootstrap {
        DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.socketOption(.so_rcvbuf), value: LineListener.socketBuffer)
            // A datagram has up to 65,507 bytes; what does not fit would be cut off.
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
            .channelOption(.maxMessagesPerRead, value: 64)
            .channelInitializer { [sink, counters] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramLines(sink: sink, counters: counters))
                }
            }
    }
}

/// An address that cannot be listened on.
package struct ListenFailure: Error, CustomStringConvertible {
    let setting: String
    let address: String
    let reason: String

    package init(setting: String, address: String, reason: String) {
        self.setting = setting
        self.address = address
        self.reason = reason
    }

    package var description: String {
        "cannot listen on \(address): \(reason); choose another address with the setting \(setting)"
    }
}
