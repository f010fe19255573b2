import ArgumentParser
import EmbeddedStore
import Foundation

struct AskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask", abstract: "Put a workload's queries to a store that another command has filled.",
        discussion:
            "For profilers: `store --folder DIR`, then `perf record heliograph-bench ask --folder DIR --only L3`.")

    @OptionGroup var workload: WorkloadOptions
    @OptionGroup var report: ReportOptions

    @Option(help: "The folder that `store` was given.")
    var folder: String

    @Option(help: "Names of the queries, by commas. Default: all of the workload.")
    var only: String?

    @Option(help: "A query of your own, over all of the workload's time, instead of these.")
    var query: String?

    @Option(help: "Seconds between the steps of --query; 0: only at the end.")
    var step: Int64 = 3_600

    @Option(help: "How often each.")
    var runs = 10

    func validate() throws {
        guard FileManager.default.fileExists(atPath: folder) else {
            throw ValidationError("--folder \(folder): there is no such folder; `store --folder` makes one")
        }
    }

    func run() throws {
        let workload = workload.workload
        var queries = ComparedQuery.all(of: workload)
        if let query {
            queries = [
                ComparedQuery(
                    name: query, kind: step > 0 ? .range : .instant, expression: query, start: workload.start / 1000,
                    end: workload.end / 1000, step: step)
            ]
        } else if let only {
            let names = only.split(separator: ",").map(String.init)
            queries = queries.filter { names.contains($0.name) }
        }
        var report = Report()
        report.note(workload.summary)
        let store = try EmbeddedStore(dataFolder: folder)
        try StoreQueries(store: store).run(queries, label: "asked", runs: runs, into: &report)
        try report.write(to: self.report.json)
    }
}
