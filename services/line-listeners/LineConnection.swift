import NIOCore

/// Cuts what a TCP connection sends into lines. While lines wait for the log nothing more is read, so that a sender is held up
/// rather than its lines lost.
final class LineConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never

    /// Bytes.
    static let longestLine = 65_536
    /// Of a line that is too long, so many bytes are kept.
    private static let keptBytes = 1024
    private static let pause = TimeAmount.milliseconds(200)

    private let sink: any LineSink
    private let counters: LineCounters
    private var held = ByteBuffer()
    /// Of the bytes held, so many at the beginning hold no line feed.
    private var searched = 0
    private var isWaiting = false
    private var wantsRead = false
    /// The rest of a line that is too long is passed over.
    private var isSkipping = false
    private var isClosed = false
    /// Kept, since a closed connection's pipeline no longer knows it.
    private var channel: (any Channel)?

    init(sink: any LineSink, counters: LineCounters) {
        self.sink = sink
        self.counters = counters
    }

    func handlerAdded(context: ChannelHandlerContext) { channel = context.channel }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var data = unwrapInboundIn(data)
        held.writeBuffer(&data)
        if !isWaiting { deliver(context) }
    }

    func read(context: ChannelHandlerContext) {
        if isWaiting { wantsRead = true } else { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        if !isWaiting { end() }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Of a connection that is held up the silence is ours.
        if event is IdleStateHandler.IdleStateEvent, !isWaiting { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    /// Hands on all lines that are whole and not too long, up to the first that is too long; that one is refused, and the rest
    /// follows. So it does not matter which of them came together.
    private func deliver(_ context: ChannelHandlerContext) {
        while true {
            if isSkipping, !skip() { return }
            let length = lengthOfLines()
            if length > 0, let lines = held.readSlice(length: length) {
                held.discardReadBytes()
                return give(lines, context)
            }
            guard refuseLongLine() else { return }
        }
    }

    /// Passes over the rest of a line that is too long; false if its end has not come.
    private func skip() -> Bool {
        guard let newline = held.readableBytesView.firstIndex(of: 0x0A) else {
            held.clear()
            return false
        }
        held.moveReaderIndex(to: newline + 1)
        isSkipping = false
        return true
    }

    /// Bytes of the whole lines, with their ends, that stand before the first line that is too long.
    private func lengthOfLines() -> Int {
        let bytes = held.readableBytesView
        var from = bytes.startIndex + searched
        searched = 0
        // Among so few bytes no line is too long.
        if bytes.count <= LineConnection.longestLine {
            if let newline = bytes[from...].lastIndex(of: 0x0A) { return newline + 1 - bytes.startIndex }
            // A sender that dribbles would have the same bytes looked at again for each that comes.
            searched = bytes.count
            return 0
        }
        var end = bytes.startIndex
        while let newline = bytes[from...].firstIndex(of: 0x0A), newline - end <= LineConnection.longestLine {
            end = newline + 1
            from = end
        }
        return end - bytes.startIndex
    }

    /// Refuses what is held if it begins with a line that is too long; false if it does not.
    private func refuseLongLine() -> Bool {
        guard held.readableBytes > LineConnection.longestLine else { return false }
        sink.refuse(
            Array(held.readableBytesView.prefix(LineConnection.keptBytes)),
            "Expected lines of at most \(LineConnection.longestLine) bytes, got a longer one, of which the beginning is kept."
        )
        isSkipping = true
        return true
    }

    private func give(_ lines: ByteBuffer, _ context: ChannelHandlerContext) {
        isWaiting = true
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        sink.take(lines) { isTaken in
            let finish: @Sendable () -> Void = {
                let (connection, context) = bound.value
                connection.finished(lines, isTaken, context)
            }
            if loop.inEventLoop { finish() } else { loop.execute(finish) }
        }
    }

    private func finished(_ lines: ByteBuffer, _ isTaken: Bool, _ context: ChannelHandlerContext) {
        guard isTaken else {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            _ = context.eventLoop.scheduleTask(in: LineConnection.pause) {
                let (connection, context) = bound.value
                connection.give(lines, context)
            }
            return
        }
        isWaiting = false
        deliver(context)
        guard !isWaiting else { return }
        if isClosed { return end() }
        if wantsRead {
            wantsRead = false
            context.read()
        }
    }

    /// What is left has no end, and may be cut off within a number.
    private func end() {
        if !isSkipping, held.readableBytes > 0 {
            sink.refuse(
                Array(held.readableBytesView),
                "Expected a line feed after the line, got the end of the connection: its end may be missing.")
            held.clear()
        }
        if let channel { counters.openConnections.remove(channel) }
        channel = nil
    }
}
