import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// The head's compression: what goes in comes out, bit for bit.
@Suite struct HeadColumnTests {
    private static let window: Int64 = 1_760_004_000_000 / 7_200_000 * 7_200_000

    private static func roundTrip(_ columns: SampleColumns) -> (columns: SampleColumns, bytes: Int) {
        var arena = PieceArena()
        var column = HeadColumn()
        var decoded = SampleColumns()
        var bytes: [UInt8] = []
        HeadCoding.powers.withUnsafeBufferPointer { powers in
            for (index, time) in columns.timestamps.enumerated() {
                if index == 0 {
                    column.begin(time, columns.values[0], window: window, powers: powers, in: &arena)
                } else {
                    column.append(time, columns.values[index], powers: powers, to: &arena)
                }
                if let value = column.lastValue {
                    #expect(value.bitPattern == columns.values[index].bitPattern)
                }
            }
        }
        let image = column.copy(from: arena, into: &bytes)
        HeadColumnReader.read(image, of: bytes, in: .all, into: &decoded)
        arena.release(endingWith: column.lastPiece)
        #expect(arena.usedBytes == 0)
        return (decoded, bytes.count)
    }

    private static func expectSame(_ a: SampleColumns, _ b: SampleColumns, _ what: String) {
        #expect(a.timestamps == b.timestamps, "\(what)")
        #expect(a.values.map(\.bitPattern) == b.values.map(\.bitPattern), "\(what)")
    }

    /// Series of every nature that the stream has a code for, and mixtures of them.
    private static func series(_ generator: inout SeededGenerator) -> SampleColumns {
        let count = Int.random(in: 1...Int(HeadColumn.maximumCount), using: &generator)
        var columns = SampleColumns()
        var time = window + Int64.random(in: 0...1000, using: &generator)
        let jitter = Bool.random(using: &generator) ? Int64.random(in: 0...40_000, using: &generator) : 0
        let step = max(1, min(15_000, 7_000_000 / Int64(count)))
        var value = 0.0
        var nature = Int.random(in: 0..<8, using: &generator)
        for _ in 0..<count {
            guard time < window + 7_200_000 else { break }
            if Int.random(in: 0..<200, using: &generator) == 0 { nature = Int.random(in: 0..<8, using: &generator) }
            switch nature {
            case 0: break
            case 1:
                value = (value + Double.random(in: -2...2, using: &generator)) * 100
                value = value.rounded() / 100
            case 2: value = value.rounded() + Double(Int.random(in: 0...4_000_000, using: &generator))
            case 3: value = Double.random(in: 0..<1, using: &generator)
            case 4: value = Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &generator))
            case 5:
                let specials: [Double] = [
                    .nan, -.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
                    Double(bitPattern: 0x7ff0_0000_0000_0002), 0x1p52, -0x1p53, 1e15, 1e-15,
                ]
                value = specials.randomElement(using: &generator) ?? 0
            case 6: value = Double(Int.random(in: 0...99_999, using: &generator)) / 1000
            default: value = value.isFinite ? value + 3 : 0
            }
            columns.timestamps.append(time)
            columns.values.append(value)
            let isRegular = jitter == 0 || Int.random(in: 0..<3, using: &generator) == 0
            time += isRegular ? step : max(1, Int64.random(in: 1...step + jitter, using: &generator))
        }
        return columns
    }

    @Test func everySeriesComesBackBitForBit() {
        var generator = SeededGenerator.seeded("everySeriesComesBackBitForBit")
        for round in 0..<400 {
            let columns = HeadColumnTests.series(&generator)
            HeadColumnTests.expectSame(HeadColumnTests.roundTrip(columns).columns, columns, "round \(round)")
        }
    }

    @Test func shortColumnsOfEveryLength() {
        for count in 1...70 {
            var columns = SampleColumns()
            for index in 0..<count {
                columns.timestamps.append(HeadColumnTests.window + Int64(index * index))
                columns.values.append(Double(index % 7) / 10)
            }
            HeadColumnTests.expectSame(HeadColumnTests.roundTrip(columns).columns, columns, "\(count) samples")
        }
    }

    @Test func regularAndConstantSamplesCostNextToNothing() {
        let times = (0..<480).map { HeadColumnTests.window + $0 * 15_000 }
        let constant = SampleColumns(timestamps: times, values: times.map { _ in 42.5 })
        #expect(HeadColumnTests.roundTrip(constant).bytes < 40)
        let counter = SampleColumns(timestamps: times, values: times.indices.map { Double($0 * 7) })
        #expect(HeadColumnTests.roundTrip(counter).bytes < 80)
    }

    @Test func aRangeIsCutOut() {
        let times = (0..<100).map { HeadColumnTests.window + $0 * 1000 }
        var arena = PieceArena()
        var column = HeadColumn()
        HeadCoding.powers.withUnsafeBufferPointer { powers in
            column.begin(times[0], 0, window: HeadColumnTests.window, powers: powers, in: &arena)
            for index in 1..<100 { column.append(times[index], Double(index), powers: powers, to: &arena) }
        }
        var bytes: [UInt8] = []
        let image = column.copy(from: arena, into: &bytes)
        for (from, through) in [(0, 99), (1, 98), (50, 50), (99, 99), (0, 0)] {
            var found = SampleColumns(timestamps: [1], values: [1])
            HeadColumnReader.read(
                image, of: bytes, in: TimeRange(from: times[from], through: times[through]), into: &found)
            #expect(found.timestamps.dropFirst() == times[from...through])
        }
        var nothing = SampleColumns()
        HeadColumnReader.read(image, of: bytes, in: TimeRange(from: 0, through: times[0] - 1), into: &nothing)
        HeadColumnReader.read(image, of: bytes, in: TimeRange(from: times[99] + 1, through: .max), into: &nothing)
        #expect(nothing.isEmpty)
    }
}
