import NativeHistograms
import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

/// Differences are added up, whatever the order and number of the requests they come in.
@Suite struct OTLPDeltaTests {
    private static let begin: UInt64 = 1_700_000_000_000_000_000
    private static let second: UInt64 = 1_000_000_000

    /// Totals as the log would have them.
    private final class Bench {
        let test = OTLPTestDecoder()
        var totals: [SeriesReference: DeltaTotal] = [:]

        func send(_ points: [OTLPRequest.Point], kind: OTLPKind = .counter) throws -> (
            samples: [String], rejected: [RejectedRecord], points: Int
        ) {
            let request = OTLPRequest(.init(name: "m", kind: kind, temporality: .delta, points: points)).protobuf
            var decoded = try test.decode(request)
            #expect(decoded.request.batch.isEmpty || decoded.deltas.isEmpty == false)
            let sum = OTLPDeltaSum(decoded, totals: totals, of: request.span, .protobuf, test.registry)
            for total in sum.newTotals { totals[total.reference] = total }
            decoded.request = sum.request
            #expect(sum.request.recordCount == sum.request.batch.count + sum.request.rejected.count)
            return (test.samples(decoded), sum.request.rejected, sum.rejectedPoints)
        }
    }

    private static func point(_ start: Int?, _ end: Int, _ value: Double) -> OTLPRequest.Point {
        var point = OTLPRequest.Point(double: value)
        point.start = start.map { begin + UInt64($0) * second } ?? 0
        point.time = begin + UInt64(end) * second
        return point
    }

    private static func sample(_ value: String, _ end: Int, from start: Int? = nil) -> String {
        "m_total \(value) @\(begin / 1_000_000 + UInt64(end) * 1000)"
            + (start.map { " from \(begin / 1_000_000 + UInt64($0) * 1000)" } ?? "")
    }

    @Test func intervalsThatFollowEachOtherAreATotal() throws {
        let bench = Bench()
        #expect(
            try bench.send([Self.point(0, 1, 2), Self.point(1, 2, 3)]).samples == [
                Self.sample("2", 1, from: 0), Self.sample("5", 2, from: 0),
            ])
        #expect(try bench.send([Self.point(2, 3, 4)]).samples == [Self.sample("9", 3, from: 0)])
        #expect(try bench.send([Self.point(2, 3, 4)]).samples == [Self.sample("9", 3, from: 0)], "once more")
        #expect(try bench.send([Self.point(nil, 4, 1)]).samples == [Self.sample("10", 4, from: 0)], "without a start")
        #expect(try bench.send([Self.point(nil, 4, 1)]).samples == [Self.sample("10", 4, from: 0)], "once more")
        #expect(try bench.send([Self.point(5, 6, 7)]).samples == [Self.sample("7", 6, from: 5)], "after a gap")
    }

    @Test func whatWasCountedIsRefused() throws {
        let bench = Bench()
        _ = try bench.send([Self.point(0, 10, 5)])
        for point in [Self.point(0, 5, 1), Self.point(5, 10, 1), Self.point(5, 15, 1), Self.point(20, 15, 1)] {
            let outcome = try bench.send([point])
            #expect(outcome.samples.isEmpty && outcome.rejected.map(\.reason) == [.overlappingInterval])
            // What is kept can be sent again.
            #expect(try bench.test.decode(outcome.rejected[0].payload).deltas.count == 1)
        }
        let falling = try bench.send([Self.point(10, 11, -1)])
        #expect(falling.rejected.map(\.reason) == [.unsupportedValue] && falling.points == 1)
        #expect(try bench.send([Self.point(10, 11, 1)]).samples == [Self.sample("6", 11, from: 0)])
    }

    @Test func aHistogramWithOtherBucketsBeginsAnew() throws {
        let bench = Bench()
        func send(_ start: Int, _ bounds: [Double], _ counts: [UInt64]) throws -> [String] {
            var point = OTLPRequest.Point(
                histogram: OTLPHistogram(
                    count: counts.reduce(0, +), sum: 1, counts: counts, bounds: bounds))
            point.start = Self.begin + UInt64(start) * Self.second
            point.time = point.start + Self.second
            return try bench.send([point], kind: .histogram).samples.map { String($0.prefix { $0 != "@" }) }
        }
        #expect(
            try send(0, [1], [1, 2]) == ["m_sum 1 ", "m_count 3 ", #"m_bucket{le="1"} 1 "#, #"m_bucket{le="+Inf"} 3 "#])
        #expect(
            try send(1, [1], [1, 0]) == ["m_sum 2 ", "m_count 4 ", #"m_bucket{le="1"} 2 "#, #"m_bucket{le="+Inf"} 4 "#])
        #expect(
            try send(2, [1, 2], [1, 1, 0]) == [
                "m_sum 1 ", "m_count 2 ", #"m_bucket{le="1"} 1 "#, #"m_bucket{le="2"} 2 "#, #"m_bucket{le="+Inf"} 2 "#,
            ])
    }

    @Test func anyDeliveryComesToTheSameTotal() throws {
        var generator = SeededGenerator.seeded("any delivery of differences")
        for _ in 0..<200 {
            let bench = Bench()
            var (time, total) = (0, 0.0)
            for _ in 0..<10 {
                let points = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                    let value = Double(Int.random(in: 0...9, using: &generator))
                    defer { time += 1 }
                    total += value
                    return Self.point(time, time + 1, value)
                }
                let outcome = try bench.send(points.shuffled(using: &generator))
                #expect(outcome.rejected.isEmpty)
                // The last interval again, as after a lost answer.
                if generator.next() % 2 == 0 { _ = try bench.send([points[points.count - 1]]) }
                // And an older one.
                if generator.next() % 2 == 0, time > 2 { #expect(try bench.send([Self.point(0, 1, 5)]).points == 1) }
            }
            #expect(bench.totals.values.map(\.value) == [total])
        }
    }

    @Test func exponentialHistogramsAreAddedUp() throws {
        let bench = Bench()
        for step in 0..<3 {
            var point = OTLPRequest.Point(
                exponential: OTLPExponentialHistogram(
                    count: 3, sum: 6, scale: 2, zeroCount: 1, positive: .init(offset: Int64(step), counts: [1, 1])))
            point.start = Self.begin + UInt64(step) * Self.second
            point.time = point.start + Self.second
            #expect(try bench.send([point], kind: .exponentialHistogram).rejected.isEmpty)
        }
        let histogram = try #require(bench.totals.values.first?.histogram)
        #expect(histogram.count == 9 && histogram.sum == 18 && histogram.zeroCount == 3)
        #expect(histogram.positiveBuckets == [1, 2, 2, 1])
    }
}
