import NativeHistograms
import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

@Suite struct RemoteWriteTests {
    private static let now: Int64 = 1_767_225_600_000
    private static let histogram = NativeHistogram(
        schema: 3, zeroThreshold: 1e-9, zeroCount: 2, count: 9, sum: 12.5,
        positiveSpans: [.init(offset: -2, length: 2), .init(offset: 3, length: 1)], positiveBuckets: [1, 2, 3],
        negativeSpans: [.init(offset: 0, length: 1)], negativeBuckets: [1])

    private static let series: [SentSeries] = [
        SentSeries([("__name__", "up"), ("job", "a")], [(now, 1), (now + 15_000, .staleMarker)]),
        SentSeries([("__name__", "temperature"), ("ort", "Köln"), ("empty", "")], [(now, -0.0)]),
        SentSeries([("__name__", "latency"), ("job", "a")], histograms: [(now, histogram)]),
        SentSeries([("__name__", "requests_total")], [(now, 5)], created: now - 60_000),
        SentSeries([("job", "a"), ("__name__", "unsorted")], [(now, .infinity)]),
        SentSeries([("__name__", "nothing")]),
    ]

    private var wanted: [String] {
        let now = Self.now
        return [
            "up{job=\"a\"} \(now) 3ff0000000000000", "up{job=\"a\"} \(now + 15_000) 7ff0000000000002",
            "temperature{ort=\"Köln\"} \(now) 8000000000000000", "latency{job=\"a\"} \(now) \(Self.histogram)",
            "requests_total \(now) 4014000000000000", "unsorted{job=\"a\"} \(now) 7ff0000000000000",
        ]
    }

    @Test func version1IsRead() throws {
        let decoding = WriteDecoding()
        let message = SentSeries.version1(Self.series)
        // The second time all series are found by their bytes.
        for _ in 0..<2 {
            let write = try decoding.decode(message)
            #expect(decoding.lines(write) == wanted)
            #expect(write.request.rejected.isEmpty && write.request.recordCount == 6)
            #expect(write.samples == 5 && write.histograms == 1)
        }
        #expect(decoding.registry.count == 5)
    }

    @Test func version2SaysTheSameAndWhenCountingBegan() throws {
        let decoding = WriteDecoding()
        _ = try decoding.decode(SentSeries.version1(Self.series))
        for _ in 0..<2 {
            let write = try decoding.decode(SentSeries.version2(Self.series), .two)
            var wanted = wanted
            wanted[4] += " from \(Self.now - 60_000)"
            #expect(decoding.lines(write) == wanted)
            #expect(write.samples == 5 && write.histograms == 1 && write.request.rejected.isEmpty)
        }
        #expect(decoding.registry.count == 5, "both versions name the same series")
    }

