import DecoderFuzzing
import NIOCore
import NIOEmbedded
import Synchronization
import TestSupport
import Testing

@testable import LineListeners

/// However TCP divides what a client sends, the same lines are taken and the same are refused.
@Suite struct LineDivisionTests {
    /// Keeps lines; may be full now and then, or take its time.
    private final class Sink: LineSink {
        private struct State {
            var taken: [UInt8] = []
            var refused: [[UInt8]] = []
            var calls = 0
            var waiting: [@Sendable (Bool) -> Void] = []
        }

        private let state = Mutex(State())
        let fullEach: Int
        let isSlow: Bool

        /// - Parameter fullEach: so many calls, one finds it full; 0 for none.
        init(fullEach: Int, isSlow: Bool) {
            self.fullEach = fullEach
            self.isSlow = isSlow
        }

        var taken: [UInt8] { state.withLock { $0.taken } }
        var refused: [[UInt8]] { state.withLock { $0.refused } }

        func take(_ lines: ByteBuffer, done: @escaping @Sendable (Bool) -> Void) {
            let isTaken = state.withLock { state in
                state.calls += 1
                if fullEach > 0, state.calls.isMultiple(of: fullEach) { return false }
                state.taken += Array(lines.readableBytesView)
                return true
            }
            if isSlow { state.withLock { $0.waiting.append { _ in done(isTaken) } } } else { done(isTaken) }
        }

        /// Answers what waits; false if nothing does.
        func answer() -> Bool {
            let waiting = state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            for done in waiting { done(true) }
            return !waiting.isEmpty
        }

        func refuse(_ bytes: [UInt8], _ message: String) { state.withLock { $0.refused.append(bytes) } }

        func run() async {}
    }

    private struct Outcome: Equatable {
        var taken: [UInt8]
        var refused: [[UInt8]]
    }

    private func outcome(_ pieces: [[UInt8]], fullEach: Int = 0, isSlow: Bool = false) throws -> Outcome {
        let sink = Sink(fullEach: fullEach, isSlow: isSlow)
        let channel = EmbeddedChannel(
            handler: LineConnection(sink: sink, counters: LineCounters(protocolName: "graphite")))
        for piece in pieces {
            try channel.writeInbound(ByteBuffer(bytes: piece))
            if !isSlow { channel.embeddedEventLoop.advanceTime(by: .seconds(1)) }
        }
        func settle() {
            repeat { channel.embeddedEventLoop.advanceTime(by: .seconds(1)) } while sink.answer()
        }
        settle()
        _ = try channel.finish(acceptAlreadyClosed: true)
        settle()
        return Outcome(taken: sink.taken, refused: sink.refused)
    }

    private static let longest = LineConnection.longestLine

    private static func text(_ random: inout SeededGenerator, mayBeLong: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            switch Int.random(in: 0..<(mayBeLong ? 9 : 6), using: &random) {
            case 0: bytes += Array("\n".utf8)
            case 1: bytes += Array("broken\r\n".utf8)
            case 2: bytes += Array("room;floor=é 21.5 1700000000\n".utf8)
            case 6: bytes += [UInt8](repeating: 0x78, count: longest) + Array("\n".utf8)
            case 7: bytes += [UInt8](repeating: 0x79, count: longest + 1) + Array("\n".utf8)
            case 8: bytes += [UInt8](repeating: 0x7A, count: 3 * longest) + Array("\n".utf8)
            default: bytes += Array("servers.a.load \(random.next() % 100) 1700000000\n".utf8)
            }
        }
        if Bool.random(using: &random) { bytes += Array("cut 1 17000".utf8) }
        return bytes
    }

    private static func pieces(of bytes: [UInt8], _ random: inout SeededGenerator) -> [[UInt8]] {
        var cuts = (0..<Int.random(in: 0...8, using: &random)).map { _ in
            Int.random(in: 0...bytes.count, using: &random)
        }
        // Next to line feeds, too.
        let newlines = bytes.indices.filter { bytes[$0] == 0x0A }
        for _ in 0..<3 {
            if let place = newlines.randomElement(using: &random) {
                cuts.append(min(bytes.count, place + Int.random(in: 0...1, using: &random)))
            }
        }
        cuts.sort()
        return zip([0] + cuts, cuts + [bytes.count]).map { Array(bytes[$0..<$1]) }.filter { !$0.isEmpty }
    }

    @Test func anyDivisionComesToTheSame() throws {
        var random = SeededGenerator.seeded("line divisions")
        for round in 0..<120 {
            let bytes = Self.text(&random, mayBeLong: round % 3 == 0)
            let whole = try outcome([bytes])
            for _ in 0..<4 {
                let pieces = Self.pieces(of: bytes, &random)
                let sizes = pieces.map(\.count)
                #expect(try outcome(pieces) == whole, "\(sizes)")
                #expect(try outcome(pieces, fullEach: 2) == whole, "full at times: \(sizes)")
                #expect(try outcome(pieces, isSlow: true) == whole, "slow: \(sizes)")
            }
            if bytes.count < 2000 { #expect(try outcome(bytes.map { [$0] }) == whole, "single bytes") }
        }
    }

    /// What a whole connection comes to is what the decoders make of the lines at once.
    @Test(arguments: ["graphite", "statsd"])
    func decodersSeeTheSameLines(_ name: String) throws {
        let decoder = try #require(DecoderUnderTest.ofEngine.first { $0.name == name })
        var random = SeededGenerator.seeded("\(name) lines")
        for kept in try KeptInputs.of(name) {
            let whole = decoder.account(of: kept.bytes + [0x0A])
            for _ in 0..<20 {
                let pieces = Self.pieces(of: kept.bytes + [0x0A], &random)
                let taken = try outcome(pieces).taken
                #expect(
                    decoder.account(of: taken).difference(from: whole) == nil, "\(kept.file): \(pieces.map(\.count))")
            }
        }
    }

    @Test func aLineThatIsTooLongIsRefusedWhereverItIsCut() throws {
        let long = [UInt8](repeating: 0x78, count: Self.longest + 1)
        let bytes = Array("a 1 1\n".utf8) + long + Array("\nb 2 2\n".utf8)
        let expected = Outcome(taken: Array("a 1 1\nb 2 2\n".utf8), refused: [Array(long.prefix(1024))])
        #expect(try outcome([bytes]) == expected)
        for cut in [3, 6, 7, 1000, long.count + 5, long.count + 6, long.count + 7] {
            #expect(try outcome([Array(bytes[..<cut]), Array(bytes[cut...])]) == expected, "\(cut)")
        }
        let just = [UInt8](repeating: 0x78, count: Self.longest) + [0x0A]
        #expect(try outcome([just]) == Outcome(taken: just, refused: []))
        #expect(try outcome(just.map { [$0] }) == Outcome(taken: just, refused: []))
    }
}
