import Testing

@testable import Alerting

struct GroupScheduleTests {
    @Test func instantsKeepTheirOffset() {
        let schedule = GroupSchedule(interval: 60_000, identity: "file;group")
        #expect(schedule == GroupSchedule(interval: 60_000, identity: "file;group"))
        for time in [0, 1, 59_999, 1_767_225_600_123, -5, -60_000] as [Int64] {
            let slot = schedule.slot(after: time)
            #expect(slot > time && slot <= time + 60_000)
            #expect((slot - schedule.offset) % 60_000 == 0)
            #expect(schedule.slot(after: slot) == slot + 60_000)
        }
        let offsets = Set((0..<100).map { GroupSchedule(interval: 60_000, identity: "file;\($0)").offset })
        #expect(offsets.count > 90, "groups spread over the interval")
    }

    @Test func slowEvaluationsMissInstants() {
        let schedule = GroupSchedule(interval: 10, identity: "g")
        func next(_ now: Int64) -> [Int64] {
            let (slot, missed) = schedule.next(after: 100, now: now)
            return [slot, Int64(missed)]
        }
        #expect(next(100) == [110, 0])
        #expect(next(109) == [110, 0])
        #expect(next(112) == [110, 0], "late, but not missed")
        #expect(next(125) == [120, 1])
        #expect(next(151) == [150, 4])
    }

    @Test func clockThatIsSetBackStartsAnew() {
        let schedule = GroupSchedule(interval: 10, identity: "g")
        let (slot, missed) = schedule.next(after: 100_000, now: 500)
        #expect(slot > 500 && slot <= 510 && missed == 0)
    }

    @Test func extremesDoNotTrap() {
        let schedule = GroupSchedule(interval: .max, identity: "g")
        for time in [Int64.min, .max, 0] {
            _ = schedule.slot(after: time)
            _ = schedule.next(after: time, now: .min)
            _ = schedule.next(after: time, now: .max)
        }
    }
}
