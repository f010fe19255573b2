import NIOCore
import NIOPosix
import TestSupport

/// A request as bytes on a connection of its own, so that a test decides where they are divided.
struct RawRequest: Sendable {
    let path: String
    var headers: [(String, String)] = []
    let body: [UInt8]

    /// How the body goes over.
    enum Division: CaseIterable {
        /// Chunks of the HTTP coding (RFC 9112, section 7.1), each a write.
        case chunks
        /// A body of known length, written in pieces.
        case writes
    }

    /// The body divided at ascending offsets; empty pieces are left out.
    func pieces(at cuts: [Int]) -> [[UInt8]] {
        zip([0] + cuts, cuts + [body.count]).map { Array(body[$0..<$1]) }.filter { !$0.isEmpty }
    }

    /// What goes over the connection, one element a write.
    func writes(_ pieces: [[UInt8]], _ division: Division) -> [[UInt8]] {
        var head = "POST \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        switch division {
        case .chunks:
            return [Array((head + "Transfer-Encoding: chunked\r\n\r\n").utf8)]
                + pieces.map { Array("\(String($0.count, radix: 16))\r\n".utf8) + $0 + Array("\r\n".utf8) }
                + [Array("0\r\n\r\n".utf8)]
        case .writes:
            return [Array((head + "Content-Length: \(body.count)\r\n\r\n").utf8)] + pieces
        }
    }

    /// Sends the writes, and returns all that comes until the server closes the connection.
    static func exchange(_ writes: [[UInt8]], port: Int) async throws -> String {
        let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await connection.executeThenClose { inbound, outbound in
            for bytes in writes { try await outbound.write(ByteBuffer(bytes: bytes)) }
            var answer = ByteBuffer()
            for try await part in inbound { answer.writeImmutableBuffer(part) }
            return String(buffer: answer)
        }
    }
}

extension SeededGenerator {
    /// Some ascending offsets into so many bytes.
    mutating func cuts(_ count: Int) -> [Int] {
        (0..<Int.random(in: 1...12, using: &self)).map { _ in Int.random(in: 0...count, using: &self) }.sorted()
    }
}
