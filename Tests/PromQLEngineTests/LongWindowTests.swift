import PromQLEngine
import PromQLScripts
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

/// Functions that are evaluated in blocks, against one sample after the other.
@Suite struct LongWindowTests {
    private static let interval: Int64 = 1000

    /// The values of a query at every `step` from 0 on, by the time of the step.
    private func run(
        _ function: String, _ values: [Double], length: Int64, step: Int64
    ) throws -> [Int64: Double] {
        var store = InMemoryStore()
        store.add(
            LabelSet([Label("__name__", "m")]),
            SampleColumns(timestamps: values.indices.map { Int64($0) * Self.interval }, values: values))
        let result = try PromQLEngine(store: store).range(
            "\(function)_over_time(m[\(length)ms])", from: 0, through: Int64(values.count) * Self.interval, step: step,
            budget: QueryBudget())
        guard case .matrix(let series) = result.value, let samples = series.first?.samples else { return [:] }
        return Dictionary(uniqueKeysWithValues: zip(samples.timestamps, samples.values))
    }

    private func window(_ values: [Double], _ end: Int64, _ length: Int64) -> [Double] {
        values.indices.filter { end - length < Int64($0) * Self.interval && Int64($0) * Self.interval <= end }
            .map { values[$0] }
    }

    /// As Prometheus does it: the first value, until one is smaller, or it is NaN.
    private func extreme(_ values: [Double], _ isBetter: (Double, Double) -> Bool) -> Double {
        var best = values[0]
        for value in values where isBetter(value, best) || best.isNaN { best = value }
        return best
    }

    @Test(arguments: [
        [0.0, -0.0, 1, -1], [0.0, -0.0, 5], [-0.0, 0.0, -5], [.nan, 0.0, -0.0], [.nan], [.nan, .infinity],
        [.nan, -.infinity], [.infinity, -.infinity, 0], [1, 2, 3, 4, 5, 6, 7, 8, 9], [.greatestFiniteMagnitude, 1],
    ])
    func extremes(_ choices: [Double]) throws {
        var random = SeededGenerator.seeded("extremes")
        for _ in 0..<40 {
            let count = Int.random(in: 1...120, using: &random)
            let values = (0..<count).map { _ in choices.randomElement(using: &random) ?? 0 }
            let length = Int64.random(in: 1...100_000, using: &random)
            let step = Int64.random(in: 1000...70_000, using: &random)
            for (function, isBetter) in [("min", { $0 < $1 }), ("max", { $0 > $1 })]
                as [(String, (Double, Double) -> Bool)]
            {
                let given = try run(function, values, length: length, step: step)
                for end in stride(from: 0, through: Int64(count) * Self.interval, by: Int(step)) {
                    let samples = window(values, end, length)
                    let wanted = samples.isEmpty ? nil : extreme(samples, isBetter)
                    let got = given[end]
                    let isSame =
                        got.map(\.isNaN) == true ? wanted?.isNaN == true : got?.bitPattern == wanted?.bitPattern
                    #expect(isSame, "\(function) at \(end) of \(samples): \(got ?? .zero) is not \(wanted ?? .zero)")
                }
            }
        }
    }

    /// Small terms beside large ones, which a sum without correction loses; and sums that only overflow if they are put
    /// together in another order.
    @Test func sums() throws {
        var random = SeededGenerator.seeded("sums")
        let kinds: [[Double]] = [
            [1e16, 1, -1e16], [1e100, 1, 0.5, -1e100], [0.5, 0.25, 1024, -3], [.infinity, 1],
            [.infinity, -.infinity, 1],
            [.nan, 1, .infinity],
        ]
        for round in 0..<120 {
            let count = Int.random(in: 1...150, using: &random)
            let choices = kinds[round % kinds.count]
            // In turn, so that large terms cancel.
            let values = (0..<count).map { choices[$0 % choices.count] }
            let length = Int64.random(in: 1...150_000, using: &random)
            let step = Int64.random(in: 1000...70_000, using: &random)
            let sums = try run("sum", values, length: length, step: step)
            let means = try run("avg", values, length: length, step: step)
            for end in stride(from: 0, through: Int64(count) * Self.interval, by: Int(step)) {
                let samples = window(values, end, length)
                guard !samples.isEmpty else {
                    #expect(sums[end] == nil && means[end] == nil)
                    continue
                }
                let wanted = sum(samples)
                for (got, wanted) in [(sums[end], wanted), (means[end], wanted / Double(samples.count))] {
                    let isClose = got.map { wanted.isNaN ? $0.isNaN : $0.isClose(to: wanted, within: 1e-14) }
                    #expect(isClose == true, "at \(end) of \(samples): \(got ?? 0) is not \(wanted)")
                }
            }
        }
    }

    /// Exact for the kinds above: equal terms undo each other first.
    private func sum(_ samples: [Double]) -> Double {
        guard samples.allSatisfy(\.isFinite) else { return samples.reduce(0, +) }
        var parts: [Double: Int] = [:]
        for value in samples { parts[value.magnitude, default: 0] += value < 0 ? -1 : 1 }
        return parts.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.key * Double($1.value) }
    }

    /// Sums that stay finite in the order of time, whatever parts of them do.
    @Test func giantsThatUndoEachOther() throws {
        let big = Double.greatestFiniteMagnitude
        let alternating = (0..<100).map { $0 % 2 == 0 ? big : -big }
        #expect(try run("sum", alternating, length: 100_000, step: 99_000)[99_000] == 0)
        #expect(try run("avg", alternating, length: 100_000, step: 99_000)[99_000] == 0)
        var values = [Double](repeating: 0, count: 40)
        values[1] = -big
        values[10] = big
        values[11] = big
        #expect(try run("sum", values, length: 100_000, step: 39_000)[39_000] == big)
        #expect(try run("avg", values, length: 100_000, step: 39_000)[39_000] == big / 40)
    }

    /// No sample's share of a mean overflows, nor what windows have in common.
    @Test func meansOfGiants() throws {
        let big = Double.greatestFiniteMagnitude
        let means = try run("avg", [Double](repeating: big, count: 60), length: 10_000, step: 1000)
        #expect(means.count >= 60)
        for (time, mean) in means { #expect(abs(mean / big - 1) < 1e-15, "at \(time): \(mean)") }
    }
}
