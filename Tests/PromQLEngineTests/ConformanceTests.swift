import Foundation
import Testing

@Suite struct ConformanceTests {
    /// How many `eval`s of Prometheus' own scripts must pass, for the files that are mostly about numbers.
    /// What these leave out needs native histograms.
    private static let floors: [String: Int] = [
        "aggregators.test": 94, "at_modifier.test": 58, "collision.test": 2, "functions.test": 276,
        "histograms.test": 67, "limit.test": 6, "literals.test": 19, "name_label_dropping.test": 21,
        "operators.test": 97, "range_queries.test": 11, "selectors.test": 24, "staleness.test": 15,
        "subquery.test": 21, "trig_functions.test": 16, "type_and_unit.test": 35,
    ]

    /// The folder next to the repository, if this machine has it.
    private static var sharedScripts: URL? {
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appending(path: "shared/promqltest")
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
        }
        return nil
    }

    @Test func prometheusScripts() throws {
        guard let folder = Self.sharedScripts else {
            print("skipped: no folder shared/promqltest beside the repository")
            return
        }
        let isVerbose = ProcessInfo.processInfo.environment["PROMQL_VERBOSE"] != nil
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "test" }.sorted { $0.path < $1.path }
        for file in files {
            var runner = ScriptRunner()
            runner.run(try Script(String(contentsOf: file, encoding: .utf8)))
            let ofNumbers = runner.failures.filter { !$0.concernsHistograms }
            let ofHistograms = runner.failures.count - ofNumbers.count
            print(
                "\(file.lastPathComponent): \(runner.passed) of \(runner.total) passed,",
                "\(ofNumbers.count) failed on numbers, \(ofHistograms) with native histograms"
            )
            if isVerbose { for failure in runner.failures { print("    \(failure)") } }
            #expect(runner.passed >= Self.floors[file.lastPathComponent] ?? 0, "\(file.lastPathComponent)")
        }
    }
}
