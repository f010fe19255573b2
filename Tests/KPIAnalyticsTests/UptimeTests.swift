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
        let found = try report(store(["a": minutes(1...60)]))
        #expect(found.value("uptime", of: "a") == 1)
        #expect(found.overall("uptime") == 1)
    }

    /// The window excludes its start and includes its end; the interval ends do the same.
    @Test func boundariesBelongToTheEarlierInterval() throws {
        #expect(try report(store(["a": minutes(0...59)])).value("uptime", of: "a") == 59.0 / 60)
        #expect(try report(store(["a": [-1, 60]])).value("uptime", of: "a") == 1.0 / 60)
    }

    @Test func missedMinutesCount() throws {
        let found = try report(store(["a": minutes(-5...60, without: [10, 11, 12])]))
        #expect(found.value("uptime", of: "a") == 57.0 / 60)
    }

    @Test func severalReportsInAnIntervalCountOnce() throws {
        let found = try report(store(["a": [-1, 0.1, 0.2, 0.9, 1.5]]))
        #expect(found.value("uptime", of: "a") == 2.0 / 60)
    }

    @Test func aNewSourceIsExpectedFromItsFirstReport() throws {
        let found = try report(store(["new": minutes(31...60)]))
        #expect(found.value("uptime", of: "new") == 1)
        let late = try report(store(["new": minutes(31...60, without: [40, 50, 60])]))
        #expect(late.value("uptime", of: "new") == 27.0 / 30)
    }

    @Test func anOldSourceIsExpectedFromTheWindowsStart() throws {
        // Its one earlier sample lies just inside the window-length before, or just outside.
        let inside = minutes(31...60)
        #expect(try report(store(["a": [-59.9] + inside])).value("uptime", of: "a") == 30.0 / 60)
        #expect(try report(store(["a": [-60] + inside])).value("uptime", of: "a") == 1)
    }

    @Test func aSourceThatFellSilentIsDown() throws {
        let found = try report(store(["gone": minutes(-30 ... -20), "there": minutes(-5...60)]))
        #expect(found.value("uptime", of: "gone") == 0)
        #expect(found.overall("uptime") == 60.0 / 120)
        #expect(found.knownSources == 2)
        #expect(found.upSources == 1)
    }

    @Test func aLastIntervalThatIsCutShortIsIgnored() throws {
        // 150 s hold two whole minutes.
        let definition = KPIDefinition.builtIn.filter { $0.name == "uptime" }
        let silent = try report(
            store(["a": [57, 58, 58.4]]), definition, window: 150_000)
        #expect(silent.value("uptime", of: "a") == 0.5)
        let onlyInTheLast = try report(store(["a": [59.9]]), definition, window: 150_000)
        #expect(onlyInTheLast.value("uptime", of: "a") == nil)
        let tooShort = try report(store(["a": [59.9]]), definition, window: 59_000)
        #expect(tooShort.overall("uptime") == nil)
    }

    @Test func upMeansWithinTwoIntervals() throws {
        let found = try report(store(["in": [58.1], "edge": [58], "out": [57.9]]))
        #expect(found.knownSources == 3)
        #expect(found.upSources == 1)
    }

    /// More intervals than one stretch of the scan has.
    @Test func longWindowsAreReadInStretches() throws {
        let missing: Set = [-1200, -64, -63, 1, 60]
        let found = try report(
            store(["a": minutes(-1379...60, without: missing)]), window: 24 * hour)
        #expect(found.value("uptime", of: "a") == 1435.0 / 1440)
        #expect(found.value("events", of: "a") == 1435.0 / 86_400)
        let late = try report(store(["a": minutes(-100...60)]), window: 24 * hour)
        #expect(late.value("uptime", of: "a") == 1)
    }

    @Test func oneSourceCanBeAskedFor() throws {
        let store = store(["a": minutes(1...60), "b": minutes(-1...30)])
        let found = try report(store, source: "b")
        #expect(found.figures.allSatisfy { $0.bySource.allSatisfy { $0.sourceID == "b" } })
        #expect(found.overall("uptime") == 0.5)
        #expect(found.knownSources == 1)
        #expect(found.upSources == 0)
        #expect(found.overall("events") == 30.0 / 3600)
    }
}
