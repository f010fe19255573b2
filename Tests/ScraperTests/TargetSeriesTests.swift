import TelemetryModel
import Testing

@testable import Scraper

@Suite struct TargetSeriesTests {
    private func references(_ numbers: UInt32...) -> [SeriesReference] { numbers.map { SeriesReference($0) } }

    @Test("All series of a first scrape are new; an unchanged target changes nothing")
    func unchanged() {
        var series = TargetSeries()
        #expect(series.succeed(references(3, 1, 2), timed: []).addedCount == 3)
        let again = series.succeed(references(3, 1, 2), timed: [])
        #expect(again.addedCount == 0 && again.ended.isEmpty)
        #expect(series.live == Set(references(1, 2, 3)))
    }

    @Test("Series that are missing end once, those that come are new, another order is neither")
    func changed() {
        var series = TargetSeries()
        _ = series.succeed(references(1, 2, 3), timed: [])
        let change = series.succeed(references(4, 3, 1), timed: [])
        #expect(change.ended == references(2))
        #expect(change.addedCount == 1)
        #expect(series.succeed(references(1, 3, 4), timed: []).ended.isEmpty)
        #expect(series.succeed(references(1, 2, 3, 4), timed: []).addedCount == 1)
    }

    @Test("A failed scrape ends all, once; what comes again is not new")
    func failed() {
        var series = TargetSeries()
        _ = series.succeed(references(1, 2), timed: [])
        #expect(series.fail() == references(1, 2))
        #expect(series.fail().isEmpty)
        let change = series.succeed(references(1, 2), timed: [])
        #expect(change.addedCount == 0 && change.ended.isEmpty)
        #expect(series.fail() == references(1, 2))
    }

    @Test("Series with times of the target's own do not end")
    func timed() {
        var series = TargetSeries()
        _ = series.succeed(references(1, 2, 3), timed: [1])
        #expect(series.succeed(references(3), timed: []).ended == references(1))
        // One that gets such a time is no longer looked after.
        _ = series.succeed(references(3), timed: [0])
        #expect(series.fail().isEmpty)
    }

    @Test("A series that stands in a text twice is one")
    func doubled() {
        var series = TargetSeries()
        #expect(series.succeed(references(1, 1), timed: []).addedCount == 1)
        #expect(series.succeed(references(1, 1), timed: []).addedCount == 0)
        #expect(series.fail() == references(1))
    }
}
