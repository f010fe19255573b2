import ChunkCodec
import Foundation
import TelemetryModel
import TestSupport
import TimeSeriesStore

@testable import EmbeddedStore

/// Random series and events, and blocks made of them.
struct BlockFixture {
    static let day: Int64 = 1_760_054_400_000

    var series: [LabelSet: SampleColumns] = [:]
    /// Of some series, if there are to be any.
    var details: [LabelSet: SampleDetails] = [:]
    var events: [OperationalEvent] = []
    let from: Int64
    let to: Int64

    /// Series with the shapes that matter: shared steps, jitter, gaps; counters with resets, decimals, every bit pattern.
    init(
        seriesCount: Int, hours: Int64, withDetails: Bool = false, using generator: inout SeededGenerator
    ) {
        from = BlockFixture.day
        to = from + hours * BlockTime.hour
        let steps: [Int64] = [15_000, 60_000, 10_000, 300_000]
        for index in 0..<seriesCount {
            var labels = [
                Label("__name__", "m\(Int.random(in: 0..<3, using: &generator))"), Label("source", "s\(index)"),
                Label("é", "e\u{301}\(index % 3)"),
            ]
            if index % 2 == 0 { labels.append(Label("region", ["eu", "us", "ap"].randomElement(using: &generator)!)) }
            if index % 5 == 0 { labels.append(Label("note", "a \"b\" \\ \n\u{1}")) }
            let times = timestamps(steps.randomElement(using: &generator)!, using: &generator)
            guard !times.isEmpty else { continue }
            series[LabelSet(labels)] = SampleColumns(
                timestamps: times, values: BlockFixture.values(times.count, using: &generator))
            if withDetails { addDetails(to: LabelSet(labels), index, using: &generator) }
        }
        for index in 0..<50 {
            let labels = LabelSet(["__name__": "m", "source_id": "s\(index % 4)", "severity": "error"])
            events.append(
                OperationalEvent(
                    timestamp: Int64.random(in: from..<to, using: &generator), labels: labels,
                    value: [1.5, .nan, 0, -3].randomElement(using: &generator)!,
                    message: index % 3 == 0 ? nil : "m \(index)"))
        }
        events.sort { $0.timestamp < $1.timestamp }
    }

    /// Histograms only, numbers and histograms that count anew, numbers of a counter, or nothing.
    private mutating func addDetails(to set: LabelSet, _ index: Int, using generator: inout SeededGenerator) {
        guard let columns = series[set], index % 4 < 3 else { return }
        var own = SampleDetails()
        let shape = RandomHistograms.Shape.allCases[index % 5]
        let histograms = RandomHistograms.series(shape, count: columns.count, using: &generator)
        for (position, time) in columns.timestamps.enumerated() {
            if index % 4 == 0 || index % 4 == 1 && generator.next() % 3 == 0 {
                own.histograms.append(time, histograms[position])
                series[set]?.values[position] = SampleDetails.valueBesideHistogram
            }
            if index % 4 == 1 { own.starts.append(time, time - 15_000) }
            if index % 4 == 2, generator.next() % 100 > 0 { own.starts.append(time, from - 77) }
        }
        details[set] = own
    }

    private func timestamps(_ step: Int64, using generator: inout SeededGenerator) -> [Int64] {
        let start = from + (Bool.random(using: &generator) ? 0 : Int64.random(in: 0..<step, using: &generator))
        let jitter: Int64 = Bool.random(using: &generator) ? 0 : 40
        let gap = Int64.random(in: 0..<20, using: &generator) == 0 ? 0.4 : 0
        return stride(from: start, to: to - jitter, by: Int(step)).compactMap { time in
            if Double.random(in: 0..<1, using: &generator) < gap { return nil }
            return time + (jitter == 0 ? 0 : Int64.random(in: 0...jitter, using: &generator))
        }
    }

