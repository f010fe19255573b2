import Foundation

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): the same columns in every run.
struct CodecRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    /// Standard normal (Box and Muller, 1958).
    mutating func normal() -> Double {
        let one = Double.random(in: Double.leastNonzeroMagnitude..<1, using: &self)
        let other = Double.random(in: 0..<1, using: &self)
        return (-2 * log(one)).squareRoot() * cos(2 * .pi * other)
    }
}

/// The metrics that the comparison with other systems is made with.
enum CodecMetric: String, CaseIterable {
    case cpuUsage = "cpu_usage"
    case memUsedPercent = "mem_used_percent"
    case httpRequestsTotal = "http_requests_total"
    case netBytesTotal = "net_bytes_total"
    case requestLatency = "request_latency_ms"
    case configVersion = "config_version"
    case cpuCores = "cpu_cores"
    case sensorRaw = "sensor_raw"
    case queueDepth = "queue_depth"
    case errorsTotal = "errors_total"

    static let long: [CodecMetric] = [.cpuUsage, .httpRequestsTotal, .netBytesTotal, .requestLatency]

    /// Values 15 s apart.
    func values(_ count: Int, using random: inout CodecRandom) -> [Double] {
        switch self {
        case .cpuUsage: Self.walk(count, deviation: 0.5, using: &random)
        case .memUsedPercent: Self.walk(count, deviation: 0.4, using: &random)
        case .httpRequestsTotal: Self.counter(count, step: 0...400, using: &random)
        case .netBytesTotal: Self.counter(count, step: 0...4_000_000, using: &random)
        case .requestLatency: Self.latency(count, using: &random)
        case .configVersion: Self.counter(count, risingEvery: 200, using: &random)
        case .cpuCores: [Double](repeating: [2, 4, 8, 16, 32, 64].randomElement(using: &random) ?? 2, count: count)
        case .sensorRaw: (0..<count).map { _ in Double.random(in: 0..<1, using: &random) }
        case .queueDepth: Self.queue(count, using: &random)
        case .errorsTotal: Self.counter(count, risingEvery: 20, using: &random)
        }
    }

    /// Two decimals, kept within 0...100.
    private static func walk(_ count: Int, deviation: Double, using random: inout CodecRandom) -> [Double] {
        var value = Double.random(in: 10..<90, using: &random)
        return (0..<count).map { _ in
            value = min(100, max(0, value + deviation * random.normal()))
            return (value * 100).rounded() / 100
        }
    }

    private static func counter(
        _ count: Int, step: ClosedRange<Int>, using random: inout CodecRandom
    ) -> [Double] {
        var value = Int.random(in: 0...1_000_000, using: &random)
        return (0..<count).map { _ in
            value += Int.random(in: step, using: &random)
            return Double(value)
        }
    }

    private static func counter(_ count: Int, risingEvery period: Int, using random: inout CodecRandom) -> [Double] {
        let phase = Int.random(in: 0..<period, using: &random)
        let start = Int.random(in: 0...50, using: &random)
        return (0..<count).map { Double(start + ($0 + phase) / period) }
    }

    /// Three decimals, a daily season of ±40 %, noise of ±30 %, 1 % spikes of six times.
    private static func latency(_ count: Int, using random: inout CodecRandom) -> [Double] {
        let mean = Double.random(in: 20...120, using: &random)
        return (0..<count).map { index in
            let season = 1 + 0.4 * sin(2 * .pi * Double(index) / 5_760)
            let noise = Double.random(in: 0.7...1.3, using: &random)
            let spike = Double.random(in: 0..<1, using: &random) < 0.01 ? 6.0 : 1
            return (mean * season * noise * spike * 1_000).rounded() / 1_000
        }
    }

    private static func queue(_ count: Int, using random: inout CodecRandom) -> [Double] {
        var value = Int.random(in: 0...50, using: &random)
        return (0..<count).map { _ in
            value = max(0, value + Int.random(in: -5...5, using: &random))
            return Double(value)
        }
    }

    /// Bits that a value of the column has, given its predecessor and how this metric is made: what no coder can beat.
    func entropy(_ values: [Double]) -> Double {
        switch self {
        // A normal step in units of 0.01: differential entropy, as the units are much smaller than the deviation.
        case .cpuUsage: return 0.5 * log2(2 * .pi * M_E * 50 * 50)
        case .memUsedPercent: return 0.5 * log2(2 * .pi * M_E * 40 * 40)
        case .httpRequestsTotal: return log2(401)
        case .netBytesTotal: return log2(4_000_001)
        case .requestLatency:
            // Uniform noise of ±30 % around the season, in units of 0.001, and which values are spikes.
            let mean = values.sorted()[values.count / 2]
            let seasons = values.indices.map { log2(1 + 0.4 * sin(2 * .pi * Double($0) / 5_760)) }
            let spikes = -0.01 * log2(0.01) - 0.99 * log2(0.99)
            return log2(0.6 * mean * 1_000) + seasons.reduce(0, +) / Double(values.count) + spikes + 0.01 * log2(6)
        case .sensorRaw: return 53
        case .queueDepth: return log2(11)
        case .configVersion, .cpuCores, .errorsTotal: return 0
        }
    }
}
