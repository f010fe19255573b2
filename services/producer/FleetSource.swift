/// One machine of the simulated fleet: what is particular to it, and how it is at the moment.
struct FleetSource: Sendable {
    /// One reading of all metrics; numbers with decimals are scaled to whole ones.
    struct Reading: Sendable {
        let cpuHundredths: Int64
        let memoryHundredths: Int64
        let requests: Int64
        let errors: Int64
        let latencyThousandths: Int64
        let queueDepth: Int64
    }

    static let metrics = [
        "cpu_usage", "mem_used_percent", "http_requests_total", "http_errors_total", "request_latency_ms",
        "queue_depth",
    ]
    private static let regions = [("eu-west", 0), ("eu-central", 1), ("us-east", -5), ("ap-south", 5)]
    private static let services = ["checkout", "search", "payments", "catalog", "login"]
    private static let environments = ["prod", "prod", "staging", "prod", "dev", "prod"]

    let name: String
    let tags: [(name: String, value: RecordPrefix.TagValue)]
    /// In the order of `metrics`.
    let prefixes: [RecordPrefix]
    let hoursEast: Int

    private let baseCPU: Double
    private let cpuOfFullLoad: Double
    private let baseMemory: Double
    private let requestsPerSecond: Double
    private let baseLatency: Double
    private let baseErrorRatio: Double

    private var random: SeededGenerator
    /// Slow noise, deviation 1.
    private var mood = 0.0
    private var memoryDrift = 0.0
    /// Requests and errors since the start, with the fraction that is not yet a whole one.
    private var requests: Double
    private var errors: Double

    var incident: Incident?

    init(index: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed, subject: Int64(index) + 1_000_000_007)
        let region = FleetSource.regions[index % FleetSource.regions.count]
        let number = String(index + 1)
        name = "host-" + String(repeating: "0", count: max(0, 3 - number.count)) + number
        tags = [
            ("region", .text(region.0)), ("service", .text(FleetSource.services[index % FleetSource.services.count])),
            ("env", .text(FleetSource.environments[index % FleetSource.environments.count])),
        ]
        hoursEast = region.1
        let (name, tags) = (name, tags)
        prefixes = FleetSource.metrics.map { RecordPrefix(source: name, metric: $0, tags: tags) }
        baseCPU = random.within(4...18)
        cpuOfFullLoad = random.within(25...60)
        baseMemory = random.within(32...58)
        requestsPerSecond = random.within(20...220)
        baseLatency = random.within(8...70)
        baseErrorRatio = random.within(0.0005...0.006)
        // From nothing: a fleet that is started again must look like one whose programs were, a counter reset.
        requests = 0
        errors = 0
        self.random = random
    }

    /// Lets `seconds` pass and reads all metrics at the end of them.
    mutating func advance(seconds: Double, to timestamp: Int64) -> Reading {
        mood = 0.95 * mood + 0.3122 * random.noise()
        memoryDrift = 0.998 * memoryDrift + 0.0632 * random.noise()
        let load = max(0.05, DailyLoad.factor(at: timestamp, hoursEast: hoursEast) * (1 + 0.07 * mood))
        let jitter = random.noise()

        let made = max(0, requestsPerSecond * load * seconds)
        requests += made
        errors += made * (baseErrorRatio * (1 + 0.2 * max(-4, jitter)) + (incident?.errorRatio ?? 0))

        let cpu = baseCPU + cpuOfFullLoad * load + 1.8 * jitter
        let memory = baseMemory + 6 * load + 1.5 * memoryDrift + (incident?.leakedMemory(at: timestamp) ?? 0)
        let spread = random.noise()
        let latency = baseLatency * (0.8 + 0.5 * load * load) * (1 + 0.06 * spread) * (incident?.latencyFactor ?? 1)
        let queue = 7 * load * load - 1.5 + spread + (incident?.extraQueue ?? 0) * (1 + 0.1 * spread)
        return Reading(
            cpuHundredths: Int64((min(max(cpu, 0.5), 99.9) * 100).rounded()),
            memoryHundredths: Int64((min(max(memory, 2), 99.5) * 100).rounded()),
            requests: Int64(requests), errors: Int64(errors),
            latencyThousandths: Int64((max(latency, 0.2) * 1000).rounded()), queueDepth: Int64(max(queue, 0)))
    }

    /// Counters start at nothing, as after a start of the program that counts.
    mutating func restart() {
        requests = 0
        errors = 0
        memoryDrift = 0
    }
}
