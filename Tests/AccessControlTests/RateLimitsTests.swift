import TestSupport
import Testing

@testable import AccessControl

@Suite struct RateLimitsTests {
    private func delay(_ limits: inout RateLimits, _ charges: [RateCharge], at now: Double) -> RateExceeded? {
        do throws(RateExceeded) {
            try limits.take(charges, at: now)
            return nil
        } catch {
            return error
        }
    }

    @Test func aBurstPassesAndThenTheRate() {
        var limits = RateLimits(burst: 2)
        let ten = [RateCharge(.token("a"), rate: 10, records: 10)]
        #expect(delay(&limits, ten, at: 0) == nil)
        #expect(delay(&limits, ten, at: 0) == nil)
        let refused = delay(&limits, ten, at: 0)
        #expect(refused == RateExceeded(key: .token("a"), rate: 10, delay: 0.1))
        #expect(delay(&limits, ten, at: 0.1) == nil)
        // Nine are owed, and one must be there.
        #expect(delay(&limits, ten, at: 0.1)?.delay == 1)
    }

    @Test func aRequestLargerThanTheBurstPassesAndIsPaidBack() {
        var limits = RateLimits(burst: 1)
        #expect(delay(&limits, [RateCharge(.token("a"), rate: 10, records: 1000)], at: 0) == nil)
        let one = [RateCharge(.token("a"), rate: 10, records: 1)]
        #expect(delay(&limits, one, at: 99) != nil)
        #expect(delay(&limits, one, at: 99.2) == nil)
    }

    @Test func aRequestThatIsRefusedForOneTakesOfNobody() {
        var limits = RateLimits(burst: 1)
        let quiet = RateCharge(.source("quiet"), rate: 5, records: 5)
        let loud = RateCharge(.source("loud"), rate: 5, records: 500)
        #expect(delay(&limits, [loud], at: 0) == nil)
        for _ in 0..<10 { #expect(delay(&limits, [quiet, loud], at: 1)?.key == .source("loud")) }
        #expect(delay(&limits, [quiet], at: 1) == nil)
        #expect(delay(&limits, [quiet], at: 1)?.key == .source("quiet"))
    }

    @Test func aClockThatGoesBackFillsNothing() {
        var limits = RateLimits(burst: 1)
        let five = [RateCharge(.token("a"), rate: 5, records: 5)]
        #expect(delay(&limits, five, at: 100) == nil)
        #expect(delay(&limits, five, at: 50) != nil)
        #expect(delay(&limits, five, at: 100.1) != nil)
        #expect(delay(&limits, five, at: 100.2) == nil)
    }

    @Test func whoIsQuietIsForgotten() {
        var limits = RateLimits(burst: 1, mostBeforeSweep: 10)
        for source in 0..<1000 {
            _ = delay(&limits, [RateCharge(.source("\(source)"), rate: 1, records: 1)], at: Double(source) * 10)
        }
        #expect(limits.count <= 4096)
        for source in 0..<10_000 {
            _ = delay(
                &limits, [RateCharge(.source("x\(source)"), rate: 1, records: 1)], at: 20_000 + Double(source) * 10)
        }
        #expect(limits.count <= 4097)
    }

    /// Whatever the requests and their times: no more passes than a burst, the rate, and one last request.
    @Test func noMorePassesThanTheRate() {
        for seed in UInt64(1)...20 {
            var generator = SeededGenerator(seed: seed)
            var limits = RateLimits(burst: 3)
            var now = 0.0
            var passed = 0
            var largest = 0
            for _ in 0..<2000 {
                now += Double.random(in: 0...0.3, using: &generator)
                let records = Int.random(in: 1...200, using: &generator)
                if delay(&limits, [RateCharge(.token("a"), rate: 100, records: records)], at: now) == nil {
                    passed += records
                    largest = max(largest, records)
                }
            }
            #expect(Double(passed) <= 300 + now * 100 + Double(largest), "seed \(seed)")
            #expect(Double(passed) >= now * 100 * 0.9, "seed \(seed)")
        }
    }
}
