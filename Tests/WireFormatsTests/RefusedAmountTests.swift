import TelemetryModel
import Testing

@testable import WireFormats

/// Small requests must not come to large ones, however often they repeat themselves.
@Suite struct RefusedAmountTests {
    private let long = String(repeating: "x", count: 1 << 20)

    @Test func aSeriesOfRefusedSamplesIsNotKeptForEach() {
        // 200 samples with a megabyte of labels each.
        let series = SentSeries([("__name__", "m"), ("a", long)], (0..<200).map { (Int64($0), 1) })
        for version in [RemoteWriteVersion.one, .two] {
            let message = version == .one ? SentSeries.version1([series]) : SentSeries.version2([series])
            #expect(throws: RemoteWriteError.tooMuchRefused) { try WriteDecoding().decode(message, version) }
            #expect(RemoteWriteError.tooMuchRefused.isTooLarge)
        }
        let few = SentSeries([("__name__", "m"), ("a", long)], (0..<20).map { (Int64($0), 1) })
        #expect((try? WriteDecoding().decode(SentSeries.version1([few])))?.request.rejected.count == 20)
    }

    @Test func symbolsAreNotSpelledOutWithoutEnd() throws {
        var message = ProtobufWriter()
        for symbol in ["", "__name__", "m", "a", long] { message.string(4, symbol) }
        // Two bytes stand for a megabyte, two thousand times.
        message.message(5) { series in
            series.bytes(1, [1, 2] + Array(repeatElement([3, 4], count: 2000).joined()))
            series.sample(timestamp: 1, value: 1)
        }
        do {
            _ = try WriteDecoding().decode(message.bytes, .two)
            Issue.record("taken")
        } catch let error as RemoteWriteError {
            #expect(error.description.contains("bytes of labels in a series"))
        }
    }

    /// Symbols that many series share are spelled out for some at a time.
    @Test func manySeriesMayShareLongSymbols() throws {
        var series: [SentSeries] = []
        for index in 0..<600 {
            let value = String(repeating: "y", count: 4096)
            series.append(
                SentSeries([("__name__", "m"), ("a", value), ("b", value), ("i", "\(index)")], [(Int64(index), 1)]))
        }
        let test = WriteDecoding()
        let write = try test.decode(SentSeries.version2(series), .two)
        #expect(write.request.batch.timestamps == (0..<600).map { Int64($0) } && test.registry.count == 600)
    }

    @Test func pointsOfALongResourceAreNotKeptForEach() {
        let points = (0..<200).map { _ in #"{"timeUnixNano":"18446744073709551615","asInt":"1"}"# }
        let text =
            #"{"resourceMetrics":[{"resource":{"attributes":[{"key":"a","value":{"stringValue":"\#(long)"}}]},"#
            + #""scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[\#(points.joined(separator: ","))]}}]}]}]}"#
        #expect(throws: OTLPError.tooMuchRefused) { try OTLPTestDecoder().decode(Array(text.utf8), .json) }
    }

    @Test func fieldsOfALongLineAreNotKeptForEach() {
        let fields = (0..<200).map { "f\($0)=1e999" }.joined(separator: ",")
        #expect(throws: TooManyLines.self) { try LineDecoding().decode(Array("m,a=\(long) \(fields)".utf8)) }
    }
}
