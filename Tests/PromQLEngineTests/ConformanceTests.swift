import Foundation
import Testing

@Suite struct ConformanceTests {
    /// How many `eval`s of Prometheus' own scripts must pass.
    private static let floors: [String: Int] = [
        "aggregators.test": 125, "at_modifier.test": 58, "collision.test": 2, "duration_expression.test": 35,
        "extended_vectors.test": 117, "fill-modifier.test": 31, "functions.test": 311, "histograms.test": 123,
        "info.test": 38, "limit.test": 27, "literals.test": 19, "name_label_dropping.test": 21,
        "native_histograms.test": 365, "operators.test": 152, "range_queries.test": 12, "selectors.test": 24,
        "staleness.test": 15, "start_timestamps.test": 17, "subquery.test": 23, "trig_functions.test": 16,
        "type_and_unit.test": 35,
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
