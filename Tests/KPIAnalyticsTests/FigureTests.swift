import KPIAnalytics
import Testing
import TimeSeriesStore

@Suite struct FigureTests {
    /// A counter that rises by `step` a minute over the two hours before `day`.
    private func counter(_ name: String, _ source: String, step: Double, in store: inout MemoryStore) {
        store.add(
            ["__name__": name, "source_id": source],
            (0...120).map { (day - 2 * hour + $0 * minute, Double($0) * step) })
    }

    private func requests() -> MemoryStore {
        var store = MemoryStore()
        counter("http_requests_total", "a", step: 100, in: &store)
        counter("http_errors_total", "a", step: 5, in: &store)
        counter("http_requests_total", "b", step: 300, in: &store)
        counter("http_requests_total", "idle", step: 0, in: &store)
        counter("http_errors_total", "idle", step: 0, in: &store)
        return store
    }

    @Test func errorRateIsErrorsPerRequest() throws {
        let found = try report(requests())
        #expect(abs(try #require(found.value("error_rate", of: "a")) - 0.05) < 1e-12)
        #expect(found.value("error_rate", of: "b") == 0, "no errors at all is a rate of zero")
        #expect(found.value("error_rate", of: "idle") == nil, "without requests there is no rate")
        #expect(abs(try #require(found.overall("error_rate")) - 5 / 400) < 1e-12)
    }

    @Test func throughputIsRequestsPerSecond() throws {
        let all = try report(requests())
        #expect(abs(try #require(all.value("throughput", of: "b")) - 5) < 1e-9)
        #expect(abs(try #require(all.overall("throughput")) - 400.0 / 60) < 1e-9)
        let one = try report(requests(), source: "a")
        #expect(one.figure("throughput")?.bySource.map(\.sourceID) == ["a"])
        #expect(one.overall("throughput") == one.value("throughput", of: "a"))
        #expect(try report(requests(), source: "nobody\"}").overall("throughput") == nil)
    }

    @Test func eventsAreAllSamples() throws {
        let found = try report(requests())
        #expect(found.value("events", of: "a") == 120.0 / 3600)
        #expect(found.overall("events") == 300.0 / 3600)
    }

    @Test func quantilesAreExactAndPooled() throws {
        var store = MemoryStore()
        // One source in two series, shuffled; 101 values 0…100, and one just before the window.
        let values = (0...100).map { Double(($0 * 37) % 101) }
        let points = values.enumerated().map { (day - hour + 1 + Int64($0.offset), $0.element) }
        let latency: KeyValuePairs = ["__name__": "request_latency_ms", "source_id": "a"]
        store.add(latency, [(day - hour, 1e9)] + points.prefix(50))
        store.add(
            ["__name__": "request_latency_ms", "source_id": "a", "severity": "warning"],
            points.dropFirst(50) + [(day, .nan)])
        let one = try report(store)
        #expect(one.value("latency_p50", of: "a") == 50)
        #expect(one.value("latency_p95", of: "a") == 95)
        #expect(abs(try #require(one.value("latency_p99", of: "a")) - 99) < 1e-9)
        store.add(
            ["__name__": "request_latency_ms", "source_id": "b"], (0..<303).map { (day - minute + Int64($0), 1000) })
        let both = try report(store)
        #expect(both.value("latency_p50", of: "a") == 50)
        #expect(both.overall("latency_p50") == 1000, "three quarters of all samples are b's")
    }

    @Test func quantilesInterpolate() throws {
        var store = MemoryStore()
        store.add(["__name__": "request_latency_ms", "source_id": "a"], [(day - 2, 10), (day - 1, 20)])
        #expect(try report(store).value("latency_p50", of: "a") == 15)
        #expect(abs(try #require(report(store).value("latency_p95", of: "a")) - 19.5) < 1e-9)
    }

    @Test func anEmptyStoreHasNoValues() throws {
        let found = try report(MemoryStore())
        #expect(found.figures.map(\.definition.name) == KPIDefinition.builtIn.map(\.name))
        #expect(found.figures.allSatisfy { $0.overall == nil && $0.bySource.isEmpty })
        #expect(found.knownSources == 0)
        #expect(found.renderTable().contains("No source has a value in this window."))
    }

    @Test func unusableDefinitionsSayWhy() throws {
        let perSeries = KPIDefinition(
            name: "raw", title: "Raw", summary: "", unit: .number,
            measure: .expression(perSource: #"{__name__=~"http_.*"}"#, overall: "1"))
        #expect {
            _ = try report(requests(), [perSeries])
        } throws: { error in
            "\(error)".contains("definition of raw") && "\(error)".contains("more than one value for the source \"a\"")
        }
        let manyOverall = KPIDefinition(
            name: "many", title: "Many", summary: "", unit: .number,
            measure: .expression(perSource: "sum by (source_id) (http_requests_total)", overall: "http_requests_total"))
        #expect {
            _ = try report(requests(), [manyOverall])
        } throws: { "\($0)".contains("gives 3 values, expected one") }
    }

    @Test func windowsAndTimesHaveBounds() {
        for window in [Int64.min, 0, 999, KPICalculator.longestWindow + 1, .max] {
            #expect(throws: KPIError.windowOutOfRange(window)) { try report(MemoryStore(), window: window) }
        }
        for time in [Int64.min, .max] {
            #expect(throws: KPIError.timeOutOfRange(time)) { try report(MemoryStore(), at: time) }
        }
    }

    @Test func theBudgetEndsTheComputation() {
        #expect {
            try report(requests(), budget: QueryBudget(samples: 50))
        } throws: { error in
            if case QueryLimitError.tooManySamples(limit: 50, _) = error { true } else { false }
        }
        let cancelled = QueryBudget()
        cancelled.cancel()
        #expect(throws: QueryLimitError.cancelled) { try report(requests(), budget: cancelled) }
    }

    @Test func theTableShowsEveryFigure() throws {
        var store = requests()
        store.add(["__name__": "request_latency_ms", "source_id": "a\u{1B}[2J"], [(day, 12.25)])
        let lines = try report(store).renderTable().split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init)
        #expect(lines[0] == "Key figures from 2025-12-31T23:00:00Z to 2026-01-01T00:00:00Z; 4 of 4 sources up")
        #expect(lines[2].hasPrefix("SOURCE "))
        #expect(lines[3].hasPrefix("all sources "))
        #expect(Set(lines[2...7].map(\.count)).count == 1, "columns are aligned")
        #expect(lines[4].contains("100.00 %") && lines[4].contains("5.00 %") && lines[4].contains("1.67/s"))
        #expect(lines[5].hasPrefix("a?[2J "), "control characters do not reach the terminal")
        #expect(lines[5].contains("12.2 ms"))
        #expect(try !report(store, source: "a").renderTable().contains("all sources"))
    }
}
