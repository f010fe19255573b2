import ChunkCodec
import Foundation

/// Measures the column codecs: bytes a sample, and CPU nanoseconds a sample for encoding and decoding.
///
///     codec [repetitions] [folder with recorded metrics: CSV files of timestamp,value]
func runCodecBenchmark(_ arguments: [String]) {
    let repetitions = arguments.first.flatMap { Int($0) } ?? 7
    print(
        "ns: CPU nanoseconds a sample, best / median of \(repetitions); B: bytes a sample, header and checksum included"
    )
    print("\n200-sample columns (50 minutes at 15 s), 50 series a metric")
    measure(CodecMetric.allCases, sampleCount: 200, columnCount: 50, repetitions: repetitions)
    print("\n5,760-sample columns (a day at 15 s), 10 columns a metric")
    measure(CodecMetric.long, sampleCount: 5_760, columnCount: 10, repetitions: repetitions)
    print("\n5,760-sample columns, the other metrics")
    measure(
        CodecMetric.allCases.filter { !CodecMetric.long.contains($0) }, sampleCount: 5_760, columnCount: 5,
        repetitions: repetitions)
    print("\nboth columns in one chunk (XOR and changes of steps), 5,760 samples")
    measureChunks(repetitions: repetitions)
    print("\ntimestamps")
    measureTimestamps(repetitions: repetitions)
    print("\nnative histograms with 20 buckets, 15 s apart; a sample is a histogram")
    measureHistograms(repetitions: repetitions)
    if arguments.count > 1 { measureRecorded(folder: arguments[1]) }
}

struct Timing {
    var best: Double
    var median: Double

    /// CPU nanoseconds of this thread for each of `sampleCount`.
    init(repetitions: Int, sampleCount: Int, _ work: () -> Void) {
        work()
        // Long enough that the clock's own cost does not matter.
        let rounds = max(1, 400_000 / sampleCount)
        var results: [Double] = []
        for _ in 0..<repetitions {
            let start = Timing.threadNanoseconds()
            for _ in 0..<rounds { work() }
            results.append(Double(Timing.threadNanoseconds() - start) / Double(rounds * sampleCount))
        }
        results.sort()
        best = results[0]
        median = results[results.count / 2]
    }

    private static func threadNanoseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    var text: String { String(format: "%5.2f / %5.2f", best, median) }
}

private let codeNames: [UInt8: String] = [
    2: "steady", 3: "framed", 4: "constant", 5: "decimal", 6: "binary", 7: "pattern", 8: "xor", 9: "raw",
]

func pad(_ text: String, _ width: Int) -> String {
    text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0)
}

private func measure(_ metrics: [CodecMetric], sampleCount: Int, columnCount: Int, repetitions: Int) {
    print(
        pad("metric", 22), pad("form", 9), pad("B best", 8), pad("B fast", 8), pad("entropy", 8),
        pad("encode best ns", 16), pad("encode fast ns", 16), pad("decode ns", 14), "with timestamps ns")
    var random = CodecRandom(seed: 1)
    var totalBest = 0.0
    var totalFast = 0.0
    var totalEntropy = 0.0
    let times = ChunkCodec.encodeTimestamps((0..<sampleCount).map { 1_700_000_000_000 + Int64($0) * 15_000 })
    for metric in metrics {
        let columns = (0..<columnCount).map { _ in metric.values(sampleCount, using: &random) }
        let best = columns.map { ChunkCodec.encodeValues($0, effort: .best) }
        let fast = columns.map { ChunkCodec.encodeValues($0, effort: .fast) }
        for (bytes, column) in zip(best + fast, columns + columns) {
            var decoded: [Double] = []
            try? ChunkCodec.decodeValues(bytes, into: &decoded)
            guard decoded.map(\.bitPattern) == column.map(\.bitPattern) else {
                fatalError("\(metric) does not come back")
            }
        }
        let samples = sampleCount * columnCount
        let bestSize = Double(best.map(\.count).reduce(0, +)) / Double(samples)
        let fastSize = Double(fast.map(\.count).reduce(0, +)) / Double(samples)
        let entropy = columns.map { metric.entropy($0) / 8 }.reduce(0, +) / Double(columnCount)
        totalBest += bestSize
        totalFast += fastSize
        totalEntropy += entropy
        let encodeBest = Timing(repetitions: repetitions, sampleCount: samples) {
            for column in columns { _ = ChunkCodec.encodeValues(column, effort: .best) }
        }
        let encodeFast = Timing(repetitions: repetitions, sampleCount: samples) {
            for column in columns { _ = ChunkCodec.encodeValues(column, effort: .fast) }
        }
        var values: [Double] = []
        let decode = Timing(repetitions: repetitions, sampleCount: samples) {
            for bytes in best {
                values.removeAll(keepingCapacity: true)
                try? ChunkCodec.decodeValues(bytes, into: &values)
            }
        }
        var timestamps: [Int64] = []
        let decodeBoth = Timing(repetitions: repetitions, sampleCount: samples) {
            for bytes in best {
                values.removeAll(keepingCapacity: true)
                timestamps.removeAll(keepingCapacity: true)
                try? ChunkCodec.decodeTimestamps(times, into: &timestamps)
                try? ChunkCodec.decodeValues(bytes, into: &values)
            }
        }
        print(
            pad(metric.rawValue, 22), pad(codeNames[best[0][0]] ?? "?", 9), String(format: "%-8.3f", bestSize),
            String(format: "%-8.3f", fastSize), String(format: "%-8.3f", entropy), pad(encodeBest.text, 16),
            pad(encodeFast.text, 16), pad(decode.text, 14), decodeBoth.text)
    }
    let count = Double(metrics.count)
    print(
        pad("mean", 22), pad("", 9), String(format: "%-8.3f", totalBest / count),
        String(format: "%-8.3f", totalFast / count), String(format: "%-8.3f", totalEntropy / count))
}

