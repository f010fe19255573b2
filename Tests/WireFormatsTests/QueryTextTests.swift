import TelemetryModel
import Testing

@testable import WireFormats

/// What a dead letter says beside its payload.
@Suite struct QueryTextTests {
    @Test func onlyUnreservedCharactersStay() {
        #expect(QueryText.encoded([]).isEmpty)
        #expect(
            QueryText.encoded([("a", "b c+d&e=f%"), ("ü", "-._~")])
                == "a=b%20c%2Bd%26e%3Df%25&%C3%BC=-._~")
    }

    @Test func aLineIsKeptWithWhatItMeansAnotherThingWithout() throws {
        let decoder = LineProtocolDecoder(registry: SeriesRegistry(), textFields: .refuse)
        func parameters(_ parameters: LineProtocolParameters) throws -> [String] {
            try decoder.decode(Array("m f=1,s=\"t\" 1\nbroken".utf8).span, parameters, receivedAt: 5)
                .request.rejected.map(\.parameters)
        }
        #expect(try parameters(LineProtocolParameters()) == ["", ""])
        // A field is kept as a line that needs nothing.
        #expect(try parameters(.init(precision: .seconds, database: "a b")) == ["", "precision=s&db=a%20b"])
    }

    @Test(arguments: [
        ("foo_bucket{le=\"x\"} y", "foo histogram"), ("foo_sum y", "foo histogram"), ("foo y", "foo histogram"),
        ("{\"foo\\\"_bucket\",le=\"1\"} y", "\"foo\\\"\" histogram"),
    ])
    func aLineIsKeptWithItsFamily(line: String, family: String) throws {
        let decoder = ExpositionDecoder(registry: SeriesRegistry(limit: 0))
        let text = "# TYPE foo histogram\n" + line.dropLast() + "1\n"
        let rejected = try decoder.decode(Array(text.utf8).span, format: .text, defaultTimestamp: 7).request.rejected
        let expected: [(name: String, value: String)] =
            [("format", "text"), ("timestamp", "7"), ("type", family)]
        #expect(rejected.map(\.parameters) == [QueryText.encoded(expected)])
    }

    @Test func aSampleIsKeptWithItsStart() throws {
        var series = ProtobufWriter()
        series.message(1) { label in
            label.string(1, "__name__")
            label.string(2, "m")
        }
        series.message(2) { sample in
            sample.double(1, 1)
            sample.int64(2, -5)
            sample.int64(3, 77)
        }
        let registry = SeriesRegistry()
        let decoder = RemoteWriteDecoder(registry: registry)
        let refused = try #require(try decoder.decode(series: series.bytes).request.rejected.first)
        #expect(refused.reason == .timestampOutOfRange && refused.payload == series.bytes)
        #expect(try decoder.decode(series: refused.payload).request.rejected == [refused])
    }
}
