import ArgumentParser
import Foundation
import TelemetryModel

struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Feed a workload to Heliograph's embedded store, and measure it.",
        discussion: """
            The store is fed directly, in this process: no HTTP, no decoding of requests, no log. For memory with two hours of \
            samples in the head: --steps 480.
            """)

    @OptionGroup var workload: WorkloadOptions
    @OptionGroup var report: ReportOptions

    @Option(help: "Samples in a batch.")
    var batch = 5_000

    @Option(help: "Where the store is made; must be empty or absent. Default: a temporary folder, removed afterwards.")
    var folder: String?

    @Flag(
        help: "Flush once, at the end, instead of whenever a window is due: days that are over become one block each.")
    var flushAtEnd = false

    @Flag(help: "No queries.")
    var withoutQueries = false

    func validate() throws {
        guard (1...1_000_000).contains(batch) else {
            throw ValidationError("--batch must be 1…1,000,000, not \(batch)")
        }
        if let folder, let names = try? FileManager.default.contentsOfDirectory(atPath: folder), !names.isEmpty {
            throw ValidationError(
                "--folder \(folder) is not empty; name another, the benchmark makes a store of its own")
        }
    }

    func run() throws {
        let path =
            folder
            ?? FileManager.default.temporaryDirectory.appendingPathComponent("heliograph-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { if folder == nil { try? FileManager.default.removeItem(atPath: path) } }
        var report = Report()
        try measure(workload.workload, in: path, &report)
        try report.write(to: self.report.json)
    }

    private func measure(_ workload: Workload, in path: String, _ report: inout Report) throws {
        report.note(workload.summary)
        report.note("fed directly: no HTTP, no remote-write decoding, no log; \(batch) samples a batch")
        let series = Double(workload.seriesCount)
        let samples = Double(workload.sampleCount)
        var driver = try StoreDriver(folder: path)
        var feed = StoreFeed(workload, batchSize: batch)

        let resident = ProcessUsage.current.residentBytes
        let allocated = ProcessUsage.allocatedBytes
        feed.addSeries(to: driver)
        let began = ContinuousClock.now
        try feed.appendAll(to: &driver, isFlushing: !flushAtEnd)
        let wall = (ContinuousClock.now - began) / .seconds(1)
        report.add("new series, one core", Double(feed.seriesNanoseconds) / series, "ns/series")
        report.add("append, one core", Double(feed.appendNanoseconds) / samples, "ns/sample")
        report.add("append with the generator and flushes, wall clock", samples / wall, "samples/s")
        if feed.flushedSamples == 0 {
            let held = "\(workload.steps) samples each in the head"
            report.add(
                "memory per active series, resident", (ProcessUsage.current.residentBytes - resident) / series, "bytes",
                held)
            report.add(
                "memory per active series, allocated", (ProcessUsage.allocatedBytes - allocated) / series, "bytes", held
            )
        }
        report.add("peak resident memory of the process", ProcessUsage.current.peakResidentBytes / 1e6, "MB")
        report.note("  the store's own account: \(driver.ownAccount)")

        let queries = ComparedQuery.all(of: workload)
        if !withoutQueries, feed.flushedSamples == 0 {
            try StoreQueries(store: driver.store).run(queries, label: "from the head", into: &report)
        }
        try flushAndCompact(workload, feed, &driver, &report)
        try addSizes(workload, in: path, &report)
        if withoutQueries { return }
        let blocks = StoreQueries(store: driver.store)
        try blocks.run(queries, label: "from blocks", into: &report)
        if workload.dataSet == .long { try blocks.runLong(workload, into: &report) }
        try restart(in: path, &report)
    }

    private func flushAndCompact(
        _ workload: Workload, _ feed: StoreFeed, _ driver: inout StoreDriver, _ report: inout Report
    ) throws {
        // A time at which every window is over.
        let later = workload.end + 3 * 86_400_000
        let (last, flushWall, flushCPU) = try timed { try driver.flush(at: later) }
        let flushed = last + feed.flushedSamples
        guard flushed == workload.sampleCount else {
            throw StoreQueries.Unexpected(
                description: "flush: expected \(workload.sampleCount) samples in blocks, found \(flushed)")
        }
        let cpu = flushCPU + Double(feed.flushNanoseconds) / 1e9
        report.add("flush, CPU of all threads", cpu / Double(flushed) * 1e9, "ns/sample")
        report.add("flush of what was left in the head, wall clock", flushWall, "s", "\(last) samples")
        let (merges, compactWall, compactCPU) = try timed { try driver.compact(at: later) }
        report.add(
            "compaction, CPU of all threads", compactCPU / Double(flushed) * 1e9, "ns/sample", "\(merges) merges")
        report.add("compaction, wall clock", compactWall, "s")
    }

    private func addSizes(_ workload: Workload, in path: String, _ report: inout Report) throws {
        let sizes = try BlockSizes(folder: StoreDriver.blockFolder(in: path))
        let samples = Double(workload.sampleCount)
        report.add("disk, bytes per sample (chunks, timelines, statistics)", Double(sizes.dataBytes) / samples, "bytes")
        report.add(
            "disk, bytes per series (everything else)", Double(sizes.indexBytes) / Double(workload.seriesCount), "bytes"
        )
        if sizes.rollupBytes > 0 {
            report.add("disk, bytes per sample (rollups)", Double(sizes.rollupBytes) / samples, "bytes")
        }
        report.add("disk in all, bytes per sample", Double(sizes.fileBytes) / samples, "bytes", "\(sizes.files) files")
        let tables = sizes.tableBytes.sorted { $0.value > $1.value }.map { "\($0.key) \($0.value)" }
        report.note("  bytes by table: \(tables.joined(separator: ", "))")
    }

    /// A second store over the same files; the first one is idle.
    private func restart(in path: String, _ report: inout Report) throws {
        let (_, wall, _) = try timed { try StoreDriver(folder: path) }
        report.add("opening the blocks again", wall * 1000, "ms")
    }

    /// Seconds of wall clock and of CPU, all threads.
    private func timed<Result>(_ body: () throws -> Result) throws -> (Result, wall: Double, cpu: Double) {
        let cpu = CPUClock.process.nanoseconds
        let began = ContinuousClock.now
        let result = try body()
        return (result, (ContinuousClock.now - began) / .seconds(1), Double(CPUClock.process.nanoseconds - cpu) / 1e9)
    }
}

extension String {
    /// With three digits after the point below 10, one below 1,000, none above.
    init(rounded value: Double) {
        self.init(format: abs(value) < 10 ? "%.3f" : abs(value) < 1_000 ? "%.1f" : "%.0f", value)
    }
}
