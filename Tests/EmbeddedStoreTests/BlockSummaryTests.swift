import ChunkCodec
import Foundation
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// Windows over summaries must give what windows over all samples give.
@Suite struct BlockSummaryTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Total {
        var count = 0
        var sum = 0.0
        var minimum = Double.infinity
        var maximum = -Double.infinity
        var magnitude = 0.0

        mutating func add(_ value: Double) {
            guard !value.isNaN else { return }
            count += 1
            sum += value
            magnitude += value.magnitude
            minimum = min(minimum, value)
            maximum = max(maximum, value)
        }

        mutating func add(_ summary: SampleSummary) {
            count += summary.count
            sum += summary.sum
            minimum = min(minimum, summary.minimum)
            maximum = max(maximum, summary.maximum)
        }

        func agrees(with exact: Total) -> Bool {
            count == exact.count && minimum == exact.minimum && maximum == exact.maximum
                && (sum == exact.sum || abs(sum - exact.sum) <= 1e-12 * exact.magnitude || sum.isNaN && exact.sum.isNaN)
        }
    }

    private func grids(_ fixture: BlockFixture, using generator: inout SeededGenerator) -> [WindowGrid] {
        let random = (0..<6).map { _ in
            WindowGrid(
                firstEnd: fixture.from + Int64.random(in: -1000...90_000_000, using: &generator),
                step: Int64.random(in: 1...10_000_000, using: &generator),
                count: Int.random(in: 1...30, using: &generator),
                length: Int64.random(in: 1...90_000_000, using: &generator))
        }
        return random + [
            WindowGrid(firstEnd: fixture.from, step: BlockTime.hour, count: 26, length: BlockTime.hour),
            WindowGrid(firstEnd: fixture.from, step: BlockTime.hour, count: 26, length: BlockTime.day),
            WindowGrid(firstEnd: fixture.to, step: 0, count: 1, length: 30 * BlockTime.day),
            WindowGrid(firstEnd: fixture.from + 1_800_000, step: 900_000, count: 90, length: 5_000_000),
        ]
    }

    @Test func summariesStandForTheSamplesThatAreLeftOut() throws {
        var generator = SeededGenerator.seeded("summariesStandForTheSamplesThatAreLeftOut")
        let fixture = BlockFixture(seriesCount: 40, hours: 24, using: &generator)
        let block = try Block(folder.path, fixture.write(to: folder.path))
        let ids = try block.ids(matching: [])
        let labels = try block.labels(of: ids)
        var summarised = 0
        for grid in grids(fixture, using: &generator) {
            let last = grid.firstEnd + Int64(grid.count - 1) * grid.step
            let range = TimeRange(from: grid.firstEnd - grid.length + 1, through: last)
            var seen: Set<LabelSet> = []
            try block.read(ids, in: range, windows: grid, budget: QueryBudget()) { position, series in
                let (columns, summaries) = (series.columns, series.summaries)
                seen.insert(labels[position])
                let all = fixture.series[labels[position]]!.within(range)
                summarised += summaries.count
                check(columns, summaries, grid)
                for index in 0..<grid.count {
                    let end = grid.firstEnd + Int64(index) * grid.step
                    let window = TimeRange(from: end - grid.length + 1, through: end)
                    var exact = Total()
                    for value in all.within(window).values { exact.add(value) }
                    var total = Total()
                    for value in columns.within(window).values { total.add(value) }
                    for summary in summaries where window.contains(summary.firstTimestamp) { total.add(summary) }
                    if !total.agrees(with: exact) {
                        Issue.record("\(grid), window \(index) of \(labels[position]): \(total), exactly \(exact)")
                        return
                    }
                }
            }
            let expected = fixture.series.filter { !$0.value.within(range).isEmpty }.map(\.key)
            #expect(seen == Set(expected))
        }
        #expect(summarised > 500)
    }

    /// No window begins or ends within a summary, and no sample lies in one.
    private func check(_ columns: SampleColumns, _ summaries: [SampleSummary], _ grid: WindowGrid) {
        var before = Int64.min
        for summary in summaries {
            #expect(summary.firstTimestamp > before && summary.lastTimestamp >= summary.firstTimestamp)
            before = summary.lastTimestamp
            #expect(!grid.separates(summary.firstTimestamp, summary.lastTimestamp))
            let inside = TimeRange(from: summary.firstTimestamp, through: summary.lastTimestamp)
            #expect(columns.within(inside).isEmpty)
        }
    }

    @Test func hoursThatNoWindowCutsAreOneSummary() throws {
        let times = (0..<5760).map { BlockFixture.day + Int64($0) * 15_000 }
        let name = BlockName(from: BlockFixture.day, to: BlockFixture.day + BlockTime.day, through: 1)
        var builder = try BlockBuilder(
            files: DiskFiles(), folder: folder.path, name: name, windowsThrough: [:], effort: .best)
        try builder.add(
            LabelSet(["__name__": "m"]), SampleColumns(timestamps: times, values: times.indices.map { Double($0 % 7) }))
        try builder.finish()
        try builder.publish()
        let block = try Block(folder.path, name)
        let month = WindowGrid(
            firstEnd: BlockFixture.day + 2 * BlockTime.day, step: 0, count: 1, length: 30 * BlockTime.day)
        try block.read([0], in: .all, windows: month, budget: QueryBudget()) { _, series in
            let (columns, summaries) = (series.columns, series.summaries)
            #expect(columns.isEmpty)
            #expect(summaries.map(\.count) == [5760])
        }
        // Windows open on the left end on full hours: only the samples on the hour stand by themselves.
        let hourly = WindowGrid(
            firstEnd: BlockFixture.day, step: BlockTime.hour, count: 25, length: BlockTime.hour)
        try block.read([0], in: .all, windows: hourly, budget: QueryBudget()) { _, series in
            let (columns, summaries) = (series.columns, series.summaries)
            #expect(columns.count == 24)
            #expect(summaries.map(\.count) == Array(repeating: 239, count: 24))
        }
    }

    /// The increase over pieces is that over their samples.
    @Test func resetsAreCounted() throws {
        let values: [Double] = [5, 7, 9, 1, 4, 4, 0, 2] + Array(repeating: 2, count: 24)
        let statistics = BlockStatistics(of: values[...], pieces: [0..<4, 4..<8])
        #expect(statistics.lost == [9, 4])
        let gauge = BlockStatistics(of: values[..<31], pieces: [0..<4, 4..<8])
        #expect(gauge.lost == [] && gauge.sum == statistics.sum)
        for written in [statistics, gauge] {
            let bytes = try #require(written.encoded(chunk: 7, effort: .best))
            let read = try bytes.withUnsafeBytes { try BlockStatistics($0, chunk: 7, pieceCount: 2) }
            #expect(read.lost == written.lost && read.sum == written.sum && read.first == written.first)
            #expect(throws: BlockStatisticsFault.self) {
                try bytes.withUnsafeBytes { try BlockStatistics($0, chunk: 8, pieceCount: 2) }
            }
        }
        #expect(statistics.first == [5, 4] && statistics.last == [1, 2])
        #expect(statistics.sum == [17, 6] && statistics.minimum == [1, 0] && statistics.maximum == [9, 4])
        let holes = BlockStatistics(of: [1, .nan, 3, 4], pieces: [0..<2, 2..<4])
        #expect(!holes.exists(0) && holes.exists(1))
        #expect(BlockStatistics(of: [1, .infinity], pieces: [0..<2]).encoded(chunk: 0, effort: .fast) == nil)
    }
}
