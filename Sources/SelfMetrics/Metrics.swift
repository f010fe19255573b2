import Synchronization

/// A number that only rises. Lock-free.
package final class Counter: Sendable {
    private let total = Atomic<UInt64>(0)

    package init() {}

    package var value: UInt64 { total.load(ordering: .relaxed) }
    package func add(_ count: Int = 1) { total.wrappingAdd(UInt64(count), ordering: .relaxed) }
}

/// How long things took: a cumulative histogram with fixed bounds, as the exposition format has it. Lock-free.
package final class LatencyHistogram: Sendable {
    /// Upper bounds in seconds, inclusive: 0.5 ms to 10 s, about three a decade.
    package static let bounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    private let buckets: [Counter] = (0...LatencyHistogram.bounds.count).map { _ in Counter() }
    private let microseconds = Counter()

    package init() {}

    package func record(_ duration: Duration) {
        let seconds = duration.seconds
        let bucket = LatencyHistogram.bounds.firstIndex { seconds <= $0 } ?? LatencyHistogram.bounds.count
        buckets[bucket].add()
        microseconds.add(Int(max(0, seconds * 1e6)))
    }

    /// Observations at or below each bound, then all of them; and the sum in seconds.
    package var cumulative: (counts: [UInt64], sumSeconds: Double) {
        var running: UInt64 = 0
        let counts = buckets.map { bucket in
            running += bucket.value
            return running
        }
        return (counts, Double(microseconds.value) / 1e6)
    }
}

extension Duration {
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
