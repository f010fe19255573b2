import TestSupport
import Testing

@testable import EmbeddedStore

/// The plan by itself: jobs are carried out on descriptions only.
@Suite struct CompactionPlanTests {
    private static let start = BlockFixture.day

    /// A store's blocks over time: flushes of windows, some of them late.
    private struct Model {
        var blocks: [CompactionPlan.Candidate] = []
        /// Which flushes a block has, by name.
        var flushes: [BlockName: Set<Int64>] = [:]
        var through: Int64 = 0
        var everUsed: Set<BlockName> = []

        mutating func flush(window: Int64, bytes: Int, now: Int64) {
            through += 1
            let name = BlockName(from: window, to: window + BlockTime.window, through: through)
            blocks.append(
                CompactionPlan.Candidate(
                    name: name, windowsThrough: [window: through], byteCount: bytes, knownSince: now))
            flushes[name] = [through]
            everUsed.insert(name)
        }

        mutating func carryOut(_ job: CompactionPlan.Job, now: Int64) {
            let inputs = blocks.filter { job.inputs.contains($0.name) }
            #expect(inputs.count == job.inputs.count)
            #expect(job.inputs == job.inputs.sorted())
            #expect(everUsed.insert(job.output).inserted, "a name is never used again")
            #expect(inputs.allSatisfy { job.output.from <= $0.name.from && job.output.to >= $0.name.to })
            #expect(job.output.through == inputs.map(\.name.through).max())
            #expect(inputs.allSatisfy { $0.name < job.output })
            // Whatever else has one of these windows must be an input, or the order of blocks would not tell who wins.
            let others = blocks.filter { !job.inputs.contains($0.name) }
            #expect(!others.contains { $0.name.from < job.output.to && job.output.from < $0.name.to })
            for block in inputs {
                for (window, through) in block.windowsThrough {
                    #expect(job.windowsThrough[window].map { $0 >= through } == true)
                }
            }
            #expect(
                job.windowsThrough.allSatisfy { window, through in
                    inputs.contains { $0.windowsThrough[window] == through }
                })
            blocks = others
            blocks.append(
                CompactionPlan.Candidate(
                    name: job.output, windowsThrough: job.windowsThrough,
                    byteCount: inputs.reduce(0) { $0 + $1.byteCount }, knownSince: now))
            flushes[job.output] = job.inputs.reduce(into: []) { $0.formUnion(flushes[$1] ?? []) }
        }

        /// No flush is lost or kept twice.
        func check() {
            let all = blocks.flatMap { flushes[$0.name] ?? [] }
            #expect(all.sorted() == through.zeroBasedRange)
        }
    }

    @Test(arguments: 0..<40) func noWindowIsLostAndEveryRunEnds(_ round: Int) {
        var generator = SeededGenerator.seeded("noWindowIsLostAndEveryRunEnds \(round)")
        for _ in 0..<round { _ = generator.next() }
        let plan = CompactionPlan()
        var model = Model()
        var now = CompactionPlanTests.start + BlockTime.window
        for _ in 0..<60 {
            now += Int64.random(in: 0...BlockTime.window, using: &generator)
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let age = generator.next() % 4 == 0 ? Int64.random(in: 0..<40, using: &generator) : 0
                let window = BlockTime.windowStart(of: now - BlockTime.window * (age + 1))
                model.flush(window: window, bytes: Int.random(in: 1...10_000, using: &generator), now: now)
            }
            var jobs = 0
            while let job = plan.nextJob(model.blocks, now: now), jobs < 1000 {
                #expect(plan.nextJob(model.blocks.shuffled(using: &generator), now: now) == job)
                model.carryOut(job, now: now)
                jobs += 1
            }
            #expect(jobs <= 100, "a job leaves less to do")
            model.check()
        }
        // Long after, each day is one block and nothing more is to be done.
        now += 3 * BlockTime.day
        while let job = plan.nextJob(model.blocks, now: now) { model.carryOut(job, now: now) }
        model.check()
        let days = Set(model.blocks.map { BlockTime.dayStart(of: $0.name.from) })
        #expect(model.blocks.count == days.count)
        #expect(model.blocks.allSatisfy { $0.name.to - $0.name.from == BlockTime.day })
    }

    private func candidate(
        _ from: Int64, _ to: Int64, _ through: Int64, bytes: Int = 1000, since: Int64 = 0, isRewriteDue: Bool = false
    ) -> CompactionPlan.Candidate {
        let name = BlockName(
            from: CompactionPlanTests.start + from * BlockTime.hour,
            to: CompactionPlanTests.start + to * BlockTime.hour,
            through: through)
        return CompactionPlan.Candidate(
            name: name, windowsThrough: [name.from: through], byteCount: bytes, knownSince: since,
            isRewriteDue: isRewriteDue)
    }

    @Test func aDayWaitsForItsGrace() {
        let blocks = [candidate(0, 2, 1), candidate(2, 4, 2)]
        let end = CompactionPlanTests.start + BlockTime.day
        #expect(CompactionPlan().nextJob(blocks, now: end + 2 * BlockTime.hour - 1) == nil)
        let job = CompactionPlan().nextJob(blocks, now: end + 2 * BlockTime.hour)
        #expect(job?.output.to == end && job?.output.from == CompactionPlanTests.start)
        #expect(job?.inputs == blocks.map(\.name))
    }

    @Test func lateBlocksWaitUntilTheyAreWorthIt() {
        let now = CompactionPlanTests.start + 3 * BlockTime.day
        let day = candidate(0, 24, 5, bytes: 1_000_000)
        let plan = CompactionPlan()
        #expect(plan.nextJob([day], now: now) == nil)
        #expect(plan.nextJob([day, candidate(2, 4, 6, since: now)], now: now) == nil)
        #expect(plan.nextJob([day, candidate(2, 4, 6, since: now - BlockTime.hour)], now: now) != nil)
        #expect(plan.nextJob([day, candidate(2, 4, 6, bytes: 200_000, since: now)], now: now) != nil)
        let many = (6..<14).map { candidate(2, 4, $0, since: now) }
        #expect(plan.nextJob([day] + many.dropLast(), now: now) == nil)
        #expect(plan.nextJob([day] + many, now: now)?.inputs.count == 9)
    }

    @Test func deletedAndExpiredSamplesMakeABlockBeRewritten() {
        let now = CompactionPlanTests.start + 3 * BlockTime.day
        let plan = CompactionPlan()
        let day = candidate(0, 24, 5, isRewriteDue: true)
        let job = plan.nextJob([day], now: now)
        #expect(job?.inputs == [day.name])
        #expect(job?.output == BlockName(from: day.name.from, to: day.name.to, through: 5, generation: 1))
        let today = candidate(2, 4, 5, isRewriteDue: true)
        #expect(plan.nextJob([today], now: today.name.to)?.output.to == today.name.to)
    }
}

extension Int64 {
    /// 1 through this number.
    fileprivate var zeroBasedRange: [Int64] { self > 0 ? Array(1...self) : [] }
}
