import Foundation
import GRDB
import TelemetryModel
import TestSupport
import Testing

@testable import IngestLog

/// A malformed page of rows, wherever it lies: what it held is counted, or said to be uncountable.
@Suite struct MalformedLeafTests {
    private struct Leaf {
        /// Byte position of the page in the file.
        let start: Int
        let offsets: ClosedRange<Int>
    }

    private let sizes: [Int]
    private let fixture: LogFixture
    private var generator: SeededGenerator

    init() async throws {
        generator = SeededGenerator.seeded("MalformedLeafTests")
        var sizes: [Int] = []
        for _ in 0..<60 { sizes.append([1, 20, 100, 600][Int(generator.next() % 4)]) }
        fixture = try LogFixture()
        for size in sizes { try await fixture.append(size, &generator) }
        self.sizes = sizes
    }

    /// The pages of rows, in order of offset; the log is closed. Without the newest, which must be intact.
    private func leaves(from first: Int = 1) throws -> [Leaf] {
        try fixture.log.close()
        let pages = try fixture.fetch(
            "SELECT pageno, ncell FROM dbstat WHERE name = 'batch' AND pagetype = 'leaf' ORDER BY path")
        var leaves: [Leaf] = []
        var next = first
        for page in pages {
            let (number, cells): (Int, Int) = (page["pageno"], page["ncell"])
            leaves.append(Leaf(start: (number - 1) * LogDatabase.pageSize, offsets: next...next + cells - 1))
            next += cells
        }
        #expect(next == sizes.count + 1)
        return leaves.dropLast()
    }

    private func overwrite(_ good: Data, at start: Int, with bytes: [UInt8]) throws {
        var damaged = good
        damaged.replaceSubrange(start..<start + bytes.count, with: bytes)
        try damaged.write(to: URL(fileURLWithPath: fixture.file))
    }

    private func records(_ offsets: some Sequence<Int>) -> Int { offsets.reduce(0) { $0 + sizes[$1 - 1] } }

    @Test func everyLeafThatIsMalformedIsCountedFromTheBeginning() throws {
        let leaves = try leaves()
        let good = try Data(contentsOf: URL(fileURLWithPath: fixture.file))
        for leaf in leaves {
            try overwrite(good, at: leaf.start, with: [0])
            let entries = try fixture.reopen().entries()
            #expect(entries.damages.map(\.records?.sum) == [records(leaf.offsets)], "\(leaf)")
            #expect(entries.batches.count == sizes.count - leaf.offsets.count, "\(leaf)")
            try fixture.log.close()
        }
    }

    /// SQLite takes such a page for a good one.
    @Test func rowsThatACellCountHidesAreCounted() throws {
        let leaves = try leaves()
        let good = try Data(contentsOf: URL(fileURLWithPath: fixture.file))
        for leaf in leaves {
            for count in 0..<leaf.offsets.count {
                try overwrite(good, at: leaf.start + 3, with: [0, UInt8(count)])
                let log = try fixture.reopen()
                let entries = try log.entries()
                let hidden = Array(leaf.offsets.dropFirst(count))
                #expect(entries.damages.map(\.first) == [Int64(hidden[0])])
                #expect(entries.damages.map(\.records?.sum) == [records(hidden)], "\(leaf), \(count)")
                let read = entries.batches.reduce(0) { $0 + $1.batch.count }
                #expect(read == records(1...sizes.count) - records(hidden), "\(leaf), \(count)")
                for start in leaf.offsets {
                    let damages = try log.entries(after: Int64(start)).damages
                    let lost = hidden.filter { $0 > start }
                    let isKnown = start < hidden[0]
                    #expect(damages.map(\.records?.sum) == (lost.isEmpty ? [] : [isKnown ? records(lost) : nil]))
                }
                // An end among them.
                let (first, last) = (Int64(hidden[0]), Int64(hidden[hidden.count - 1]))
                let error = #expect(throws: DamagedBatches.self) {
                    try log.batches(after: first - 1, through: last, limit: 10)
                }
                #expect(error?.last == last && error?.records == nil)
                try log.close()
            }
        }
    }

    @Test func theOldestLeafIsCountedAfterATrim() throws {
        let trimmed = 20
        try fixture.log.trim(through: Int64(trimmed))
        let leaf = try #require(try leaves(from: trimmed + 1).first)
        let good = try Data(contentsOf: URL(fileURLWithPath: fixture.file))
        try overwrite(good, at: leaf.start, with: [0])
        let log = try fixture.reopen()
        #expect(try log.oldestOffset() == Int64(trimmed + 1))
        #expect(try log.recordCount(after: Int64(trimmed)) == records(trimmed + 1...sizes.count))
        for start in [0, trimmed] {
            let entries = try log.entries(after: Int64(start))
            #expect(entries.damages.map(\.first) == [Int64(trimmed + 1)])
            #expect(entries.damages.map(\.records?.sum) == [records(leaf.offsets)])
            #expect(entries.batches.map(\.offset) == (leaf.offsets.upperBound + 1...sizes.count).map { Int64($0) })
        }
        try log.close()
    }

    /// Beginning within a malformed page, nothing tells which of its records lie before the beginning.
    @Test func aLossAroundTheBeginningIsSaidToBeUncountable() throws {
        let leaves = try leaves().filter { $0.offsets.count > 1 }
        let good = try Data(contentsOf: URL(fileURLWithPath: fixture.file))
        #expect(leaves.count > 2)
        for leaf in leaves {
            try overwrite(good, at: leaf.start, with: [0])
            let log = try fixture.reopen()
            for start in leaf.offsets {
                let entries = try log.entries(after: Int64(start))
                let rest = leaf.offsets.upperBound + 1...sizes.count
                #expect(entries.batches.map(\.offset) == rest.map { Int64($0) })
                // At the last row of the page nothing is lost: the next page tells.
                let isLossless = start == leaf.offsets.upperBound
                #expect(entries.damages.map(\.records) == (isLossless ? [] : [nil]), "\(leaf), \(start)")
                #expect(entries.damages.map(\.first) == (isLossless ? [] : [Int64(start + 1)]))
                #expect(entries.damages.allSatisfy { $0.description.contains("cannot be told") })
            }
            // Where an end within the page is asked for, too; the totals before it are known.
            let first = Int64(leaf.offsets.lowerBound)
            let error = #expect(throws: DamagedBatches.self) {
                try log.batches(after: first - 1, through: first, limit: 10)
            }
            #expect(error?.first == first && error?.last == first && error?.records == nil)
            try log.close()
        }
    }
}
