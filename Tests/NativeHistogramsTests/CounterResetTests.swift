import NativeHistograms
import TestSupport
import Testing

@Suite struct CounterResetTests {
    @Test func moreObservationsAreNoReset() {
        var generator = SeededGenerator.seeded("moreObservationsAreNoReset")
        for _ in 0..<100 {
            let before = observations(Int.random(in: 1...30, using: &generator), using: &generator)
            let more = observations(Int.random(in: 1...30, using: &generator), using: &generator)
            let schema = Int32.random(in: -1...3, using: &generator)
            let first = NativeHistogram(observing: before, schema: schema, zeroThreshold: 0.25)
            let second = NativeHistogram(observing: before + more, schema: schema, zeroThreshold: 0.25)
            #expect(!second.isReset(after: first))
            #expect(first.isReset(after: second))
            // A lower resolution and a wider zero bucket go on counting, the other way round is a new beginning.
            let coarse = NativeHistogram(observing: before + more, schema: schema - 1, zeroThreshold: 1)
            #expect(!coarse.isReset(after: first))
            let finer = NativeHistogram(observing: before + more + more, schema: schema, zeroThreshold: 0.25)
            #expect(finer.isReset(after: coarse))
        }
    }

    @Test func hintsDecide() {
        let low = NativeHistogram(observing: [1])
        let high = NativeHistogram(observing: [1, 1])
        var hinted = low
        hinted.counterReset = .notReset
        #expect(!hinted.isReset(after: high))
        hinted = high
        hinted.counterReset = .reset
        #expect(hinted.isReset(after: low))
    }

    @Test func zeroBucketsThatChange() {
        let values = [0.3, 0.6, 3]
        let narrow = NativeHistogram(observing: values, zeroThreshold: 0.25)
        let wide = NativeHistogram(observing: values, zeroThreshold: 1)
        #expect(!wide.isReset(after: narrow))
        #expect(narrow.isReset(after: wide))
        #expect(
            NativeHistogram(observing: [3], zeroThreshold: 0.25)
                .isReset(after: NativeHistogram(observing: [3], zeroThreshold: 1)))
        // A threshold inside of a bucket that is not empty says nothing about that bucket's observations.
        #expect(NativeHistogram(observing: values, zeroThreshold: 0.75).isReset(after: narrow))
        #expect(!NativeHistogram(observing: values + [1.2], zeroThreshold: 1.3).isReset(after: wide))
    }

    @Test func oneBucketIsEnough() {
        #expect(NativeHistogram(observing: [3, 3, 3]).isReset(after: NativeHistogram(observing: [1, 3])))
    }

    @Test func customBoundsThatDifferAreComparedWhereTheyAgree() {
        let before = NativeHistogram(observing: [1, 3, 3, 7], schema: -53, customValues: [2, 4, 6])
        let after = NativeHistogram(observing: [1, 3, 3.5, 3, 7], schema: -53, customValues: [2, 3, 4, 6])
        #expect(!after.isReset(after: before))
        let fallen = NativeHistogram(observing: [1, 3.5, 7, 7], schema: -53, customValues: [2, 3, 4, 6])
        #expect(fallen.isReset(after: before))
        #expect(before.isReset(after: NativeHistogram(observing: [1])))
    }

    @Test func emptyBucketsAreNoReset() {
        let spans = [NativeHistogram.Span(offset: 0, length: 2)]
        let before = NativeHistogram(count: 1, positiveSpans: spans, positiveBuckets: [0, 1])
        let after = NativeHistogram(
            count: 1, positiveSpans: [.init(offset: 1, length: 1)], positiveBuckets: [1])
        #expect(!after.isReset(after: before))
        #expect(!after.matches(before))
        #expect(after.matches(before.compacted))
    }
}
