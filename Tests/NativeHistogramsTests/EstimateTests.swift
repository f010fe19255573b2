import NativeHistograms
import TestSupport
import Testing

@Suite struct EstimateTests {
    @Test func fractionsUndoQuantiles() {
        var generator = SeededGenerator.seeded("fractionsUndoQuantiles")
        for schema in [-53, -1, 0, 2, 5] as [Int32] {
            let values = observations(200, using: &generator)
            let custom: [Double] = schema == -53 ? [0.4, 1, 2, 8] : []
            let histogram = NativeHistogram(
                observing: values, schema: schema, zeroThreshold: schema == -53 ? 0 : 0.25, customValues: custom)
            for q in stride(from: 0.05, to: 1, by: 0.05) {
                let value = histogram.quantile(q).value
                let fraction = histogram.fraction(from: -.infinity, to: value).value
                #expect((fraction - q).magnitude < 1e-9, "schema \(schema), \(q)-quantile \(value)")
                let kept = histogram.trimmed(above: value).count / histogram.count
                #expect((kept - q).magnitude < 1e-9, "schema \(schema), trimmed above \(value)")
                let above = histogram.trimmed(below: value).count / histogram.count
                #expect((above + q - 1).magnitude < 1e-9, "schema \(schema), trimmed below \(value)")
            }
        }
    }

    @Test func endsAndNothing() {
        let histogram = NativeHistogram(observing: [1, 3])
        #expect(histogram.quantile(-0.1).value == -.infinity)
        #expect(histogram.quantile(1.1).value == .infinity)
        #expect(histogram.quantile(.nan).value.isNaN)
        #expect(NativeHistogram().quantile(0.5).value.isNaN)
        #expect(NativeHistogram().fraction(from: 0, to: 1).value.isNaN)
        #expect(histogram.fraction(from: 2, to: 2).value == 0)
        #expect(histogram.fraction(from: .nan, to: 2).value.isNaN)
    }

    @Test func customBucketsWithoutEnd() {
        let histogram = NativeHistogram(observing: [-9, 1, 99], schema: -53, customValues: [-5, 5])
        #expect(histogram.quantile(0.1).value == -5)
        #expect(histogram.quantile(0.9).value == 5)
    }

    @Test func observationsThatAreNaN() {
        let histogram = NativeHistogram(observing: [0.75, 0.75, 0.75, 0.75, .nan])
        // Half of those that are numbers, all of which are in (0.5,1].
        let median = histogram.quantile(0.4)
        #expect((median.value - 0.5.squareRoot()).magnitude < 1e-12 && median.nanEffect == .skewed)
        #expect(NativeHistogram(observing: [0.75, 1.5]).quantile(0.4).nanEffect == .none)
        #expect(histogram.quantile(0.9).nanEffect == .result)
        #expect(histogram.fraction(from: -.infinity, to: .infinity).value == 0.8)
    }

    @Test func varianceOfMiddles() {
        // Two observations at the middle of (1,4] of schema -1.
        #expect(NativeHistogram(observing: [2, 2], schema: -1).variance == 0)
        #expect(NativeHistogram(observing: [-9, 11], schema: -53, customValues: [-11, -7, 9, 13]).variance == 100)
    }

    @Test func trimmingNothingChangesNothing() {
        let histogram = NativeHistogram(observing: [-3, 0.1, 1.3, 5], zeroThreshold: 0.25)
        #expect(histogram.trimmed(above: .infinity) == histogram)
        #expect(histogram.trimmed(below: -.infinity) == histogram)
        #expect(histogram.trimmed(above: -.infinity).count == 0)
        let custom = NativeHistogram(observing: [-3, 1, 5], schema: -53, customValues: [-2, 2])
        #expect(custom.trimmed(above: 100).count == 2)
        #expect(custom.trimmed(below: -1).count == 1 + 0.75)
    }
}
