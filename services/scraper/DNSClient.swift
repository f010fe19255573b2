import NIOCore
import NIOPosix

/// Asks name servers: over UDP, and over TCP what did not fit.
struct DNSClient: Sendable {
    private static let timeout = TimeAmount.seconds(5)
    /// Bytes of an answer: the length before it has 16 bits (RFC 1035, section 4.2.2).
    private static let largestAnswer = 65_535

    let configuration: ResolverConfiguration

    /// The records of a name; none if it does not exist.
    ///
    /// - Throws: `ScrapeFailure` if no server answers.
    func records(_ name: String, _ type: DNSMessage.RecordType) async throws(ScrapeFailure) -> [DNSMessage.Content] {
        var failure: ScrapeFailure?
        for candidate in configuration.candidates(for: name) {
            do throws(ScrapeFailure) {
                let answer = try await ask(candidate, type)
                if !answer.records.isEmpty { return answer.records }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return []
    }

    private func ask(_ name: String, _ type: DNSMessage.RecordType) async throws(ScrapeFailure) -> DNSMessage.Answer {
        var reason = "there is no name server"
        for server in configuration.servers {
            do {
                let id = UInt16.random(in: 0...UInt16.max)
                let question = try DNSMessage.question(name, type, id: id)
                let address = try SocketAddress(ipAddress: server.address, port: server.port)
                var answer = try DNSMessage.answer(try await datagram(question, to: address), id: id, type: type)
                if answer.isTruncated {
                    answer = try DNSMessage.answer(try await stream(question, to: address), id: id, type: type)
                }
                // 0 is success, 3 a name that there is not; anything else is the server's own trouble.
                if answer.code == 0 || answer.code == 3 { return answer }
                reason = "\(server.address) answered with code \(answer.code)"
            } catch is DNSMessage.Malformed {
                reason = "\(server.address) answered what is no answer"
            } catch is DNSTimeout {
                reason = "\(server.address) did not answer within \(Self.timeout.nanoseconds / 1_000_000_000) seconds"
            } catch {
                reason = "\(server.address): \(error)"
            }
        }
        throw ScrapeFailure("the name \(name) could not be looked up: \(reason)")
    }

    private func datagram(_ question: [UInt8], to server: SocketAddress) async throws -> [UInt8] {
        let answered = EventLoopPromise<[UInt8]>.forGroup()
        let channel = try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramAnswer(answered))
                }
            }
            .connect(to: server).get()
        return try await exchange(on: channel, answered) {
            channel.writeAndFlush(AddressedEnvelope(remoteAddress: server, data: ByteBuffer(bytes: question)))
        }
    }

    private func stream(_ question: [UInt8], to server: SocketAddress) async throws -> [UInt8] {
        let answered = EventLoopPromise<[UInt8]>.forGroup()
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(Self.timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        StreamAnswer(answered, limit: Self.largestAnswer))
                }
            }
            .connect(to: server).get()
        return try await exchange(on: channel, answered) {
            var message = ByteBuffer(integer: UInt16(question.count))
            message.writeBytes(question)
            return channel.writeAndFlush(message)
        }
    }

    private func exchange(
        on channel: any Channel, _ answered: EventLoopPromise<[UInt8]>, send: () -> EventLoopFuture<Void>
    ) async throws -> [UInt8] {
        let deadline = channel.eventLoop.scheduleTask(in: Self.timeout) { answered.fail(DNSTimeout()) }
        defer {
            deadline.cancel()
            channel.close(promise: nil)
        }
        send().whenFailure { answered.fail($0) }
        return try await answered.futureResult.get()
    }
}

private struct DNSTimeout: Error {}

extension EventLoopPromise where Value == [UInt8] {
    fileprivate static func forGroup() -> EventLoopPromise<[UInt8]> {
        MultiThreadedEventLoopGroup.singleton.next().makePromise(of: [UInt8].self)
    }
}

/// Keeps the first datagram. A promise takes one result; later ones are of no consequence.
private final class DatagramAnswer: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private var answered: EventLoopPromise<[UInt8]>?

    init(_ answered: EventLoopPromise<[UInt8]>) { self.answered = answered }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        answered?.succeed(Array(unwrapInboundIn(data).data.readableBytesView))
        answered = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answered?.fail(error)
        answered = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        answered?.fail(ChannelError.eof)
        answered = nil
    }
}

/// Keeps the first message of a stream, which its length stands before.
private final class StreamAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private var answered: EventLoopPromise<[UInt8]>?
    private var received = ByteBuffer()
    private let limit: Int

    init(_ answered: EventLoopPromise<[UInt8]>, limit: Int) {
        self.answered = answered
        self.limit = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard received.readableBytes <= limit + 2 else { return }
        received.writeBuffer(&bytes)
        guard let length = received.getInteger(at: received.readerIndex, as: UInt16.self),
            let message = received.getBytes(at: received.readerIndex + 2, length: Int(length))
        else { return }
        answered?.succeed(message)
        answered = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answered?.fail(error)
        answered = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        answered?.fail(ChannelError.eof)
        answered = nil
    }
}
