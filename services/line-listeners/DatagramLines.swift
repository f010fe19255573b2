import NIOCore
import SelfMetrics

/// Hands on the lines of datagrams, those together that came together. What the log cannot take is lost, and counted.
final class DatagramLines: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private static let most = 1 << 20

    private let sink: any LineSink
    private let counters: LineCounters
    private var held = ByteBuffer()

    init(sink: any LineSink, counters: LineCounters) {
        self.sink = sink
        self.counters = counters
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var data = unwrapInboundIn(data).data
        counters.datagrams.add()
        held.writeBuffer(&data)
        held.writeInteger(UInt8(0x0A))
        if held.readableBytes >= DatagramLines.most { deliver() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        deliver()
        context.fireChannelReadComplete()
    }

    /// One datagram that cannot be read does not end the others.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}

    private func deliver() {
        guard held.readableBytes > 0 else { return }
        let lines = held
        held = ByteBuffer()
        sink.take(lines) { [counters] isTaken in
            guard !isTaken else { return }
            let count = lines.readableBytesView.split(separator: 0x0A).count
            counters.lines.add(count)
            counters.droppedLines.add(count)
        }
    }
}