    private static func values(_ count: Int, using generator: inout SeededGenerator) -> [Double] {
        var value = Double(Int.random(in: 0...1000, using: &generator))
        let shape = generator.next() % 5
        return (0..<count).map { _ in
            switch shape {
            case 0: return value
            case 1:
                value += Double(Int.random(in: 0...400, using: &generator))
                if generator.next() % 100 == 0 { value = Double(generator.next() % 10) }
                return value
            case 2:
                value += Double(Int.random(in: -100...100, using: &generator))
                return value / 100
            case 3: return Double.random(in: -1...1, using: &generator)
            default:
                let strange: [UInt64] = [0x7ff0_0000_0000_0002, 0x7ff8_0000_0000_0001, 1 << 63, 0x7ff0 << 48, 1]
                return generator.next() % 50 == 0
                    ? Double(bitPattern: strange.randomElement(using: &generator)!) : Double(generator.next() % 100)
            }
        }
    }

    var sorted: [(labels: LabelSet, columns: SampleColumns)] {
        series.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    var name: BlockName { BlockName(from: from, to: to, through: 7) }

    func windows(through offset: Int64) -> [Int64: Int64] {
        Dictionary(
            uniqueKeysWithValues: stride(from: from, to: to, by: Int(BlockTime.window)).map { ($0, offset) })
    }

    /// Writes and publishes the block.
    @discardableResult func write(
        to folder: String, name: BlockName? = nil, replaces: [String] = []
    ) throws -> BlockName {
        let name = name ?? self.name
        var builder = try BlockBuilder(
            files: DiskFiles(), folder: folder, name: name, windowsThrough: windows(through: name.through),
            replaces: replaces, effort: .fast)
        for (labels, columns) in sorted { try builder.add(labels, columns, details[labels] ?? .empty) }
        for event in events { try builder.add(event) }
        try builder.finish()
        try builder.publish()
        return name
    }
}

extension BlockName {
    /// A copy of the block of a folder, in a folder of its own, changed by a statement of SQL.
    func alteredCopy(in folder: String, _ statement: String) throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        let path = "\(copy.path)/\(fileName)"
        try DiskFiles().copy("\(folder)/\(fileName)", to: path)
        // The scratch mode writes without a journal, which suits here.
        try BlockDatabase(path: path, file: fileName, mode: .scratch(pageSize: 65_536)).execute(statement)
        return copy
    }
}

extension Block {
    convenience init(_ folder: String, _ name: BlockName, cacheBytes: Int = 1 << 20) throws {
        try self.init(
            files: DiskFiles(), folder: folder, name: name, cache: BlockLabelCache(byteLimit: cacheBytes))
    }

    /// Everything, by labels.
    func contents(in range: TimeRange = .all) throws -> [LabelSet: SampleColumns] {
        let ids = try ids(matching: [])
        let labels = try labels(of: ids)
        var found: [LabelSet: SampleColumns] = [:]
        try read(ids, in: range, windows: nil, budget: QueryBudget()) { position, series in
            found[labels[position]] = series.columns
        }
        return found
    }
}

extension SampleDetails {
    /// Bit for bit.
    func isSame(as other: SampleDetails) -> Bool {
        histograms.timestamps == other.histograms.timestamps && histograms.values.isSame(as: other.histograms.values)
            && starts.timestamps == other.starts.timestamps && starts.values == other.starts.values
    }
}

extension SampleColumns {
    /// Bit for bit.
    func isSame(as other: SampleColumns) -> Bool {
        timestamps == other.timestamps && values.map(\.bitPattern) == other.values.map(\.bitPattern)
    }

    func within(_ range: TimeRange) -> SampleColumns {
        let from = timestamps.lowerBound(of: range.from, from: 0)
        let to = range.through == .max ? count : timestamps.lowerBound(of: range.through + 1, from: from)
        return SampleColumns(timestamps: Array(timestamps[from..<to]), values: Array(values[from..<to]))
    }
}

/// `#expect` prints both sides, which for a block's content is too much to be of use.
func isSame(_ a: [LabelSet: SampleColumns], _ b: [LabelSet: SampleColumns]) -> Bool {
    a.count == b.count && a.allSatisfy { b[$0.key]?.isSame(as: $0.value) == true }
}
