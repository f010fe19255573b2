import TelemetryModel
import Testing

@testable import WireFormats

/// Exemplars of remote write, with their samples and without.
@Suite struct RemoteWriteExemplarTests {
    private static let now: Int64 = 1_767_225_600_000

    private struct Sent {
        var series: [(String, String)]
        var samples: [(Int64, Double)] = []
        var labels: [(String, String)] = []
        var value = 0.0
        var time: Int64 = now
    }

    /// Those that are taken, then those that are not.
    private static let good = [
        Sent(
            series: [("__name__", "a_bucket"), ("le", "1.0")], samples: [(now, 4)],
            labels: [("trace_id", "abc"), ("span_id", "é")], value: 0.5),
        // As Prometheus sends them: beside the samples, not with them.
        Sent(series: [("__name__", "b_total")], labels: [("trace_id", "x")], value: -2, time: now + 1),
        Sent(series: [("__name__", "b_total")], value: .infinity, time: now - 60_000),
        Sent(series: [("__name__", "new")], labels: [("trace_id", "y"), ("empty", "")], value: 1),
    ]
    private static let bad = [
        Sent(series: [("__name__", "c")], samples: [(now, 1)], labels: [("a", "1"), ("a", "2")]),
        Sent(series: [("__name__", "c")], samples: [(now, 2)], labels: [("", "1")]),
        Sent(
            series: [("__name__", "c")], samples: [(now, 3)],
            labels: [("a", String(repeating: "x", count: ExemplarLabels.characters))]),
        Sent(series: [("__name__", "c")], samples: [(now, 4)], time: -1),
        Sent(
            series: [("__name__", "c")], samples: [(now, 5)], labels: (0...ExemplarLabels.most).map { ("l\($0)", "v") }),
        // There is no such series.
        Sent(series: [("job", "nameless")], labels: [("trace_id", "z")]),
    ]

    private static func version1(_ sent: [Sent]) -> [UInt8] {
        var message = ProtobufWriter()
        for one in sent {
            message.message(1) { series in
                for (name, value) in one.series { series.label(name, value) }
                for (time, value) in one.samples { series.sample(timestamp: time, value: value) }
                series.message(3) { exemplar in
                    for (name, value) in one.labels { exemplar.label(name, value) }
                    exemplar.double(2, one.value)
                    exemplar.int64(3, one.time)
                }
            }
        }
        return message.bytes
    }

    private static func version2(_ sent: [Sent]) -> [UInt8] {
        var symbols = [""]
        func packed(_ labels: [(String, String)]) -> [UInt8] {
            var references = ProtobufWriter()
            for text in labels.flatMap({ [$0.0, $0.1] }) {
                if !symbols.contains(text) { symbols.append(text) }
                references.append(varint: UInt64(symbols.firstIndex(of: text) ?? 0))
            }
            return references.bytes
        }
        var body = ProtobufWriter()
        for one in sent {
            body.message(5) { series in
                series.bytes(1, packed(one.series))
                for (time, value) in one.samples { series.sample(timestamp: time, value: value) }
                series.message(4) { exemplar in
                    exemplar.bytes(1, packed(one.labels))
                    exemplar.double(2, one.value)
                    exemplar.int64(3, one.time)
                }
            }
        }
        var message = ProtobufWriter()
        for symbol in symbols { message.string(4, symbol) }
        message.append(body.bytes)
        return message.bytes
    }

