import ChunkCodec
import Foundation
import LabelPattern
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// Blocks against what was put into them.
@Suite struct BlockTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: [(3, 2), (40, 2), (60, 24), (300, 2)] as [(Int, Int64)])
    func aBlockGivesBackWhatWasPutIn(_ seriesCount: Int, _ hours: Int64) throws {
        var generator = SeededGenerator.seeded("aBlockGivesBackWhatWasPutIn \(seriesCount) \(hours)")
        let fixture = BlockFixture(seriesCount: seriesCount, hours: hours, using: &generator)
        let block = try Block(folder.path, fixture.write(to: folder.path))
        try block.verify()
        #expect(block.seriesCount == fixture.series.count)
        #expect(block.sampleCount == fixture.series.values.reduce(0) { $0 + $1.count })
        #expect(block.windowsThrough == fixture.windows(through: 7))
        #expect(try isSame(block.contents(), fixture.series))
        for _ in 0..<10 {
            let from = Int64.random(in: fixture.from - 1000..<fixture.to, using: &generator)
            let range = TimeRange(from: from, through: from + Int64.random(in: 0...7_200_000, using: &generator))
            let expected = fixture.series.mapValues { $0.within(range) }.filter { !$0.value.isEmpty }
            #expect(try isSame(block.contents(in: range), expected), "\(range)")
            let ids = try block.ids(matching: [])
            let present = try zip(block.labels(of: ids), block.hasSamples(of: ids, in: range)).filter(\.1).map(\.0)
            #expect(Set(present) == Set(expected.keys), "\(range)")
        }
    }

    @Test func matchersFindWhatTheyAcceptAndNothingElse() throws {
        var generator = SeededGenerator.seeded("matchersFindWhatTheyAcceptAndNothingElse")
        let fixture = BlockFixture(seriesCount: 200, hours: 2, using: &generator)
        let block = try Block(folder.path, fixture.write(to: folder.path))
        let all = fixture.sorted.map(\.labels)
        let patterns = [
            "", ".*", ".+", "s1", "s1|s2|nothing", "s1.*", ".*1", "[a-e].*", "e\u{301}.*", "eu|", "(?i)EU", "x?",
        ]
        var conditions: [LabelMatcher.Condition] = []
        for text in ["", "s1", "eu", "m1", "zzz", "e\u{301}1", "é1"] { conditions += [.equal(text), .notEqual(text)] }
        for text in patterns {
            conditions += [.matches(try LabelPattern(text)), .doesNotMatch(try LabelPattern(text))]
        }
        let names = ["__name__", "source", "region", "note", "é", "e\u{301}", "absent"]
        let single = names.flatMap { name in conditions.map { [LabelMatcher(name, $0)] } }
        let several = (0..<200).map { _ in
            (0..<3).map { _ in
                LabelMatcher(names.randomElement(using: &generator)!, conditions.randomElement(using: &generator)!)
            }
        }
        for matchers in single + several {
            let found = try block.labels(of: block.ids(matching: matchers))
            let expected = all.filter { labels in
                matchers.allSatisfy { matcher in
                    let value = labels.labels.first { $0.name.utf8.elementsEqual(matcher.name.utf8) }?.value ?? ""
                    return switch matcher.condition {
                    case .equal(let wanted): value.utf8.elementsEqual(wanted.utf8)
                    case .notEqual(let wanted): !value.utf8.elementsEqual(wanted.utf8)
                    case .matches(let pattern): pattern.matchesWhole(value)
                    case .doesNotMatch(let pattern): !pattern.matchesWhole(value)
                    }
                }
            }
            #expect(found == expected, "\(matchers)")
        }
        #expect(block.labelNames() == ["__name__", "note", "region", "source", "é"])
        #expect(try block.labelValues(of: "region") == ["ap", "eu", "us"])
        #expect(try block.labelValues(of: "absent") == [])
    }

    @Test func seriesThatAreSampledTogetherShareTheirTimestamps() throws {
        let times = (0..<480).map { BlockFixture.day + Int64($0) * 15_000 }
        let name = BlockName(from: BlockFixture.day, to: BlockFixture.day + BlockTime.window, through: 1)
        var builder = try BlockBuilder(
            files: DiskFiles(), folder: folder.path, name: name, windowsThrough: [:], effort: .fast)
        for index in 10..<60 {
            // Every other series has timestamps of its own.
            let own = times.map { $0 + (index % 2 == 0 ? 0 : 1) }
            try builder.add(
                LabelSet(["__name__": "m", "i": "\(index)"]),
                SampleColumns(timestamps: own, values: times.map { Double($0 % 97) }))
        }
        try builder.finish()
        try builder.publish()
        let block = try Block(folder.path, name)
        #expect(block.timelineCount == 2)
        try block.verify()
    }

    @Test func aBuilderRefusesWhatIsNotInOrder() throws {
        let name = BlockName(from: 0, to: BlockTime.window, through: 1)
        var builder = try BlockBuilder(
            files: DiskFiles(), folder: folder.path, name: name, windowsThrough: [0: 1], effort: .fast)
        let one = SampleColumns(timestamps: [5], values: [1])
        try builder.add(LabelSet(["a": "2"]), one)
        for (labels, columns) in [
            (LabelSet(["a": "1"]), one), (LabelSet(["a": "2"]), one), (LabelSet(["a": "3"]), SampleColumns()),
            (LabelSet(["a": "3"]), SampleColumns(timestamps: [5, 5], values: [1, 1])),
            (LabelSet(["a": "3"]), SampleColumns(timestamps: [BlockTime.window], values: [1])),
            (LabelSet(["a": "3"]), SampleColumns(timestamps: [-1], values: [1])),
            (LabelSet(["a": "3"]), SampleColumns(timestamps: [1, 2], values: [1])),
        ] {
            #expect(throws: BlockBuildError.self) { try builder.add(labels, columns) }
        }
        let event = OperationalEvent(timestamp: 5, labels: .empty, value: 0, message: nil)
        try builder.add(event)
        #expect(throws: BlockBuildError.self) {
            try builder.add(OperationalEvent(timestamp: 4, labels: .empty, value: 0, message: nil))
        }
        builder.discard()
        #expect(try DiskFiles().names(in: folder.path) == [])
        for windows in [[1: 1], [BlockTime.window: 1], [0: 2]] as [[Int64: Int64]] {
            #expect(throws: BlockBuildError.self) {
                try BlockBuilder(
                    files: DiskFiles(), folder: folder.path, name: name, windowsThrough: windows, effort: .fast)
            }
        }
    }

    @Test func eventsComeNewestFirst() throws {
        var generator = SeededGenerator.seeded("eventsComeNewestFirst")
        let fixture = BlockFixture(seriesCount: 3, hours: 2, using: &generator)
        let block = try Block(folder.path, fixture.write(to: folder.path))
        for _ in 0..<50 {
            // Both ends are inclusive: they often lie on events.
            var ends = (0..<2).map { _ in Int64.random(in: fixture.from - 10..<fixture.to, using: &generator) }
            for index in ends.indices where Bool.random(using: &generator) {
                ends[index] = fixture.events.randomElement(using: &generator)!.timestamp
            }
            let range = TimeRange(from: ends.min()!, through: ends.max()!)
            let limit = Int.random(in: 0...20, using: &generator)
            let expected = fixture.events.filter { range.contains($0.timestamp) && $0.message != nil }
            let found = try block.events(in: range, limit: limit) { $0.message != nil }
            #expect(found.map(\.described) == expected.reversed().prefix(limit).map(\.described))
        }
    }

    @Test func theCacheKeepsToItsBound() throws {
        var generator = SeededGenerator.seeded("theCacheKeepsToItsBound")
        let fixture = BlockFixture(seriesCount: 300, hours: 2, using: &generator)
        let name = try fixture.write(to: folder.path)
        let later = try fixture.write(
            to: folder.path, name: BlockName(from: fixture.from, to: fixture.to, through: 9))
        let cache = BlockLabelCache(byteLimit: 100_000)
        let sorted = fixture.sorted.map(\.labels)
        do {
            let blocks = try [name, later].map {
                try Block(files: DiskFiles(), folder: folder.path, name: $0, cache: cache)
            }
            for _ in 0..<20 {
                let block = blocks.randomElement(using: &generator)!
                let ids = (0..<block.seriesCount).filter { _ in Bool.random(using: &generator) }
                #expect(try block.labels(of: ids) == ids.map { sorted[$0] })
                #expect(cache.byteCount <= 100_000)
            }
            #expect(cache.byteCount > 0)
        }
        #expect(cache.byteCount == 0)
    }

    @Test func threadsReadAtOnce() throws {
        var generator = SeededGenerator.seeded("threadsReadAtOnce")
        let fixture = BlockFixture(seriesCount: 100, hours: 2, using: &generator)
        let block = try Block(folder.path, fixture.write(to: folder.path))
        DispatchQueue.concurrentPerform(iterations: 16) { _ in
            let contents = try? block.contents()
            #expect(isSame(contents ?? [:], fixture.series))
        }
    }

    @Test func aRetiredBlockServesItsHoldersAndThenGoes() throws {
        var generator = SeededGenerator.seeded("aRetiredBlockServesItsHoldersAndThenGoes")
        let fixture = BlockFixture(seriesCount: 10, hours: 2, using: &generator)
        var block: Block? = try Block(folder.path, fixture.write(to: folder.path))
        block?.retire()
        #expect(try isSame(block!.contents(), fixture.series))
        block = nil
        #expect(try DiskFiles().names(in: folder.path) == [])
    }

    @Test(arguments: [
        ("0-7200000-5.sqlite", true), ("-7200000-0-1.sqlite", true), ("-7200000--3600000--1-2.sqlite", true),
        ("0-7200000-5-1.sqlite", true), ("0-7200000-5-0.sqlite", false), ("0-7200000-5--1.sqlite", false),
        ("5-3-1.sqlite", false), ("x-1-2.sqlite", false), ("1-2.sqlite", false), ("0-1-2.txt", false),
        ("-.sqlite", false), ("0-+5-1.sqlite", false), ("0-1-2-3-4.sqlite", false),
    ])
    func names(_ file: String, isValid: Bool) {
        let name = BlockName(fileName: file)
        #expect((name != nil) == isValid)
        if let name { #expect(name.fileName == file) }
    }
}

extension OperationalEvent {
    /// A NaN equals nothing.
    var described: String { "\(timestamp) \(labels) \(value) \(message ?? "none")" }
}
