import TelemetryModel

/// A deterministic fleet that is scraped in even steps: the same seed gives the same labels, timestamps and values.
///
/// Sets, as they are used to compare stores:
/// - `main`: 10,000 sources × 10 metrics = 100,000 series, 200 steps of 15 s = 20 M samples;
/// - `long`: 50 sources × 4 metrics = 200 series, 172,800 steps of 15 s = 30 days = 34.56 M samples.
///
/// Samples are made step by step, so that memory is O(series), whatever the number of steps.
struct Workload: Sendable {
    enum DataSet: String, CaseIterable, Sendable { case main, long }

    static let stepMilliseconds: Int64 = 15_000
    /// Jitter moves a source's whole scrape by at most this, milliseconds either way.
    static let largestJitter: Int64 = 5

    let dataSet: DataSet
    let sources: Int
    let steps: Int
    let seed: UInt64
    let isJittered: Bool
    /// Of the first step, milliseconds since 1970-01-01T00:00:00Z.
    let start: Int64
    let metrics: [WorkloadMetric]

    init(set: DataSet, sources: Int? = nil, steps: Int? = nil, seed: UInt64, isJittered: Bool, start: Int64) {
        dataSet = set
        self.sources = sources ?? (set == .main ? 10_000 : 50)
        self.steps = steps ?? (set == .main ? 200 : 172_800)
        self.seed = seed
        self.isJittered = isJittered
        self.start = start
        metrics = set == .main ? WorkloadMetric.allCases : WorkloadMetric.long
    }

    var seriesCount: Int { sources * metrics.count }
    var sampleCount: Int { seriesCount * steps }
    /// Of the last step, milliseconds.
    var end: Int64 { start + Int64(steps - 1) * Workload.stepMilliseconds }
    /// How many consecutive samples of a series travel together.
    var samplesPerSeriesInRequest: Int { dataSet == .main ? 1 : 25 }

    /// Of the series `source * metrics.count + metric`, sorted by name as remote write 1.0 asks. About 170 bytes in that
    /// format.
    func labels(of series: Int) -> [Label] {
        let (source, metric) = series.quotientAndRemainder(dividingBy: metrics.count)
        return [
            Label("__name__", metrics[metric].rawValue),
            Label("env", Workload.environments[source % Workload.environments.count]),
            Label("instance_uuid", uuid(of: source)),
            Label("region", Workload.regions[source % Workload.regions.count]),
            Label("service", "service-\(padded(source / 4 % Workload.serviceCount, 2))"),
            Label("source_id", Workload.sourceID(source)),
        ]
    }

    static func sourceID(_ source: Int) -> String { "host-\(padded(source, 6))" }

    /// When the source was scraped in this step. All metrics of one scrape have one timestamp.
    func timestamp(source: Int, step: Int) -> Int64 {
        let even = start + Int64(step) * Workload.stepMilliseconds
        guard isJittered else { return even }
        var random = SplitMix64(seed, UInt64(source) << 32 | UInt64(step))
        return even + Int64(random.below(UInt64(2 * Workload.largestJitter + 1))) - Workload.largestJitter
    }

    private static let regions = ["eu-central-1", "eu-west-1", "us-east-1", "ap-southeast-1"]
    private static let environments = ["prod", "staging", "development"]
    private static let serviceCount = 20

    /// Version 4 (RFC 9562, section 5.4), from the seed; a source's series share it.
    private func uuid(of source: Int) -> String {
        var random = SplitMix64(seed ^ 0x7575_6964, UInt64(source))
        let high = random.next() & ~0xF000 | 0x4000
        let low = random.next() & ~(0xC0 << 56) | 0x80 << 56
        let digits = padded(high, 16, radix: 16) + padded(low, 16, radix: 16)
        var out = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { out.append("-") }
            out.append(digit)
        }
        return out
    }
}

/// The number with leading zeros.
func padded(_ number: some BinaryInteger, _ width: Int, radix: Int = 10) -> String {
    let digits = String(number, radix: radix)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), one independent stream per key.
struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(_ seed: UInt64, _ key: UInt64) {
        state = seed
        // The streams of neighbouring keys must not be shifted copies of each other: the key is mixed first.
        state = next() ^ (key &* 0xd6e8_feb8_6659_fd93)
        state = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Uniform in `0 ..< limit`; the bias of the multiplication is below 2⁻³² for the limits used here.
    mutating func below(_ limit: UInt64) -> UInt64 { next().multipliedFullWidth(by: limit).high }

    /// Uniform in the range, both ends included.
    mutating func integer(in range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(below(UInt64(range.upperBound - range.lowerBound) + 1))
    }

    /// Uniform in `0 ..< 1`, all 53 bits of a double's fraction.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
