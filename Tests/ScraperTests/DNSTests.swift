import NIOCore
import NIOPosix
import ScrapeConfig
import TelemetryModel
import Testing

@testable import Scraper

@Suite struct DNSTests {
    /// An answer to `question` with records whose names point back to it.
    private static func reply(to question: [UInt8], flags: UInt16 = 0x8180, _ records: [(type: UInt16, data: [UInt8])])
        -> [UInt8]
    {
        func big(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)] }
        var bytes =
            Array(question[..<2]) + big(Int(flags)) + big(1) + big(records.count) + big(0) + big(0) + question[12...]
        for record in records {
            bytes +=
                big(0xC00C) + big(Int(record.type)) + big(1) + [0, 0, 0, 60] + big(record.data.count) + record.data
        }
        return bytes
    }

    /// `_x._tcp.example`'s record: priority, weight, port 9100, and `a` before a pointer to `example`, which is at 12 + 8.
    private static let service: (type: UInt16, data: [UInt8]) = (33, [0, 1, 0, 2, 0x23, 0x8C, 1, 0x61, 0xC0, 20])

    @Test("A question has the name part by part")
    func question() throws {
        let bytes = try DNSMessage.question("ab.c.", .a, id: 0x0102)
        #expect(bytes == [1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0x61, 0x62, 1, 0x63, 0, 0, 1, 0, 1])
        #expect(try DNSMessage.question("ab.c", .a, id: 0x0102) == bytes)
        for name in ["", "a..b", String(repeating: "x", count: 64), String(repeating: "abc.", count: 80)] {
            #expect(throws: DNSMessage.Malformed.self) { try DNSMessage.question(name, .a, id: 1) }
        }
    }

    @Test("Records of the wanted type are read, others passed over")
    func answers() throws {
        let question = try DNSMessage.question("_x._tcp.example", .srv, id: 7)
        let bytes = Self.reply(to: question, [(5, [1, 0x7A, 0]), Self.service, (1, [10, 0, 0, 1])])
        #expect(try DNSMessage.answer(bytes, id: 7, type: .srv).records == [.service(target: "a.example", port: 9100)])
        #expect(try DNSMessage.answer(bytes, id: 7, type: .a).records == [.address("10.0.0.1")])
        #expect(try DNSMessage.answer(Self.reply(to: question, flags: 0x8183, []), id: 7, type: .srv).code == 3)
        #expect(try DNSMessage.answer(Self.reply(to: question, flags: 0x8380, []), id: 7, type: .srv).isTruncated)
    }

    @Test("No part of an answer and no circle of pointers does harm")
    func malformed() throws {
        let question = try DNSMessage.question("_x._tcp.example", .srv, id: 7)
        let bytes = Self.reply(to: question, [Self.service])
        for length in 0..<bytes.count {
            #expect(throws: DNSMessage.Malformed.self) {
                try DNSMessage.answer(Array(bytes[..<length]), id: 7, type: .srv)
            }
        }
        #expect(throws: DNSMessage.Malformed.self) { try DNSMessage.answer(bytes, id: 8, type: .srv) }
        let circle = Self.reply(to: question, [(33, [0, 1, 0, 2, 0, 80, 0xC0, UInt8(bytes.count - 2)])])
        #expect(throws: DNSMessage.Malformed.self) { try DNSMessage.answer(circle, id: 7, type: .srv) }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0xFF
            _ = try? DNSMessage.answer(changed, id: 7, type: .srv)
        }
    }

    @Test(
        "IPv6 addresses are written as RFC 5952 has it",
        arguments: [
            ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], "2001:db8::1"), ([0, 0, 0, 0, 0, 0, 0, 0], "::"),
            ([1, 0, 2, 0, 0, 3, 0, 0], "1:0:2::3:0:0"), ([1, 0, 2, 3, 4, 5, 6, 7], "1:0:2:3:4:5:6:7"),
            ([0, 0, 0, 0, 0, 0, 0, 1], "::1"), ([1, 0, 0, 0, 0, 0, 0, 0], "1::"),
        ])
    func addresses(groups: [UInt16], text: String) {
        #expect(IPv6Text.text(groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }) == text)
    }

    @Test("resolv.conf says whom to ask, and for which names")
    func resolver() {
        let configuration = ResolverConfiguration(
            reading:
                "# x\nnameserver 10.0.0.1\nnameserver fe80::1\nsearch a.example b.example\noptions ndots:2 rotate\n")
        #expect(configuration.servers.map(\.address) == ["10.0.0.1", "fe80::1"])
        #expect(configuration.candidates(for: "x.y") == ["x.y.a.example", "x.y.b.example", "x.y"])
        #expect(configuration.candidates(for: "x.y.z") == ["x.y.z", "x.y.z.a.example", "x.y.z.b.example"])
        #expect(configuration.candidates(for: "x.") == ["x."])
        #expect(ResolverConfiguration(reading: "").servers.map(\.address) == ["127.0.0.1"])
    }

    /// Answers every question, over UDP with as much as it is told, and over TCP with all.
    private final class NameServer: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>
        let flags: UInt16
        init(flags: UInt16) { self.flags = flags }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let asked = unwrapInboundIn(data)
            let records = flags & 0x0200 != 0 ? [] : [DNSTests.service]
            let bytes = DNSTests.reply(to: Array(asked.data.readableBytesView), flags: flags, records)
            let answer = AddressedEnvelope(remoteAddress: asked.remoteAddress, data: ByteBuffer(bytes: bytes))
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        }
    }

    private final class StreamNameServer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            // A question this short comes in one piece.
            let bytes = DNSTests.reply(
                to: Array(unwrapInboundIn(data).readableBytesView.dropFirst(2)), [DNSTests.service])
            var answer = ByteBuffer(integer: UInt16(bytes.count))
            answer.writeBytes(bytes)
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        }
    }

    @Test("Names are looked up over UDP, and over TCP what does not fit", arguments: [0x8180, 0x8380] as [UInt16])
    func lookUp(flags: UInt16) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let datagrams = try await DatagramBootstrap(group: group).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(NameServer(flags: flags))
            }
        }.bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(datagrams.localAddress?.port)
        let streams = try await ServerBootstrap(group: group).childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(StreamNameServer()) }
        }.bind(host: "127.0.0.1", port: port).get()
        var resolver = ResolverConfiguration()
        resolver.servers = [.init(address: "127.0.0.1", port: port)]
        let text = "scrape_configs: [{job_name: x, dns_sd_configs: [{names: [_x._tcp.example]}]}]"
        guard case .dns(let discovery)? = try ScrapeConfiguration.read(text, directory: "").jobs[0].discoveries.first
        else {
            throw CancellationError()
        }
        var source = DNSTargets(discovery, resolver: resolver)
        let groups = try await source.look()
        #expect(
            groups == [
                TargetGroup(
                    targets: [
                        LabelSet([
                            "__address__": "a.example:9100", "__meta_dns_srv_record_port": "9100",
                            "__meta_dns_srv_record_target": "a.example.",
                        ])
                    ], labels: LabelSet(["__meta_dns_name": "_x._tcp.example"]))
            ])
        #expect(try await source.look() == nil)
        try await datagrams.close()
        try await streams.close()
        // The name server is gone: what was known holds on, and the failure is told.
        await #expect(throws: ScrapeFailure.self) { try await source.look() }
    }
}
