import Foundation
import PromQLEngine
import PromQLScripts
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

/// The same random samples in Debian's Prometheus and in this platform's store, and the same random queries to both.
///
/// `HELIOGRAPH_SEED` repeats a run, `HELIOGRAPH_DIFFERENTIAL_QUERIES` is how many queries there are.
@Suite struct DifferentialTests {
    /// The version from whose differences data and queries keep away: docs/conformance.md lists them.
    private static let version = "2.42"

    @Test func agreesWithPrometheus() async throws {
        guard let path = PrometheusPeer.path else {
            print("differential: skipped: no `prometheus` on the PATH; scripts/bootstrap installs it")
            return
        }
        let folder = try TemporaryFolder()
        let peer = try PrometheusPeer(path: path, folder: folder.path)
        defer { peer.stop() }
        let version = try await peer.version
        guard version.hasPrefix(Self.version + ".") else {
            print("differential: skipped: \(path) is version \(version); the queries are made for \(Self.version)")
            return
        }
        var generator = SeededGenerator.seeded("DifferentialTests.agreesWithPrometheus")
        let data = DifferentialData(&generator)
        try await peer.write(data.remoteWriteRequest)
        var storages: [EmbeddedStorage] = []
        for place in EmbeddedStorage.Place.allCases {
            var storage = try EmbeddedStorage(place)
            try storage.load(data.series.map { LoadedSeries($0) })
            storages.append(storage)
        }
        var queries = DifferentialQueries(random: generator)
        var tally = DifferentialTally()
        let count = ProcessInfo.processInfo.environment["HELIOGRAPH_DIFFERENTIAL_QUERIES"].flatMap { Int($0) } ?? 600
        for number in 0..<count {
            let question = DifferentialQuestion(&queries)
            let theirs = try DifferentialAnswer(try await peer.ask(question.path, question.parameters))
            let ours = question.answer(PromQLEngine(store: storages[number % storages.count].store))
            tally.add(
                question, theirs, ours.difference(from: theirs, comparesValuesOnly: question.query.comparesValuesOnly))
        }
        print("differential: \(tally)")
        for difference in tally.differences.prefix(20) { Issue.record("\(difference)") }
        #expect(tally.filled > count / 3, "too few queries find anything")
        #expect(tally.failed > 0 || count < 2000, "no query fails")
        #expect(tally.failed < count / 3, "too many queries fail")
    }
}
