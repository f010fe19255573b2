import Foundation

/// What a series of the workload measures. Every value is the double that a client has after parsing or rounding to the
/// decimals named here: an integer divided by a power of ten, which is the nearest double to that decimal.
enum WorkloadMetric: String, CaseIterable, Sendable {
    /// Random walk in 0…100, 2 decimals, steps uniform in ±1.00, reflected at the ends.
    case cpuUsage = "cpu_usage"
    /// As `cpuUsage`.
    case memoryUsedPercent = "mem_used_percent"
    /// Counter; steps are integers, uniform from 0 to a number of the series' own in 1…400; begins anywhere below 10⁶.
    case requestsTotal = "http_requests_total"
    /// Counter; steps are integers, uniform from 0 to a number of the series' own in 1…4·10⁶; begins anywhere below 10⁹.
    case bytesTotal = "net_bytes_total"
    /// 3 decimals; a level per series of 20…200 ms, times a daily season of ±40 % with a phase per series, times noise
    /// uniform in ±30 %; 1 % of the samples are six times that.
    case latency = "request_latency_ms"
    /// An integer that rises once in 200 steps, at a moment of the series' own.
    case configurationVersion = "config_version"
    /// 4, 8, 16, 32 or 64, for ever.
    case cores = "cpu_cores"
    /// Uniform in 0…1, all bits of the fraction random.
    case sensor = "sensor_raw"
    /// Integer walk, steps uniform in ±5, never below 0; begins in 0…200.
    case queueDepth = "queue_depth"
    /// Counter that rises by 1…3 every 20th step, at a moment of the series' own.
    case errorsTotal = "errors_total"

    /// Those of the set `long`.
    static let long: [WorkloadMetric] = [.cpuUsage, .requestsTotal, .bytesTotal, .latency]
}

/// The values of one series, one after the other. 40 bytes, so that 100,000 of them are cheap.
struct SeriesValues: Sendable {
    private let metric: WorkloadMetric
    private var random: SplitMix64
    /// In units of the last decimal.
    private var level: Int64
    /// The series' own: steps until something rises, the season's phase in milliseconds, or a counter's largest step.
    private var own: Int64

    init(metric: WorkloadMetric, seed: UInt64, series: Int) {
        self.metric = metric
        random = SplitMix64(seed, UInt64(series))
        own = 0
        switch metric {
        case .cpuUsage, .memoryUsedPercent: level = random.integer(in: 0...10_000)
        case .requestsTotal:
            level = random.integer(in: 0...999_999)
            own = random.integer(in: 1...400)
        case .bytesTotal:
            level = random.integer(in: 0...999_999_999)
            own = random.integer(in: 1...4_000_000)
        case .latency:
            level = random.integer(in: 20_000...200_000)
            own = random.integer(in: 0...SeriesValues.day - 1)
        case .configurationVersion:
            level = random.integer(in: 1...100)
            own = random.integer(in: 1...SeriesValues.configurationSteps)
        case .cores: level = 4 << random.integer(in: 0...4)
        case .sensor: level = 0
        case .queueDepth: level = random.integer(in: 0...200)
        case .errorsTotal:
            level = random.integer(in: 0...1_000)
            own = random.integer(in: 1...SeriesValues.errorSteps)
        }
    }

    private static let day: Int64 = 86_400_000
    private static let configurationSteps: Int64 = 200
    private static let errorSteps: Int64 = 20

    /// The next step's value. The time matters to the season only.
    mutating func next(at timestamp: Int64) -> Double {
        switch metric {
        case .cpuUsage, .memoryUsedPercent:
            level += random.integer(in: -100...100)
            if level < 0 { level = -level }
            if level > 10_000 { level = 20_000 - level }
            return Double(level) / 100
        case .requestsTotal, .bytesTotal:
            level += random.integer(in: 0...own)
            return Double(level)
        case .latency:
            let season = sin(2 * .pi * Double((timestamp + own) % SeriesValues.day) / Double(SeriesValues.day))
            let noise = Double(random.integer(in: -300_000...300_000)) / 1_000_000
            let spike: Double = random.below(100) == 0 ? 6 : 1
            return (Double(level) * (1 + 0.4 * season) * (1 + noise) * spike).rounded() / 1_000
        case .configurationVersion:
            rise(every: SeriesValues.configurationSteps) { _ in 1 }
            return Double(level)
        case .cores: return Double(level)
        case .sensor: return random.unit()
        case .queueDepth:
            level = max(0, level + random.integer(in: -5...5))
            return Double(level)
        case .errorsTotal:
            rise(every: SeriesValues.errorSteps) { $0.integer(in: 1...3) }
            return Double(level)
        }
    }

    private mutating func rise(every steps: Int64, by amount: (inout SplitMix64) -> Int64) {
        own -= 1
        guard own == 0 else { return }
        own = steps
        level += amount(&random)
    }
}

/// The values of all series, a few steps at a time.
struct WorkloadValues: Sendable {
    private let workload: Workload
    private var series: [SeriesValues]
    private(set) var step = 0

    init(_ workload: Workload) {
        self.workload = workload
        series = (0..<workload.seriesCount).map {
            SeriesValues(metric: workload.metrics[$0 % workload.metrics.count], seed: workload.seed, series: $0)
        }
    }

    /// Replaces both columns by the next `steps` steps (fewer at the end, none after it): the value of series `s` in the
    /// k-th of them is at `k * seriesCount + s`, the timestamp of source `s` at `k * sources + s`. Returns how many steps.
    mutating func next(steps wanted: Int, values: inout [Double], timestamps: inout [Int64]) -> Int {
        let count = min(wanted, workload.steps - step)
        values.removeAll(keepingCapacity: true)
        timestamps.removeAll(keepingCapacity: true)
        let metricCount = workload.metrics.count
        for offset in 0..<count {
            for source in 0..<workload.sources {
                let timestamp = workload.timestamp(source: source, step: step + offset)
                timestamps.append(timestamp)
                for index in source * metricCount..<(source + 1) * metricCount {
                    values.append(series[index].next(at: timestamp))
                }
            }
        }
        step += count
        return count
    }
}
