import Dispatch
import Foundation
import IngestLog
import Synchronization
import TelemetryModel

/// What the durable log costs: bytes written to disk per sample, CPU per sample, and how fast a start is.
///
/// The workload is a fleet of sources with ten metrics each (walks, counters, latencies, full-precision readings), one
/// sample per series a request, a step of 15 s. Arguments: `--samples N` (20,000,000), `--series N` (100,000),
/// `--records N` a request (5,000), `--in-flight N` requests (2), `--folder PATH` (a temporary one), `--by-metric` (series
/// ordered by metric instead of by source).
func runLogBenchmark(_ arguments: [String]) {
    do {
        try LogBenchmark(arguments).run()
    } catch {
        print("log benchmark failed: \(error)")
        exit(1)
    }
}

private struct LogBenchmark {
    var samples = 20_000_000
    var series = 100_000
    var records = 5_000
    var inFlight = 2
    var isByMetric = false
    var folder = FileManager.default.temporaryDirectory.appendingPathComponent("log-bench-\(getpid())").path

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            if name == "--by-metric" {
                isByMetric = true
                continue
            }
            let value = rest.popFirst() ?? ""
            switch name {
            case "--samples": samples = Int(value) ?? samples
            case "--series": series = Int(value) ?? series
            case "--records": records = Int(value) ?? records
            case "--in-flight": inFlight = Int(value) ?? inFlight
            case "--folder": folder = value
            default:
                print("unknown argument \(name)")
                exit(2)
            }
        }
    }

    func run() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        print("\(series) series, \(samples) samples, \(records) a request, \(inFlight) in flight")
        measureCodec()
        try write()
        try restart()
    }

    private func measureCodec() {
        var fleet = Fleet(series: series, isByMetric: isByMetric)
        var registry: [SeriesReference] = []
        for index in 0..<series { registry.append(SeriesReference(UInt32(index))) }
        let batches = (0..<max(1, 2_000_000 / records)).map { _ in fleet.nextBatch(records, registry) }
        let count = batches.reduce(0) { $0 + $1.count }
        var payloads: [[UInt8]] = []
        for round in 0..<3 {
            payloads = []
            let encoding = cpuSeconds { payloads = batches.map { BatchPayload.encode($0) } }
            var decoded = 0
            let decoding = cpuSeconds {
                for payload in payloads { decoded += (try? BatchPayload.decode(payload))?.count ?? 0 }
            }
            let bytes = payloads.reduce(0) { $0 + $1.count }
            guard round == 2, decoded == count else { continue }
            print(
                "payload: \(perSample(Double(bytes), count)) bytes/sample,",
                "encode \(perSample(encoding * 1e9, count)) ns, decode \(perSample(decoding * 1e9, count)) ns")
        }
    }

    private func write() throws {
        let registry = SeriesRegistry()
        var fleet = Fleet(series: series, isByMetric: isByMetric)
        let log = try IngestLog(folder: folder, registry: registry)
        let making = cpuSeconds { fleet.register(in: registry) }
        print("registry: \(perSample(making * 1e9, series)) ns a new series, labels' making included")
        let references = (0..<series).map { SeriesReference(UInt32($0)) }
        let slots = DispatchSemaphore(value: inFlight)
        let before = (written: bytesWritten(), wall: Date(), cpu: processCPU())
        var generating = 0.0
        var sent = 0
        while sent < samples {
            var batch = TelemetryBatch()
            generating += cpuSeconds { batch = fleet.nextBatch(records, references) }
            sent += batch.count
            slots.wait()
            let submission = LogSubmission(
                batch: batch, rejected: [], ingestProtocol: .contract, receivedAt: batch.timestamps[0])
            try log.append(submission) { result in
                if case .failure(let error) = result { fatalError("append: \(error)") }
                slots.signal()
            }
        }
        log.stopAccepting()
        let commits = log.counters.commits
        let cpu = processCPU() - before.cpu - generating
        let wall = -before.wall.timeIntervalSinceNow
        print(
            "write: \(perSample(Double(bytesWritten() - before.written), sent)) bytes/sample before the last checkpoint"
        )
        try log.close()
        print(
            "write: \(perSample(Double(bytesWritten() - before.written), sent)) bytes/sample in all, \(commits) commits,",
            "\(perSample(cpu * 1e9, sent)) ns CPU a sample, \(rounded(wall)) s, file \(fileSize() >> 20) MiB")
    }

    private func restart() throws {
        let registry = SeriesRegistry()
        var log: IngestLog?
        let cpu = processCPU()
        let opening = try wallSeconds { log = try IngestLog(folder: folder, registry: registry) }
        guard let log else { return }
        print(
            "open: \(rounded(opening * 1000)) ms (CPU \(rounded((processCPU() - cpu) * 1000)) ms) for",
            "\(registry.count) series, resident \(residentBytes() >> 20) MiB")
        var pending = 0
        let counting = try wallSeconds { pending = try log.recordCount(after: 0) }
        print("recordCount(after: 0) = \(pending): \(rounded(counting * 1000)) ms")
        var read = 0
        let reading = try wallSeconds {
            let replay = try log.replay(after: 0)
            while let entries = try replay.next() {
                for case .batch(let batch) in entries { read += batch.batch.count }
            }
        }
        print("replay: \(read) samples read and decoded in \(rounded(reading)) s")
        let before = bytesWritten()
        var trimmed = 0
        let trimming = try wallSeconds { trimmed = try log.trim(through: log.durableOffset) }
        let closing = try wallSeconds { try log.close() }
        print(
            "trim: \(trimmed) batches in \(rounded(trimming)) s, close \(rounded(closing)) s,",
            "\((bytesWritten() - before) >> 20) MiB written, file \(fileSize() >> 20) MiB")
    }

    private func fileSize() -> Int {
        ["", "-wal"].reduce(0) { sum, suffix in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/log.sqlite\(suffix)")
            return sum + ((attributes?[.size] as? Int) ?? 0)
        }
    }
}

