import KPIAnalytics
import Testing
import TimeSeriesStore

/// Windows are (day - 1 h, day], in 60 intervals of a minute.
@Suite struct UptimeTests {
    /// A store in which `source` reported at these minutes after the window's start, fractions allowed.
    private func store(_ reports: [String: [Double]]) -> MemoryStore {
        var store = MemoryStore()
        for (source, minutes) in reports {
            store.add(
                ["__name__": "cpu_usage", "source_id": source],
                minutes.map { (day - hour + Int64($0 * Double(minute)), 1) })
        }
        return store
    }

    private func minutes(_ range: ClosedRange<Int>, without left: Set<Int> = []) -> [Double] {
        range.filter { !left.contains($0) }.map(Double.init)
    }

    @Test func aSourceThatReportsEveryMinuteIsAlwaysUp() throws {
        let report = try report(store(["a": minutes(1...60)]))
        #expect(report.value("uptime", of: "a") == 1)
        #expect(report.overall("uptime") == 1)
    }

    /// The window excludes its start and includes its end; the interval ends do the same.
    @Test func boundariesBelongToTheEarlierInterval() throws {
        #expect(try report(store(["a": minutes(0...59)])).value("uptime", of: "a") == 59 / 60)
        #expect(try report(store(["a": [-1, 60]])).value("uptime", of: "a") == 1 / 60)
    }

    @Test func missedMinutesCount() throws {
        let report = try report(store(["a": minutes(-5...60, without: [10, 11, 12])]))
        #expect(report.value("uptime", of: "a") == 57 / 60)
    }

    @Test func severalReportsInAnIntervalCountOnce() throws {
        let report = try report(store(["a": [-1, 0.1, 0.2, 0.9, 1.5]]))
        #expect(report.value("uptime", of: "a") == 2 / 60)
    }

    @Test func aNewSourceIsExpectedFromItsFirstReport() throws {
        let report = try report(store(["new": minutes(31...60)]))
        #expect(report.value("uptime", of: "new") == 1)
        let late = try self.report(store(["new": minutes(31...60, without: [40, 50, 60])]))
        #expect(late == 27 / 30)
    }

    private func report(_ store: MemoryStore) throws -> Double? {
        try KPIAnalyticsTests.report(store).value("uptime", of: "new")
    }

    @Test func anOldSourceIsExpectedFromTheWindowsStart() throws {
        // Its one earlier sample lies just inside the window-length before, or just outside.
        let inside = minutes(31...60) + []
        #expect(try report(store(["new": [-59.9] + inside])) == 30 / 60)
        #expect(try report(store(["new": [-60] + inside])) == 1)
    }

    @Test func aSourceThatFellSilentIsDown() throws {
        let report = try KPIAnalyticsTests.report(store(["gone": minutes(-30 ... -20), "there": minutes(-5...60)]))
        #expect(report.value("uptime", of: "gone") == 0)
        #expect(report.overall("uptime") == 60 / 120)
        #expect(report.knownSources == 2)
        #expect(report.upSources == 1)
    }

    @Test func aLastIntervalThatIsCutShortIsIgnored() throws {
        // 150 s hold two whole minutes.
        let definition = KPIDefinition.builtIn.filter { $0.name == "uptime" }
        let silent = try KPIAnalyticsTests.report(
            store(["a": [57, 58, 58.4]]), definition, window: 150_000)
        #expect(silent.value("uptime", of: "a") == 0.5)
        let onlyInTheLast = try KPIAnalyticsTests.report(store(["a": [59.9]]), definition, window: 150_000)
        #expect(onlyInTheLast.value("uptime", of: "a") == nil)
        let tooShort = try KPIAnalyticsTests.report(store(["a": [59.9]]), definition, window: 59_000)
        #expect(tooShort.overall("uptime") == nil)
    }

    @Test func upMeansWithinTwoIntervals() throws {
        let report = try KPIAnalyticsTests.report(store(["in": [58.1], "edge": [58], "out": [57.9]]))
        #expect(report.knownSources == 3)
        #expect(report.upSources == 1)
    }

    /// More intervals than one stretch of the scan has.
    @Test func longWindowsAreReadInStretches() throws {
        let missing: Set = [-1200, -64, -63, 1, 60]
        let report = try KPIAnalyticsTests.report(
            store(["a": minutes(-1379 ... 60, without: missing)]), window: 24 * hour)
        #expect(report.value("uptime", of: "a") == 1435 / 1440)
        #expect(report.value("events", of: "a") == 1435.0 / 86_400)
        let late = try KPIAnalyticsTests.report(store(["a": minutes(-100 ... 60)]), window: 24 * hour)
        #expect(late.value("uptime", of: "a") == 1)
    }

    @Test func oneSourceCanBeAskedFor() throws {
        let store = store(["a": minutes(1...60), "b": minutes(-1...30)])
        let report = try KPIAnalyticsTests.report(store, source: "b")
        #expect(report.figures.allSatisfy { $0.bySource.allSatisfy { $0.sourceID == "b" } })
        #expect(report.overall("uptime") == 0.5)
        #expect(report.knownSources == 1)
        #expect(report.upSources == 0)
        #expect(report.overall("events") == 30.0 / 3600)
    }
}
