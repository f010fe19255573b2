import Testing

@testable import Processor

@Suite struct ReplayProgressTests {
    @Test func advancingCountsBatchesAndSamplesUpToTheTarget() {
        let position = AppliedPosition(start: 10, target: 14, records: 100)
        #expect(!position.replay.isComplete && position.replay.share == 0 && position.replay.secondsLeft == nil)
        position.advance(to: 11, records: 40)
        position.advance(to: 13, records: 20)
        var replay = position.replay
        #expect(replay.batches == (3, 4))
        #expect(replay.samples == (60, 100))
        #expect(replay.share == 0.75 && !replay.isComplete)
        // What came after the process began is no part of it.
        position.advance(to: 20, records: 500)
        replay = position.replay
        #expect(replay.batches == (4, 4))
        #expect(replay.samples == (100, 100))
        #expect(replay.isComplete && replay.secondsLeft == 0)
        #expect(AppliedPosition(start: 5, target: 5).replay.isComplete)
        #expect(AppliedPosition(start: 5, target: 5).replay.share == 1)
    }

    @Test func theTimeLeftGoesByThePaceSoFar() {
        let replay = ReplayProgress(batches: (1, 4), samples: (25, 100), elapsed: .milliseconds(1500))
        #expect(replay.secondsLeft == 4.5)
        #expect(replay.sentence == "25 % (25 of 100 samples), about 5 s left")
        let unknown = ReplayProgress(batches: (0, 4), samples: (0, 100), elapsed: .seconds(1))
        #expect(unknown.sentence == "0 % (0 of 100 samples)")
    }
}