    /// More series than share a look-up, some of them known.
    @Test func manySeriesKeepTheirOrder() throws {
        let decoding = WriteDecoding()
        func series(_ numbers: Range<Int>) -> [SentSeries] {
            numbers.map { SentSeries([("__name__", "m"), ("n", "\($0)")], [(Self.now + Int64($0), Double($0))]) }
        }
        _ = try decoding.decode(SentSeries.version1(series(300..<700)))
        for version in [RemoteWriteVersion.one, .two] {
            let message =
                version == .one ? SentSeries.version1(series(0..<1000)) : SentSeries.version2(series(0..<1000))
            let batch = try decoding.decode(message, version).request.batch
            #expect(batch.values == (0..<1000).map(Double.init))
            #expect(batch.timestamps == (0..<1000).map { Self.now + $0 })
            #expect(
                batch.references.map { decoding.registry.labels(of: $0)["n"] } == (0..<1000).map { "\($0)" })
        }
    }

    /// Labels that stand apart, behind or between samples.
    @Test func labelsMayStandAnywhere() throws {
        let decoding = WriteDecoding()
        func label(_ name: String, _ value: String) -> (inout ProtobufWriter) -> Void {
            { writer in
                writer.message(1) { label in
                    label.string(1, name)
                    label.string(2, value)
                }
            }
        }
        for value in [1.0, 2] {
            var message = ProtobufWriter()
            message.message(1) { series in
                label("__name__", "m")(&series)
                series.sample(timestamp: Self.now, value: value)
                label("a", "b")(&series)
            }
            message.message(1) { series in
                series.sample(timestamp: Self.now, value: value)
                label("__name__", "m")(&series)
            }
            let lines = decoding.lines(try decoding.decode(message.bytes))
            let bits = String(value.bitPattern, radix: 16)
            #expect(lines == ["m{a=\"b\"} \(Self.now) \(bits)", "m \(Self.now) \(bits)"])
        }
    }

    @Test(arguments: [RemoteWriteVersion.one, .two])
    func whatIsNotTakenIsKept(version: RemoteWriteVersion) throws {
        let decoding = WriteDecoding(seriesLimit: 2)
        var broken = Self.histogram
        broken.positiveBuckets.removeLast()
        let series: [SentSeries] = [
            SentSeries([("job", "nameless")], [(Self.now, 1), (Self.now + 1, 2)]),
            SentSeries([("__name__", "m")], [(-1, 3), (Self.now, 4), (.max, 5)]),
            SentSeries([("__name__", "m"), ("a", "1"), ("a", "2")], [(Self.now, 6)]),
            SentSeries([("__name__", "m"), ("", "x")], [(Self.now, 7)]),
            SentSeries([("__name__", String(repeating: "n", count: 5000))], [(Self.now, 8)]),
            SentSeries([("__name__", "h")], histograms: [(Self.now, broken)]),
            SentSeries([("__name__", "over"), ("source_id", "pump-1")], [(Self.now, 9)]),
        ]
        let message = version == .one ? SentSeries.version1(series) : SentSeries.version2(series)
        let request = try decoding.decode(message, version).request
        #expect(request.recordCount == 10 && request.batch.values == [4])
        #expect(
            request.rejected.map(\.reason) == [
                .missingField, .missingField, .timestampOutOfRange, .timestampOutOfRange, .duplicateKey, .emptyValue,
                .valueTooLong, .invalidHistogram, .seriesLimit,
            ])
        #expect(request.rejected.map(\.index) == [0, 1, 2, 4, 5, 6, 7, 8, 9])
        #expect(request.rejected.last?.sourceID == "pump-1")
        // Each is kept as a series that can be sent again, with the one sample.
        for (record, value) in zip(request.rejected, [1, 2, 3, 5, 6, 7, 8]) {
            let text = try decoding.decoder.decode(wrapped(record.payload).span, version: .one)
            #expect(text.request.recordCount == 1 && text.request.rejected.first?.payload == record.payload, "\(value)")
        }
        let again = try WriteDecoding().decode(wrapped(try #require(request.rejected.last).payload))
        #expect(again.request.batch.values == [9])
    }

    private func wrapped(_ series: [UInt8]) -> [UInt8] {
        var message = ProtobufWriter()
        message.bytes(1, series)
        return message.bytes
    }

    @Test func tooMuchIsRefusedAsAWhole() throws {
        let series = (0..<20).map { SentSeries([("__name__", "m\($0)")], [(Self.now, 1)]) }
        #expect(throws: RemoteWriteError.tooManyRecords(limit: 19)) {
            try WriteDecoding(maximumRecords: 19).decode(SentSeries.version1(series))
        }
        #expect(try WriteDecoding(maximumRecords: 20).decode(SentSeries.version1(series)).samples == 20)
    }

    @Test func unknownSymbolsAreNoTrap() {
        var message = SentSeries.version2(Self.series)
        // Symbols that are not there: the table is cut off.
        message.removeFirst(2)
        #expect(throws: RemoteWriteError.self) { try WriteDecoding().decode(message, .two) }
    }

    /// Changed or cut off anywhere, a message is refused or read as another, the same whatever was learned before, and every
    /// sample that was counted was taken or kept.
    @Test(arguments: [RemoteWriteVersion.one, .two])
    func brokenMessagesAreNoTrap(version: RemoteWriteVersion) throws {
        let message = version == .one ? SentSeries.version1(Self.series) : SentSeries.version2(Self.series)
        let learned = WriteDecoding()
        _ = try learned.decode(message, version)
        func check(_ message: [UInt8]) {
            let fresh = WriteDecoding()
            let (a, b) = (try? fresh.decode(message, version), try? learned.decode(message, version))
            guard let a, let b else {
                #expect(a == nil && b == nil)
                return
            }
            #expect(fresh.lines(a) == learned.lines(b))
            #expect(a.request.rejected == b.request.rejected)
            #expect(a.request.recordCount == a.request.batch.count + a.request.rejected.count)
        }
        for length in 0..<message.count { check(Array(message.prefix(length))) }
        var random = SeededGenerator.seeded("brokenMessagesAreNoTrap")
        for _ in 0..<5000 {
            var changed = message
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            check(changed)
        }
    }
}