/// Ten metrics a source, each with the behaviour of one kind of real data.
private struct Fleet {
    private var random = Random()
    private var state: [Double]
    private let isByMetric: Bool
    private let sources: Int
    private var position = 0
    private var step = 0

    init(series: Int, isByMetric: Bool) {
        self.isByMetric = isByMetric
        sources = max(1, series / 10)
        state = [Double](repeating: 0, count: series)
        for index in state.indices {
            switch kind(index) {
            case 0, 1: state[index] = (random.unit() * 10_000).rounded() / 100
            case 5: state[index] = Double(random.below(5))
            case 6: state[index] = Double(2 << random.below(5))
            default: break
            }
        }
    }

    private func kind(_ index: Int) -> Int { isByMetric ? min(9, index / sources) : index % 10 }

    func register(in registry: SeriesRegistry) {
        let names = [
            "cpu_usage", "mem_used_percent", "http_requests_total", "net_bytes_total", "request_latency_ms",
            "config_version", "cpu_cores", "sensor_raw", "queue_depth", "errors_total",
        ]
        for index in state.indices {
            let source = isByMetric ? index % sources : index / 10
            let number = String(source)
            let padded = String(repeating: "0", count: max(0, 6 - number.count)) + number
            let labels = LabelSet([
                "__name__": names[kind(index)], "env": ["prod", "stage", "dev"][source % 3],
                "instance_uuid": "6f1d2c3b-\(padded)-4e5f-8a9b-0c1d2e\(padded)", "region": "eu-west-\(source % 4)",
                "service": "service-\(source % 20)", "source_id": "host-\(padded)",
            ])
            _ = registry.reference(for: labels)
        }
    }

    mutating func nextBatch(_ records: Int, _ references: [SeriesReference]) -> TelemetryBatch {
        var batch = TelemetryBatch()
        batch.reserveCapacity(records)
        for _ in 0..<records {
            batch.append(references[position], at: 1_760_000_000_000 + Int64(step) * 15_000, value: next(position))
            position += 1
            if position == state.count {
                position = 0
                step += 1
                break
            }
        }
        return batch
    }

    private mutating func next(_ index: Int) -> Double {
        let value = state[index]
        switch kind(index) {
        case 0, 1: state[index] = min(100, max(0, value + Double(random.below(201) - 100) / 100)).hundredths
        case 2: state[index] = value + Double(random.below(400))
        case 3: state[index] = value + Double(random.below(4_000_000))
        case 4:
            let base = 40 * (1 + 0.4 * sin(Double(step) / 916)) * (0.7 + 0.6 * random.unit())
            return (base * (random.below(100) == 0 ? 6 : 1) * 1000).rounded() / 1000
        case 5: if random.below(200) == 0 { state[index] = value + 1 }
        case 7: return random.unit() * 1000
        case 8: state[index] = max(0, value + Double(random.below(11) - 5))
        case 9: if (step + index) % 20 == 0 { state[index] = value + Double(1 + random.below(3)) }
        default: break
        }
        return state[index]
    }
}

extension Double {
    fileprivate var hundredths: Double { (self * 100).rounded() / 100 }
}

/// SplitMix64, with one fixed seed: the same data in every run.
private struct Random {
    private var state: UInt64 = 42

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

/// Bytes that this process caused to be written to storage (proc(5), /proc/pid/io, `write_bytes`), WAL and database alike.
private func bytesWritten() -> Int { procNumber(file: "/proc/self/io", key: "write_bytes:") }

private func residentBytes() -> Int { procNumber(file: "/proc/self/status", key: "VmRSS:") << 10 }

private func procNumber(file: String, key: String) -> Int {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return 0 }
    for line in text.split(separator: "\n") where line.hasPrefix(key) {
        let digits = line.dropFirst(key.count).split { !$0.isNumber }.first
        return digits.flatMap { Int($0) } ?? 0
    }
    return 0
}

private func processCPU() -> Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

private func cpuSeconds(_ body: () -> Void) -> Double {
    let start = seconds(CLOCK_THREAD_CPUTIME_ID)
    body()
    return seconds(CLOCK_THREAD_CPUTIME_ID) - start
}

private func wallSeconds(_ body: () throws -> Void) rethrows -> Double {
    let start = seconds(CLOCK_MONOTONIC)
    try body()
    return seconds(CLOCK_MONOTONIC) - start
}

private func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func perSample(_ total: Double, _ samples: Int) -> String { rounded(total / Double(max(1, samples))) }

private func rounded(_ value: Double) -> String { String(format: "%.2f", value) }
