import TelemetryModel
import TestSupport
import Testing

@testable import Scraper

@Suite struct ScrapeScheduleTests {
    private func schedule(_ number: Int, interval: Int64, seed: UInt64 = 0) -> ScrapeSchedule {
        let labels = LabelSet(["instance": "host-\(number):9100", "job": "node"])
        return ScrapeSchedule(
            intervalMilliseconds: interval, labels: labels, url: "http://host-\(number):9100/metrics", seed: seed)
    }

    @Test("A target keeps its place in every interval", arguments: [1, 100, 15_000, 86_400_000] as [Int64])
    func grid(interval: Int64) {
        let schedule = schedule(1, interval: interval)
        #expect((0..<interval).contains(schedule.offset))
        for now in [0, 1, 999, 1_700_000_000_123, -5] as [Int64] {
            let next = schedule.next(from: now)
            #expect(next >= now && next < now + interval)
            #expect(schedule.next(from: next) == next)
            #expect(schedule.next(from: next + 1) == next + interval)
        }
    }

    @Test("Many targets are spread over the interval")
    func spread() {
        let interval: Int64 = 60_000
        var tenths = [Int](repeating: 0, count: 10)
        for number in 0..<1000 { tenths[Int(schedule(number, interval: interval).offset * 10 / interval)] += 1 }
        #expect(tenths.allSatisfy { (60...140).contains($0) }, "\(tenths)")
    }

    @Test("Servers with other seeds come at other moments")
    func seeds() {
        let places = Set((0..<50).map { schedule(1, interval: 60_000, seed: $0 &* 0x9e37_79b9_7f4a_7c15).offset })
        #expect(places.count > 40)
    }

    @Test("A slight delay does not show in the times")
    func timestamps() {
        let slow = schedule(1, interval: 15_000)
        #expect(slow.timestamp(scheduled: 100, now: 102) == 100)
        #expect(slow.timestamp(scheduled: 100, now: 103) == 103)
        #expect(schedule(1, interval: 100).timestamp(scheduled: 100, now: 102) == 102)
    }
}