    @Test(arguments: [RemoteWriteVersion.one, .two])
    func exemplarsComeWithTheBatch(version: RemoteWriteVersion) throws {
        let decoding = WriteDecoding()
        let sent = Self.good + Self.bad
        let write = try decoding.decode(version == .one ? Self.version1(sent) : Self.version2(sent), version)
        let now = Self.now
        #expect(
            write.request.exemplars(decoding.registry) == [
                #"a_bucket{le="1.0"} # {span_id="é", trace_id="abc"} 0.5 @\#(now)"#,
                #"b_total # {trace_id="x"} -2.0 @\#(now + 1)"#, "b_total # {} inf @\(now - 60_000)",
                #"new # {trace_id="y"} 1.0 @\#(now)"#,
            ])
        #expect(write.exemplars == sent.count && write.request.rejectedExemplars == Self.bad.count)
        // No sample is refused for the exemplar beside it.
        #expect(write.samples == 6 && write.request.rejected.isEmpty && write.request.recordCount == 6)
    }

    /// More of them than share a look-up, without samples.
    @Test func manyKeepTheirSeries() throws {
        let decoding = WriteDecoding()
        let sent = (0..<1000).map { number in
            Sent(series: [("__name__", "m"), ("n", "\(number % 300)")], value: Double(number))
        }
        for (message, version) in [(Self.version1(sent), RemoteWriteVersion.one), (Self.version2(sent), .two)] {
            let batch = try decoding.decode(message, version).request.batch
            #expect(batch.exemplars.map(\.exemplar.value) == (0..<1000).map(Double.init))
            #expect(
                batch.exemplars.map { decoding.registry.labels(of: $0.series)["n"] } == (0..<1000).map { "\($0 % 300)" }
            )
        }
    }

    /// Bytes that are no exemplar cost an exemplar, and not the request.
    @Test func brokenOnesAreCounted() throws {
        for exemplar: [UInt8] in [[0x0A, 0x7F], [0x12], [0x11, 1], [0x0A, 2, 0x80, 0x80]] {
            var message = ProtobufWriter()
            message.message(1) { series in
                series.label("__name__", "m")
                series.sample(timestamp: Self.now, value: 1)
                series.bytes(3, exemplar)
            }
            let write = try WriteDecoding().decode(message.bytes)
            #expect(write.samples == 1 && write.exemplars == 1 && write.request.rejectedExemplars == 1)
        }
        // Symbols that there are not, and a name without a value.
        for references: [UInt64] in [[1, 2, 9, 1], [1, 2, 1]] {
            var packed = ProtobufWriter()
            for reference in references { packed.append(varint: reference) }
            var message = ProtobufWriter()
            for symbol in ["", "__name__", "m"] { message.string(4, symbol) }
            message.message(5) { series in
                series.bytes(1, [1, 2])
                series.sample(timestamp: Self.now, value: 1)
                series.message(4) { $0.bytes(1, packed.bytes) }
            }
            let write = try WriteDecoding().decode(message.bytes, .two)
            #expect(write.samples == 1 && write.exemplars == 1 && write.request.rejectedExemplars == 1)
        }
    }

    /// A few bytes of version 2 may ask for a long text any number of times.
    @Test func longTextsAreNotCopiedOver() throws {
        var packed = ProtobufWriter()
        for _ in 0..<200_000 { packed.append(varint: 3) }
        var message = ProtobufWriter()
        for symbol in ["", "__name__", "m", String(repeating: "x", count: 8 << 20)] { message.string(4, symbol) }
        for _ in 0..<50 {
            message.message(5) { series in
                series.bytes(1, [1, 2])
                series.message(4) { $0.bytes(1, packed.bytes) }
            }
        }
        let write = try WriteDecoding().decode(message.bytes, .two)
        #expect(write.exemplars == 50 && write.request.rejectedExemplars == 50)
    }

    @Test func tooManyAreRefusedAsAWhole() throws {
        let registry = SeriesRegistry(limit: 10)
        let decoder = RemoteWriteDecoder(registry: registry, maximumRecords: 3)
        let message = Self.version1(Array(repeating: Self.good[1], count: 4))
        #expect(throws: RemoteWriteError.tooManyRecords(limit: 3)) {
            _ = try decoder.decode(message.span, version: .one)
        }
    }
}

extension ProtobufWriter {
    fileprivate mutating func label(_ name: String, _ value: String) {
        message(1) { label in
            label.string(1, name)
            label.string(2, value)
        }
    }
}
