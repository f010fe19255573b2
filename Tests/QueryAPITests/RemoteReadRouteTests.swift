import ChunkCodec
import HTTPTypes
import HummingbirdTesting
import NIOCore
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore
import WireFormats

@testable import QueryAPI

@Suite struct RemoteReadRouteTests {
    private var store: MemoryStore {
        var store = MemoryStore()
        store.add(["__name__": "m", "i": "1"], (0..<300).map { (now + 1000 * $0, Double($0)) })
        store.add(["__name__": "m", "i": "2"], [(now, .infinity)])
        store.add(["__name__": "n"], [(now, 0)])
        return store
    }

    private func read(_ types: [UInt64], metrics: [String], through: Int64 = .max) async throws -> TestResponse {
        var message = ProtobufWriter()
        for metric in metrics {
            message.message(1) { query in
                query.int64(1, now)
                query.int64(2, through)
                query.message(3) { matcher in
                    matcher.varint(1, 2)
                    matcher.string(2, "__name__")
                    matcher.string(3, metric)
                }
            }
        }
        for type in types { message.varint(2, type) }
        let body = ByteBuffer(bytes: Snappy.compress(message.bytes.span))
        return try await application(environment(store)).test(.router) { client in
            try await client.execute(uri: "/api/v1/read", method: .post, body: body) { $0 }
        }
    }

    @Test func samples() async throws {
        let answer = try await read([0], metrics: ["m", "n"], through: now + 1000)
        #expect(answer.headers[.contentType] == "application/x-protobuf")
        #expect(answer.headers[.contentEncoding] == "snappy")
        let bytes = try Snappy.uncompress(Array(buffer: answer.body).span, limit: 1 << 20)
        var response = ProtobufReader(bytes)
        var seriesOfResults: [Int] = []
        var samples = 0
        while let (_, value) = try response.next() {
            guard case .bytes(let range) = value else { continue }
            var result = ProtobufReader(bytes, in: range)
            var series = 0
            while let (_, value) = try result.next() {
                series += 1
                guard case .bytes(let range) = value else { continue }
                var fields = ProtobufReader(bytes, in: range)
                while let (number, _) = try fields.next() { samples += number == 2 ? 1 : 0 }
            }
            seriesOfResults.append(series)
        }
        #expect(seriesOfResults == [2, 1])
        #expect(samples == 4)
    }

    @Test func streamedChunks() async throws {
        let answer = try await read([7, 1, 0], metrics: ["n", "m"])
        #expect(
            answer.headers[.contentType] == "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse")
        let bytes = Array(buffer: answer.body)
        var queries: [UInt64] = []
        var chunks: [Int] = []
        var offset = 0
        while offset < bytes.count {
            var length = 0
            var shift = 0
            repeat {
                length |= Int(bytes[offset] & 0x7F) << shift
                shift += 7
                offset += 1
            } while bytes[offset - 1] >= 0x80
            let checksum = bytes[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            offset += 4
            let message = Array(bytes[offset..<offset + length])
            offset += length
            let own = CRC32C.checksum(of: message.span, byteCount: length)
            #expect(own == checksum)
            var fields = ProtobufReader(message)
            var query: UInt64 = 0
            while let field = try fields.next() {
                switch field {
                case (2, .varint(let index)): query = index
                case (1, .bytes(let range)):
                    var series = ProtobufReader(message, in: range)
                    var count = 0
                    while let (number, _) = try series.next() { count += number == 2 ? 1 : 0 }
                    chunks.append(count)
                default: break
                }
            }
            queries.append(query)
        }
        #expect(queries == [0, 1, 1])
        #expect(chunks == [1, 3, 1], "300 samples make three chunks")
    }

    /// Frame by frame, with the place kept between pieces.
    @Test func aLongStreamComesInPieces() throws {
        var numbers = SeededGenerator(seed: 11)
        let series = ["1", "2"].map { index in
            SelectedSeries(
                labels: LabelSet(["__name__": "m", "i": "\(index)"]),
                samples: SampleColumns(
                    timestamps: (0..<200_000).map { now + Int64($0) * 1000 },
                    values: (0..<200_000).map { _ in Double.random(in: 0..<1, using: &numbers) }))
        }
        var stream = RemoteReadStream([series, [], [series[0]]])
        var pieces: [Int] = []
        while let piece = stream.nextPiece() { pieces.append(piece.readableBytes) }
        // About 7 bytes a sample: two frames a series.
        #expect(pieces.count == 6, "\(pieces)")
        #expect(pieces.allSatisfy { $0 <= RemoteReadStream.frameBytes + RemoteReadStream.pieceBytes + 4096 })
        #expect(stream.nextPiece() == nil)
    }

    @Test func theMessageIsCountedAsMemory() throws {
        let series = SelectedSeries(
            labels: LabelSet(["__name__": "m"]),
            samples: SampleColumns(timestamps: Array(1...1000), values: Array(repeating: 1, count: 1000)))
        let budget = QueryBudget()
        _ = try RemoteReadSamples.answer([[series]], budget: budget)
        #expect(budget.peakBytes > 2 * 13 * 1000)
        #expect(throws: QueryLimitError.self) {
            try RemoteReadSamples.answer([[series]], budget: QueryBudget(memory: 10_000))
        }
    }

    @Test func badRequestsAreRefused() async throws {
        let unknown = try await read([9], metrics: ["m"])
        #expect(unknown.status == .badRequest && String(buffer: unknown.body).contains("accepted response types"))
        let pattern = try await read([0], metrics: ["("])
        #expect(pattern.status == .badRequest && String(buffer: pattern.body).contains("a matcher of the request"))
        #expect(String(buffer: pattern.body).contains(#"__name__=~\"(\""#), "it names the matcher")
        for body in ["", "plain text", String(repeating: "x", count: 9 << 20)] {
            let answer = try await application(environment(store)).test(.router) { client in
                try await client.execute(uri: "/api/v1/read", method: .post, body: ByteBuffer(string: body)) { $0 }
            }
            #expect(answer.status == (body.count > 1 << 20 ? .contentTooLarge : .badRequest))
        }
    }
}
