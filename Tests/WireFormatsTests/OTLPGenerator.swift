import TelemetryModel
import TestSupport

@testable import WireFormats

/// Requests of any kind, good ones and such as are refused in part.
struct OTLPGenerator {
    var generator: SeededGenerator

    init(_ generator: SeededGenerator) { self.generator = generator }

    mutating func request() -> OTLPRequest {
        OTLPRequest(
            many(0...3) { own in
                .init(
                    attributes: own.attributes([
                        "service.name", "service.namespace", "service.instance.id", "host.name", "os",
                    ]),
                    schema: own.chance(3) ? "http://schema" : "",
                    scopes: own.many(0...2) { own in
                        .init(
                            name: own.chance(2) ? "lib" : "", version: own.chance(2) ? "1" : "",
                            attributes: own.attributes(["x", "y"]), metrics: own.many(0...4) { $0.metric() })
                    })
            })
    }

    private mutating func metric() -> OTLPRequest.Metric {
        let kinds: [OTLPKind] = [.gauge, .upDownCounter, .counter, .histogram, .exponentialHistogram, .summary]
        let kind = pick(kinds)
        return OTLPRequest.Metric(
            name: pick(["requests", "http.server.duration", "2x", "größe", "", "…"]),
            unit: pick(["", "s", "By/s", "1", "{a}"]),
            description: pick(["", "words"]), kind: kind,
            temporality: chance(8) ? pick([.delta, .unspecified]) : .cumulative,
            points: many(0...5) { $0.point(kind) })
    }

    private mutating func point(_ kind: OTLPKind) -> OTLPRequest.Point {
        var point = OTLPRequest.Point(attributes: attributes(["a", "b.c", "b-c", "source_id", "", "…", "le"]))
        if chance(6) { point.time = pick([0, .max, 1, 1_000_000]) }
        if chance(2) { point.start = pick([1_600_000_000_000_000_000, 5, .max]) }
        if chance(8) { point.flags = 1 }
        if kind != .summary, chance(4) { point.exemplars = 2 }
        switch kind {
        case .gauge, .upDownCounter, .counter, .targetInfo:
            if chance(2) {
                point.integer = pick([0, 5, -7, .max, .min])
            } else if !chance(9) {
                point.double = number()
            }
        case .histogram:
            var histogram = OTLPHistogram(count: count(), sum: chance(3) ? nil : number())
            histogram.bounds = many(0...6) { $0.pick([0.1, 1, 5, 1000, -1, .infinity, .nan]) }
            if !chance(6) { histogram.bounds = Array(Set(histogram.bounds.filter(\.isFinite))).sorted() }
            histogram.counts = (0..<histogram.bounds.count + (chance(9) ? 0 : 1)).map { _ in count() }
            point.histogram = histogram
        case .exponentialHistogram:
            var histogram = OTLPExponentialHistogram(count: count(), sum: chance(3) ? nil : number())
            histogram.scale = pick([0, 3, 8, 9, 20, -4, -5, Int64(Int32.max), Int64(Int32.min)])
            histogram.zeroCount = count()
            histogram.zeroThreshold = pick([0, 1e-9, 5, -1])
            histogram.positive = buckets()
            histogram.negative = buckets()
            point.exponential = histogram
        case .summary:
            point.summary = OTLPSummary(
                count: count(), sum: number(),
                quantiles: many(0...3) { ($0.pick([0, 0.5, 0.99, 1, .nan]), $0.number()) })
        }
        return point
    }

    private mutating func buckets() -> OTLPExponentialHistogram.Buckets {
        .init(
            offset: pick([0, -1, 7, -300, 100_000, Int64(Int32.max), Int64(Int32.min)]),
            counts: many(0...12) { $0.count() })
    }

    private mutating func count() -> UInt64 {
        chance(3) ? 0 : chance(9) ? .max : UInt64.random(in: 0...1000, using: &generator)
    }

    private mutating func number() -> Double { pick([0, 1.5, -2, 1e300, .nan, .infinity, -.infinity, 0.1]) }

    private mutating func attributes(_ keys: [String]) -> [(String, OTLPTestValue)] {
        many(0...4) { own in
            // Keys without a name are rare.
            let key = own.pick(keys)
            return (key.unicodeScalars.contains { $0.isASCII } || own.chance(6) ? key : "z", own.value(depth: 0))
        }
    }

    private mutating func value(depth: Int) -> OTLPTestValue {
        switch Int.random(in: 0..<(depth > 2 ? 6 : 8), using: &generator) {
        case 0: .none
        case 1, 2: .text(pick(["", "a", "täxt \"quoted\"", "x\ny"]))
        case 3: .integer(pick([0, -1, .max, .min]))
        case 4: .double(number())
        case 5:
            chance(2) ? .boolean(chance(2)) : .bytes(many(0...5) { UInt8.random(in: 0...255, using: &$0.generator) })
        case 6: .list(many(0...3) { $0.value(depth: depth + 1) })
        default:
            .map(
                many(3...3) { $0.pick(["b", "a", "c"]) + "\($0.count())" }, many(0...3) { $0.value(depth: depth + 1) })
        }
    }

    mutating func many<Element>(_ range: ClosedRange<Int>, _ make: (inout OTLPGenerator) -> Element) -> [Element] {
        (0..<Int.random(in: range, using: &generator)).map { _ in make(&self) }
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &generator)]
    }

    /// True one time of `times`.
    mutating func chance(_ times: Int) -> Bool { Int.random(in: 0..<times, using: &generator) == 0 }
}
