import ArgumentParser
import Foundation

extension Workload.DataSet: ExpressibleByArgument {}

/// The options that name a workload; the same for every subcommand, so that two of them can be given the same data.
struct WorkloadOptions: ParsableArguments {
    @Option(
        name: .customLong("set"), help: "main: 100,000 series, 200 steps of 15 s. long: 200 series, 30 days of 15 s.")
    var dataSet: Workload.DataSet = .main

    @Option(help: "How many sources (main: 10 series each, default 10,000; long: 4 each, default 50).")
    var sources: Int?

    @Option(help: "How many steps of 15 s (main: 200, long: 172,800).")
    var steps: Int?

    @Option(help: "Of all values and labels.")
    var seed: UInt64 = 1

    @Flag(help: "Move each source's scrape by up to 5 ms either way.")
    var jitter = false

    @Option(
        help: ArgumentHelp(
            "The first step, seconds since 1970. Default: the last full two hours (or day, for data of a day and more) "
                + "from which on the data ends before now.",
            valueName: "seconds"))
    var start: Int64?

    func validate() throws {
        for (name, value) in [("sources", sources), ("steps", steps)] {
            if let value, value < 1 { throw ValidationError("--\(name) must be at least 1, not \(value)") }
        }
    }

    var workload: Workload {
        let sized = Workload(
            set: dataSet, sources: sources, steps: steps, seed: seed, isJittered: jitter, start: 0)
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        // A block's window: data that begins with one needs no more blocks than it must.
        let alignment: Int64 = sized.end >= 86_400_000 ? 86_400_000 : 7_200_000
        let latest = now - sized.end - Workload.stepMilliseconds
        return Workload(
            set: dataSet, sources: sources, steps: steps, seed: seed, isJittered: jitter,
            start: start.map { $0 * 1000 } ?? latest - latest % alignment)
    }
}

extension Workload {
    var summary: String {
        "set \(dataSet.rawValue): \(sources) sources × \(metrics.count) metrics = \(seriesCount) series, \(steps) steps of "
            + "\(Workload.stepMilliseconds / 1000) s = \(sampleCount) samples\(isJittered ? ", jittered ±5 ms" : ""), "
            + "seed \(seed), start \(start / 1000)"
    }
}
