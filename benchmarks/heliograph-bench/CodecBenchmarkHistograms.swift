import ChunkCodec
import Foundation
import NativeHistograms

/// Bytes a histogram, and CPU nanoseconds a histogram, of columns of native histograms; what takes their place in classic
/// series is beside it: a counter a bucket, with the zero bucket, `_count` and `_sum`.
func measureHistograms(repetitions: Int) {
    for count in [480, 5_760] {
        var random = CodecRandom(seed: 4)
        let histograms = latencies(count, using: &random)
        for (name, effort) in [("best", ChunkCodec.Effort.best), ("fast", .fast)] {
            let bytes = ChunkCodec.encodeHistograms(histograms, effort: effort)
            let encode = Timing(repetitions: repetitions, sampleCount: count) {
                _ = ChunkCodec.encodeHistograms(histograms, effort: effort)
            }
            var decoded: [NativeHistogram] = []
            let decode = Timing(repetitions: repetitions, sampleCount: count) {
                decoded.removeAll(keepingCapacity: true)
                try? ChunkCodec.decodeHistograms(bytes, into: &decoded)
            }
            guard decoded.count == count, zip(decoded, histograms).allSatisfy({ $0.hasSameBits(as: $1) }) else {
                fatalError("histograms do not come back")
            }
            print(
                pad("\(count) histograms, \(name)", 22), String(format: "%6.2f B", Double(bytes.count) / Double(count)),
                " encode ns", encode.text, " decode ns", decode.text)
        }
        let sums = ChunkCodec.encodeValues(histograms.map(\.sum)).count
        let classic = histograms[0].positiveBuckets.indices.map { bucket in
            ChunkCodec.encodeValues(histograms.map { $0.zeroCount + $0.positiveBuckets[...bucket].reduce(0, +) }).count
        }
        let others = ChunkCodec.encodeValues(histograms.map(\.count)).count + sums
        print(
            pad("\(count) as \(classic.count + 2) series", 22),
            String(format: "%6.2f B", Double(classic.reduce(others, +)) / Double(count)),
            String(format: " (the sums alone: %.2f B)", Double(sums) / Double(count)))
    }
}

/// A service's latencies, exact to a microsecond: every 15 s up to 40 observations, log-normal, in 20 buckets.
private func latencies(_ count: Int, using random: inout CodecRandom) -> [NativeHistogram] {
    var histogram = NativeHistogram(
        schema: 1, counterReset: .notReset, zeroThreshold: 0x1p-128,
        positiveSpans: [.init(offset: -13, length: 20)], positiveBuckets: Array(repeating: 0, count: 20))
    return (0..<count).map { _ in
        for _ in 0..<Int.random(in: 0...40, using: &random) {
            let seconds = (exp(-3 + 0.8 * random.normal()) * 1_000_000).rounded() / 1_000_000
            // The index of the bucket (2^((i − 1) / 2), 2^(i / 2)], as schema 1 has them.
            let index = Int((2 * log2(seconds)).rounded(.up)) + 13
            histogram.positiveBuckets[min(19, max(0, index))] += 1
            histogram.count += 1
            histogram.sum += seconds
        }
        return histogram
    }
}
