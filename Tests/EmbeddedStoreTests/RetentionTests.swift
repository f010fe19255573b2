import Foundation
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// Retention by series, and rollups of what goes.
@Suite struct RetentionTests {
    let folder: TemporaryFolder
    let cache = BlockLabelCache(byteLimit: 1 << 20)

    init() throws { folder = try TemporaryFolder() }

    private func retention(days: [(String, Int64?)], otherwise: Int64?) -> Retention {
        Retention(
            rules: days.map { name, days in
                Retention.Rule(
                    matchers: [LabelMatcher("__name__", .equal(name))], duration: days.map { $0 * BlockTime.day })
            } + [Retention.Rule(matchers: [], duration: otherwise.map { $0 * BlockTime.day })])
    }

    @Test func theFirstRuleThatAcceptsASeriesDecides() throws {
        var generator = SeededGenerator.seeded("theFirstRuleThatAcceptsASeriesDecides")
        let fixture = BlockFixture(seriesCount: 60, hours: 24, using: &generator)
        let block = try Block(folder.path, fixture.write(to: folder.path))
        let retention = retention(days: [("m0", 10), ("m1", nil)], otherwise: 20)
        let m0 = fixture.series.keys.filter { $0.metricName == "m0" }.count
        let m2 = fixture.series.keys.filter { $0.metricName == "m2" }.count
        let end = fixture.to
        #expect(try retention.verdict(on: block, now: end + 10 * BlockTime.day - 1) == .keep)
        #expect(
            try retention.verdict(on: block, now: end + 10 * BlockTime.day)
                == (m0 * 5 >= fixture.series.count ? .rewrite(expiredSeries: m0) : .keep))
        #expect(
            try retention.verdict(on: block, now: end + 20 * BlockTime.day) == .rewrite(expiredSeries: m0 + m2))
        let all = self.retention(days: [], otherwise: 30)
        #expect(try all.verdict(on: block, now: end + 30 * BlockTime.day - 1) == .keep)
        #expect(try all.verdict(on: block, now: end + 30 * BlockTime.day) == .remove)
        #expect(try Retention(rules: []).verdict(on: block, now: .max) == .keep)
    }

    @Test(arguments: RollupTier.allCases) func rollupsAreThoseOfTheSamples(_ tier: RollupTier) throws {
        var generator = SeededGenerator.seeded("rollupsAreThoseOfTheSamples \(tier)")
        let fixture = BlockFixture(seriesCount: 40, hours: 24, using: &generator)
        let block = try Block(folder.path, fixture.write(to: folder.path))
        let name = BlockName(from: fixture.from, to: fixture.to, through: 7)
        let files = DiskFiles()
        let path = "\(folder.path)/\(tier.folder)"
        try files.makeFolder(path)
        _ = try Rollup.write(
            [block], tier: tier, files: files, folder: path, name: name, windowsThrough: [:], deletedThrough: 0)
        let rollup = try Block(path, name)
        try rollup.verify()
        #expect(rollup.bucketLength == tier.bucket)
        #expect(Rollup.isMade(rollup, of: [block]))
        let ids = try rollup.ids(matching: [])
        let labels = try rollup.labels(of: ids)
        var seen = 0
        try rollup.readRollups(ids, in: .all, budget: QueryBudget()) { position, columns in
            seen += 1
            let samples = fixture.series[labels[position]]!
            check(columns, samples, tier)
        }
        let present = fixture.series.values.filter { $0.values.contains { !$0.isNaN } }.count
        #expect(seen == present)
    }

    /// Each bucket against its samples, computed the plain way.
    private func check(_ rollup: RollupColumns, _ samples: SampleColumns, _ tier: RollupTier) {
        var covered = 0
        for (index, end) in rollup.ends.enumerated() {
            let bucket = samples.within(TimeRange(from: end - tier.bucket + 1, through: end)).values
                .filter { !$0.isNaN }
            #expect(end % tier.bucket == 0)
            #expect(rollup.count[index] == Double(bucket.count))
            #expect(rollup.minimum[index] == bucket.min() && rollup.maximum[index] == bucket.max())
            #expect(rollup.first[index] == bucket.first && rollup.last[index] == bucket.last)
            let sum = bucket.reduce(0, +)
            let magnitude = bucket.reduce(0) { $0 + $1.magnitude }
            #expect(
                rollup.sum[index] == sum || abs(rollup.sum[index] - sum) <= 1e-12 * magnitude
                    || sum.isNaN && rollup.sum[index].isNaN)
            let increase = zip(bucket, bucket.dropFirst()).reduce(0) { $0 + ($1.1 < $1.0 ? $1.1 : $1.1 - $1.0) }
            #expect(
                rollup.increase[index] == increase
                    || abs(rollup.increase[index] - increase) <= 1e-9 * magnitude || increase.isNaN)
            covered += bucket.count
        }
        #expect(covered == samples.values.filter { !$0.isNaN }.count)
    }

    @Test func bucketsThatNoWindowCutsSpanTheirTime() {
        let times = (0..<20).map { BlockFixture.day + Int64($0) * 60_000 }
        let rollup = RollupColumns(
            SampleColumns(timestamps: times, values: times.indices.map(Double.init)), tier: .fiveMinutes)
        #expect(rollup.count == [1, 5, 5, 5, 4])
        let aligned = WindowGrid(firstEnd: BlockFixture.day, step: 300_000, count: 10, length: 300_000)
        let spans = rollup.summaries(length: 300_000, windows: aligned)
        #expect(spans.allSatisfy { $0.lastTimestamp - $0.firstTimestamp == 299_999 })
        let shifted = WindowGrid(firstEnd: BlockFixture.day + 1, step: 300_000, count: 10, length: 300_000)
        let points = rollup.summaries(length: 300_000, windows: shifted)
        #expect(points.allSatisfy { $0.lastTimestamp == $0.firstTimestamp })
        #expect(points.map(\.count) == [1, 5, 5, 5, 4])
    }

    @Test func aSweepThatWasInterruptedIsDoneAnew() throws {
        var generator = SeededGenerator.seeded("aSweepThatWasInterruptedIsDoneAnew")
        let fixture = BlockFixture(seriesCount: 40, hours: 24, using: &generator)
        let dataFolder = folder.path
        let blocks = "\(dataFolder)/\(BlockName.folder)"
        try DiskFiles().makeFolder(blocks)
        let block = try Block(blocks, fixture.write(to: blocks))
        let sweep = RetentionSweep(
            files: DiskFiles(), dataFolder: dataFolder, samples: retention(days: [("m1", nil)], otherwise: 10),
            tiers: [
                .hour: retention(days: [("m0", 5)], otherwise: 400), .fiveMinutes: retention(days: [], otherwise: nil),
            ])
        let now = fixture.to + 11 * BlockTime.day
        var rollups: [RollupTier: [Block]] = [:]
        for round in 0..<3 {
            let (written, removed) = try sweep.rollUp(
                day: fixture.from, [block], rollups: rollups, deletedThrough: 0, now: now)
            #expect(removed.isEmpty == (round == 0))
            rollups = [:]
            for tier in RollupTier.allCases {
                let opened = try BlockFolder.open(
                    files: DiskFiles(), folder: "\(dataFolder)/\(tier.folder)", cache: cache)
                #expect(opened.blocks.map(\.name) == [written[tier]])
                rollups[tier] = opened.blocks
            }
        }
        func names(_ tier: RollupTier) throws -> Set<String?> {
            let rollup = try #require(rollups[tier]?.first)
            return Set(try rollup.labels(of: rollup.ids(matching: [])).map(\.metricName))
        }
        #expect(try names(.hour) == ["m2"])
        #expect(try names(.fiveMinutes) == ["m0", "m2"])
    }

    @Test func lateBucketsAreAdded() {
        let early = SampleColumns(timestamps: [60_000, 120_000, 600_000], values: [1, 5, 2])
        let late = SampleColumns(timestamps: [180_000, 240_000, 1_200_000], values: [3, 4, 9])
        let merged = RollupColumns(early, tier: .fiveMinutes).merged(with: RollupColumns(late, tier: .fiveMinutes))
        let together = RollupColumns(
            SampleColumns(
                timestamps: [60_000, 120_000, 180_000, 240_000, 600_000, 1_200_000], values: [1, 5, 3, 4, 2, 9]),
            tier: .fiveMinutes)
        #expect(merged == together)
    }
}