private func measureChunks(repetitions: Int) {
    var random = CodecRandom(seed: 3)
    let times = (0..<5_760).map { 1_700_000_000_000 + Int64($0) * 15_000 }
    for metric in [CodecMetric.cpuUsage, .httpRequestsTotal, .sensorRaw] {
        let column = metric.values(5_760, using: &random)
        let bytes = ChunkCodec.encode(timestamps: times, values: column)
        let encode = Timing(repetitions: repetitions, sampleCount: column.count) {
            _ = ChunkCodec.encode(timestamps: times, values: column)
        }
        var values: [Double] = []
        var timestamps: [Int64] = []
        let decode = Timing(repetitions: repetitions, sampleCount: column.count) {
            values.removeAll(keepingCapacity: true)
            timestamps.removeAll(keepingCapacity: true)
            try? ChunkCodec.decode(bytes, intoTimestamps: &timestamps, values: &values)
        }
        print(
            pad(metric.rawValue, 22), String(format: "%.3f B", Double(bytes.count) / 5_760), " encode ns", encode.text,
            " decode ns", decode.text)
    }
}

private func measureTimestamps(repetitions: Int) {
    var random = CodecRandom(seed: 2)
    for sampleCount in [200, 480, 5_760] {
        let grid = (0..<sampleCount).map { 1_700_000_000_000 + Int64($0) * 15_000 }
        let jittered = grid.map { $0 + Int64.random(in: -5...5, using: &random) }
        let gaps = grid.filter { _ in Double.random(in: 0..<1, using: &random) > 0.01 }
        let seconds = grid.map { $0 + 1_000 * Int64.random(in: 0...2, using: &random) }
        var poisson: [Int64] = []
        var time: Int64 = 1_700_000_000_000
        for _ in 0..<sampleCount {
            time += Int64.random(in: 0...30_000, using: &random)
            poisson.append(time)
        }
        for (name, column) in [
            ("steady", grid), ("±5 ms", jittered), ("1 % missing", gaps), ("whole seconds", seconds),
            ("0…30 s apart", poisson),
        ] {
            let bytes = ChunkCodec.encodeTimestamps(column)
            let encode = Timing(repetitions: repetitions, sampleCount: column.count) {
                _ = ChunkCodec.encodeTimestamps(column)
            }
            var decoded: [Int64] = []
            let decode = Timing(repetitions: repetitions, sampleCount: column.count) {
                decoded.removeAll(keepingCapacity: true)
                try? ChunkCodec.decodeTimestamps(bytes, into: &decoded)
            }
            guard decoded == column else { fatalError("timestamps do not come back") }
            print(
                pad("\(column.count) \(name)", 22), pad(codeNames[bytes[0]] ?? "?", 9),
                String(
                    format: "%5d bytes  %.2f bits a sample", bytes.count, Double(bytes.count * 8) / Double(column.count)
                ),
                " encode ns", encode.text, " decode ns", decode.text)
        }
    }
}
