import NativeHistograms
import StatsDAggregation
import TelemetryModel
import Testing
import WireFormats

/// What lines of StatsD come to, interval by interval.
@Suite struct StatsDAggregatorTests {
    private static let start: Int64 = 1_700_000_000_000

    private struct Bench {
        let registry = SeriesRegistry()
        let decoder: StatsDDecoder
        let aggregator: StatsDAggregator

        init(series: Int = 100, members: Int = 100, idle: Int64 = 60_000) {
            decoder = StatsDDecoder(registry: registry)
            var limits = StatsDAggregator.Limits(series: series, idleMilliseconds: idle)
            limits.members = members
            aggregator = StatsDAggregator(limits: limits)
        }

        @discardableResult
        func take(_ text: String, at seconds: Int64 = 0) -> [RejectedRecord] {
            let bytes = Array(text.utf8)
            let decoded = decoder.decode(bytes.span)
            return decoded.rejected
                + aggregator.take(decoded, of: bytes.span, at: StatsDAggregatorTests.start + seconds * 1000)
        }

        /// Values by the series as PromQL writes them; the count, the sum and the start of histograms and counters too.
        func flush(at seconds: Int64) -> [String: String] {
            let batch = aggregator.flush(at: StatsDAggregatorTests.start + seconds * 1000)
            var found: [String: String] = [:]
            for (index, reference) in batch.references.enumerated() {
                var text = batch.values[index].isStaleMarker ? "end" : "\(batch.values[index])"
                if let histogram = batch.histograms.first(where: { $0.sampleIndex == index })?.histogram {
                    text = "\(histogram.count) of \(histogram.sum)"
                }
                if let begin = batch.starts.first(where: { $0.sampleIndex == index })?.startTimestamp {
                    text += " since \((begin - StatsDAggregatorTests.start) / 1000)"
                }
                found["\(registry.labels(of: reference))"] = text
            }
            return found
        }
    }

    @Test func countersAreRunningTotals() {
        let bench = Bench()
        bench.take("a:1|c\na:2|c|@0.1\nb:1|c|#x:y\n")
        #expect(bench.flush(at: 10) == ["a": "21.0 since 0", #"b{x="y"}"#: "1.0 since 0"])
        bench.take("a:1|c", at: 12)
        #expect(bench.flush(at: 20) == ["a": "22.0 since 0", #"b{x="y"}"#: "1.0 since 0"])
    }

    @Test func gaugesKeepTheirValueAndMayBeShifted() {
        let bench = Bench()
        bench.take("g:5|g\ng:+3|g\ng:-1|g")
        #expect(bench.flush(at: 10) == ["g": "7.0"])
        #expect(bench.flush(at: 20) == ["g": "7.0"])
        bench.take("g:-10|g\nh:-2.5|g")
        #expect(bench.flush(at: 30) == ["g": "-3.0", "h": "-2.5"])
    }

    @Test func timersAreHistogramsOfSeconds() {
        let bench = Bench()
        bench.take("t:100:300|ms\nt:200|ms|@0.5\nd:7|d\nd:8|h")
        #expect(bench.flush(at: 10) == ["t": "4.0 of 0.8 since 0", "d": "2.0 of 15.0 since 0"])
        bench.take("t:1000|ms")
        #expect(bench.flush(at: 20)["t"] == "5.0 of 1.8 since 0")
    }

    @Test func setsCountWithinAnInterval() {
        let bench = Bench()
        bench.take("s:a|s\ns:b|s\ns:a|s\ns:a:b|s")
        #expect(bench.flush(at: 10) == ["s": "3.0"])
        bench.take("s:a|s")
        #expect(bench.flush(at: 20) == ["s": "1.0"])
        #expect(bench.flush(at: 30) == ["s": "0.0"])
    }

    @Test func aSeriesWithoutValuesEnds() {
        let bench = Bench(idle: 60_000)
        bench.take("a:1|c\nb:1|g")
        bench.take("b:1|g", at: 50)
        #expect(bench.flush(at: 60) == ["a": "end", "b": "1.0"])
        #expect(bench.flush(at: 70) == ["b": "1.0"])
        bench.take("a:2|c", at: 80)
        #expect(bench.flush(at: 90)["a"] == "2.0 since 80")
        #expect(bench.aggregator.seriesCount == 2)
    }

    @Test func whatDoesNotFitIsRefusedAndTheRestGoesOn() throws {
        let bench = Bench(series: 2, members: 2)
        let refused = bench.take("a:1|c\na:1|g\ns:1|s\nc:1|c|#source_id:x\ns:2|s\ns:3|s\na:1|c")
        #expect(refused.map(\.reason) == [.wrongType, .seriesLimit, .tooManyValues])
        #expect(
            refused.map { String(decoding: $0.payload, as: UTF8.self) } == ["a:1|g", "c:1|c|#source_id:x", "s:3|s"])
        #expect(refused[1].sourceID == "x")
        #expect(bench.flush(at: 10) == ["a": "2.0 since 0", "s": "2.0"])
        #expect(bench.take("s:4|s").isEmpty)
    }
}
