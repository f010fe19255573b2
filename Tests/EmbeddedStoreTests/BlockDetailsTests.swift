import ChunkCodec
import NativeHistograms
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// Histograms and start timestamps in blocks.
@Suite struct BlockDetailsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func details(
        of block: Block, in range: TimeRange = .all, windows: WindowGrid? = nil
    ) throws -> [LabelSet: BlockSeries] {
        let ids = try block.ids(matching: [])
        let labels = try block.labels(of: ids)
        var found: [LabelSet: BlockSeries] = [:]
        try block.read(ids, in: range, windows: windows, budget: QueryBudget()) { position, series in
            found[labels[position]] = series
        }
        return found
    }

    @Test(arguments: [2, 24] as [Int64]) func comeBackBitForBit(_ hours: Int64) throws {
        var generator = SeededGenerator.seeded("BlockDetailsTests.comeBackBitForBit \(hours)")
        let fixture = BlockFixture(seriesCount: 24, hours: hours, withDetails: true, using: &generator)
        let block = try Block(folder.path, fixture.write(to: folder.path))
        try block.verify()
        #expect(block.detailCount >= fixture.details.count)
        #expect(block.histogramCount == fixture.details.values.reduce(0) { $0 + $1.histograms.count })
        for round in 0..<20 {
            let from = Int64.random(in: fixture.from..<fixture.to, using: &generator)
            let length = round % 2 == 0 ? 60_000 : 7_000_000
            let range = round == 0 ? TimeRange.all : TimeRange(from: from, through: from + Int64(length))
            let found = try details(of: block, in: range)
            for (labels, columns) in fixture.series {
                let expected = (fixture.details[labels] ?? .empty).within(range)
                let samples = found[labels]?.columns ?? SampleColumns()
                #expect(samples.isSame(as: columns.within(range)))
                let details = found[labels]?.details ?? .empty
                #expect(details.isSame(as: expected), "\(range) of \(labels)")
            }
        }
        var cursor = try block.cursor()
        while let (labels, _, details) = try cursor.next() {
            let expected = fixture.details[labels] ?? .empty
            #expect(details.isSame(as: expected))
        }
    }

    @Test func aPlainBlockIsOfFormat2() throws {
        var generator = SeededGenerator(seed: 4)
        for withDetails in [false, true] {
            let fixture = BlockFixture(seriesCount: 8, hours: 2, withDetails: withDetails, using: &generator)
            let name = BlockName(from: fixture.from, to: fixture.to, through: withDetails ? 9 : 8)
            try fixture.write(to: folder.path, name: name)
            #expect(try BlockUpgrade.format(folder: folder.path, name: name) == (withDetails ? 3 : 2))
            let database = try BlockDatabase(
                path: "\(folder.path)/\(name.fileName)", file: name.fileName, mode: .immutable)
            let tables = try database.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'detail'")
            #expect(try tables.step() && tables.integer(0) == (withDetails ? 1 : 0))
            // The view for people shows every chunk.
            let chunks = try database.prepare("SELECT count(*) FROM chunks")
            #expect(try chunks.step() && chunks.integer(0) == Int64(fixture.series.count))
        }
    }

    @Test func aSeriesWithDetailsHasNoSummaries() throws {
        var generator = SeededGenerator.seeded("aSeriesWithDetailsHasNoSummaries")
        let fixture = BlockFixture(seriesCount: 24, hours: 24, withDetails: true, using: &generator)
        let block = try Block(folder.path, fixture.write(to: folder.path))
        let month = WindowGrid(firstEnd: fixture.to, step: 0, count: 1, length: 30 * BlockTime.day)
        var summarised = 0
        for (labels, series) in try details(of: block, windows: month) {
            if fixture.details[labels] == nil {
                summarised += series.summaries.count
            } else {
                #expect(series.summaries.isEmpty && series.columns.count == fixture.series[labels]?.count)
            }
        }
        #expect(summarised > 0)
    }

    @Test func rowsThatAreLostOrExchangedAreNoticed() throws {
        var generator = SeededGenerator.seeded("rowsThatAreLostOrExchangedAreNoticed")
        let fixture = BlockFixture(seriesCount: 24, hours: 2, withDetails: true, using: &generator)
        let name = try fixture.write(to: folder.path)
        for statement in [
            "DELETE FROM detail WHERE id = (SELECT max(id) FROM detail)", "DELETE FROM detail",
            "UPDATE detail SET data = (SELECT data FROM detail AS other ORDER BY id DESC) WHERE id = (SELECT min(id) FROM detail)",
            "UPDATE detail SET data = substr(data, 1, length(data) - 1) WHERE id = (SELECT min(id) FROM detail)",
            "UPDATE chunk SET timeline = ~timeline WHERE id = (SELECT min(id) FROM detail)",
            "UPDATE chunk SET timeline = ~timeline WHERE id NOT IN (SELECT id FROM detail)",
        ] {
            let copy = try name.alteredCopy(in: folder.path, statement)
            #expect(throws: BlockDamage.self, "\(statement)") { try details(of: try Block(copy.path, name)) }
            #expect(throws: BlockDamage.self, "\(statement)") { try Block(copy.path, name).verify() }
        }
        let surplus = try name.alteredCopy(in: folder.path, "INSERT INTO detail VALUES (-5, x'00')")
        #expect(throws: BlockDamage.self) { try Block(surplus.path, name).verify() }
    }

    /// Any bytes are refused or give details; they never trap.
    @Test func wildRowsNeverTrap() throws {
        var generator = SeededGenerator.seeded("wildRowsNeverTrap")
        var details = SampleDetails()
        for (index, histogram) in RandomHistograms.series(.unsteady, count: 30, using: &generator).enumerated() {
            details.histograms.append(Int64(index) * 10, histogram)
            details.starts.append(Int64(index) * 10, Int64(index))
        }
        let intact = BlockDetails.encoded(details, chunk: 5, effort: .best)
        let read = try intact.withUnsafeBytes { try BlockDetails.decode($0, chunk: 5, in: .all) }
        #expect(read.isSame(as: details))
        #expect(throws: BlockDetailsFault.self) {
            try intact.withUnsafeBytes { try BlockDetails.decode($0, chunk: 6, in: .all) }
        }
        for bit in 0..<intact.count * 8 {
            var damaged = intact
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: (any Error).self, "bit \(bit)") {
                try damaged.withUnsafeBytes { try BlockDetails.decode($0, chunk: 5, in: .all) }
            }
        }
        for _ in 0..<3000 {
            var bytes = intact
            for _ in 0..<Int.random(in: 1...5, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
            let range = TimeRange(from: 0, through: Int64.random(in: 0...300, using: &generator))
            _ = try? bytes.withUnsafeBytes { try BlockDetails.decode($0, chunk: 5, in: range) }
        }
    }

    // MARK: Through the store

    private static let labels = LabelSet(["__name__": "m", "source_id": "a"])

    private func append(
        _ store: EmbeddedStore, times: [Int64], histogram: NativeHistogram? = nil, start: Int64? = nil,
        value: Double = 1,
        offset: Int64
    ) -> [Int] {
        let id = store.id(for: Self.labels)
        return store.append(
            times.map { _ in id }, timestamps: times, values: times.map { _ in value },
            histograms: histogram.map { histogram in
                times.indices.map { RecordHistogram(sampleIndex: $0, histogram: histogram) }
            } ?? [],
            starts: start.map { start in times.indices.map { RecordStart(sampleIndex: $0, startTimestamp: start) } }
                ?? [], events: [], offset: offset, arrivedAt: 0, isReplay: false)
    }

    private func all(_ store: EmbeddedStore) throws -> SelectedSeries {
        let found = try store.select(SeriesSelection(matchers: [], range: .all), budget: QueryBudget())
        return try #require(found.first)
    }

    /// Of a number, a histogram and starts at the same times the last counts, wherever the earlier ones are.
    @Test(arguments: [false, true]) func theLaterOneCounts(inBlocks: Bool) throws {
        let store = try EmbeddedStore(dataFolder: folder.path)
        let histogram = NativeHistogram(
            count: 2, sum: 3, positiveSpans: [.init(offset: 0, length: 1)], positiveBuckets: [2])
        let times = (0..<40).map { Int64($0) * 1000 }
        func flush(_ offset: Int64) throws {
            if inBlocks, store.detachAll(through: offset) { _ = try store.writeDetached(now: 0) {} }
        }
        #expect(append(store, times: times, start: 5, offset: 1) == [])
        try flush(1)
        // In the head a repeated sample is told; what is in a block is not looked up.
        let again = append(store, times: Array(times[..<10]), start: 5, offset: 2)
        #expect(again.count == (inBlocks ? 0 : 10))
        try flush(2)
        #expect(try all(store).starts.starts == Array(repeating: 5, count: 40))
        _ = append(store, times: Array(times[..<30]), offset: 3)
        try flush(3)
        #expect(try all(store).starts.timestamps == Array(times[30...]))
        _ = append(store, times: Array(times[10..<35]), histogram: histogram, start: 7, offset: 4)
        try flush(4)
        _ = append(store, times: Array(times[20..<25]), value: 2, offset: 5)
        try flush(5)
        for _ in 0..<2 {
            let found = try all(store)
            #expect(found.samples.timestamps == Array(times[..<10] + times[20..<25] + times[35...]))
            #expect(
                found.samples.values == Array(repeating: 1, count: 10) + Array(repeating: 2, count: 5) + [
                    1, 1, 1, 1, 1,
                ])
            #expect(found.histograms.timestamps == Array(times[10..<20] + times[25..<35]))
            #expect(found.histograms.histograms.isSame(as: Array(repeating: histogram, count: 20)))
            #expect(found.starts.timestamps == Array(times[10..<20] + times[25...]))
            #expect(found.starts.starts == Array(repeating: 7, count: 20) + Array(repeating: 5, count: 5))
            // Then merged.
            while let report = try store.compactNext(now: 10 * BlockTime.day) {
                #expect(report.samples == 40 && report.duplicates == 10)
            }
        }
        #expect(store.statistics.blockHistograms == (inBlocks ? 20 : 0))
        if !inBlocks { #expect(store.statistics.counts.replacedValues == 30 + 25 + 5) }
    }

    /// A series of histograms only is found like any other, and goes with a delete and its receipt.
    @Test func aSeriesOfHistogramsIsListedAndDeleted() throws {
        let store = try EmbeddedStore(dataFolder: folder.path)
        let times = (0..<100).map { Int64($0) * 1000 }
        _ = append(store, times: times, histogram: NativeHistogram(count: 1, sum: 1), offset: 1)
        #expect(store.detachAll(through: 1))
        #expect(try store.writeDetached(now: 0) {}.samples == 100)
        #expect(try store.series([], in: .all, budget: QueryBudget()) == [Self.labels])
        #expect(try store.labelValues(of: "source_id", [], in: .all, budget: QueryBudget()) == ["a"])
        let receipt = try store.delete([], in: TimeRange(from: 0, through: 49_999), now: 0) { try $0(1) }
        #expect(receipt.samples == 50)
        #expect(try all(store).histograms.timestamps == Array(times[50...]))
        while try store.compactNext(now: 10 * BlockTime.day) != nil {}
        #expect(try all(store).histograms.timestamps == Array(times[50...]))
        #expect(store.statistics.blockHistograms == 50)
    }

    /// What cannot be read is lost with its series, and the rest is served.
    @Test func aDamagedRowCostsItsSeriesOnly() throws {
        var generator = SeededGenerator.seeded("aDamagedRowCostsItsSeriesOnly")
        let blocks = "\(folder.path)/\(BlockName.folder)"
        try DiskFiles().makeFolder(blocks)
        let fixture = BlockFixture(seriesCount: 12, hours: 2, withDetails: true, using: &generator)
        let name = try fixture.write(to: blocks)
        try BlockDatabase(path: "\(blocks)/\(name.fileName)", file: name.fileName, mode: .scratch(pageSize: 65_536))
            .execute("UPDATE detail SET data = x'0102' WHERE id = (SELECT min(id) FROM detail)")
        let store = try EmbeddedStore(dataFolder: folder.path)
        let found = try store.select(SeriesSelection(matchers: [], range: .all), budget: QueryBudget())
        #expect(found.count == fixture.series.count - 1)
        #expect(store.damageReports.count == 1)
        for series in found {
            let expected = fixture.details[series.labels] ?? .empty
            let isSame = series.histograms.histograms.isSame(as: expected.histograms.values)
            #expect(isSame && series.starts.starts.count == expected.starts.count, "\(series.labels)")
        }
    }

    /// Rollups sum up numbers; histograms go with their day.
    @Test func histogramsAreNotRolledUp() throws {
        var generator = SeededGenerator.seeded("histogramsAreNotRolledUp")
        let fixture = BlockFixture(seriesCount: 16, hours: 24, withDetails: true, using: &generator)
        let block = try Block(folder.path, fixture.write(to: folder.path))
        let path = "\(folder.path)/\(RollupTier.hour.folder)"
        try DiskFiles().makeFolder(path)
        _ = try Rollup.write(
            [block], tier: .hour, files: DiskFiles(), folder: path, name: fixture.name, windowsThrough: [:],
            deletedThrough: 0)
        let rollup = try Block(path, fixture.name)
        try rollup.verify()
        let ids = try rollup.ids(matching: [])
        let labels = try rollup.labels(of: ids)
        var counted: [LabelSet: Double] = [:]
        try rollup.readRollups(ids, in: .all, budget: QueryBudget()) { position, columns in
            counted[labels[position]] = columns.count.reduce(0, +)
        }
        for (set, columns) in fixture.series {
            let numbers = columns.numbers(fixture.details[set] ?? .empty)
            let expected = numbers.values.count { !$0.isNaN }
            #expect(counted[set] == (expected == 0 ? nil : Double(expected)))
        }
    }
}
