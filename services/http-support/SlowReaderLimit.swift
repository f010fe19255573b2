package import NIOCore

/// Closes a connection whose client does not take its answer: bytes are waiting, and none has left for `patience`.
///
/// Belongs behind the HTTP decoder of each connection. An answer that waits for its client holds what made it.
package final class SlowReaderLimit: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = NIOAny

    private let patience: TimeAmount
    private var deadline: Scheduled<Void>?

    package init(patience: TimeAmount) { self.patience = patience }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
        if !context.channel.isWritable {
            let channel = context.channel
            deadline = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
    }
}
