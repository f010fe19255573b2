import TestSupport
import Testing
import TimeSeriesStore

@Suite struct WindowGridTests {
    /// Some but not all of the milliseconds of `first ... last` are in one of the windows, by looking at each of them.
    private func separates(_ grid: WindowGrid, _ first: Int64, _ last: Int64) -> Bool {
        (0..<Int64(grid.count)).contains { index in
            let end = grid.firstEnd + index * grid.step
            let inside = (first...last).count { end - grid.length < $0 && $0 <= end }
            return inside > 0 && inside < Int(last - first + 1)
        }
    }

    @Test func everySmallGrid() {
        for step in Int64(0)...4 {
            for count in 1...(step == 0 ? 1 : 4) {
                for length in Int64(1)...6 {
                    let grid = WindowGrid(firstEnd: 0, step: step, count: count, length: length)
                    for first in Int64(-9)...15 {
                        for last in first...15 {
                            let isRight = grid.separates(first, last) == separates(grid, first, last)
                            #expect(isRight, "\(grid) for \(first)...\(last)")
                        }
                    }
                }
            }
        }
    }

    /// The same windows and times, both moved.
    @Test func movedGrids() {
        var random = SeededGenerator.seeded("movedGrids")
        for _ in 0..<20_000 {
            let step = Int64.random(in: 1...7, using: &random)
            let count = Int.random(in: 1...5, using: &random)
            let length = Int64.random(in: 1...20, using: &random)
            let grid = WindowGrid(firstEnd: 0, step: step, count: count, length: length)
            let first = Int64.random(in: -25...35, using: &random)
            let last = first + Int64.random(in: 0...12, using: &random)
            let (low, high) = (min(-length, first), max(Int64(count - 1) * step, last))
            for move in [Int64.random(in: -100...100, using: &random), .min - low, .max - high] {
                let moved = WindowGrid(firstEnd: move, step: step, count: count, length: length)
                let isRight = moved.separates(first + move, last + move) == separates(grid, first, last)
                #expect(isRight, "\(moved) for \(first + move)...\(last + move)")
            }
        }
    }

    @Test func extremes() {
        let all = WindowGrid(firstEnd: .max, step: 0, count: 1, length: .max)
        #expect(!all.separates(1, .max))
        #expect(all.separates(0, .max))
        #expect(all.separates(.min, .max))
        #expect(!all.separates(.min, 0))

        let early = WindowGrid(firstEnd: .min, step: .max, count: .max, length: .max)
        #expect(early.separates(.min, .max))
        #expect(early.separates(.min, .min + 1))
        #expect(!early.separates(.min + 1, -1))
        #expect(early.separates(-1, 0))
        // The second window ends at -1, the third at .max - 1, beyond which only their begins could be.
        #expect(early.separates(.max - 1, .max))
        #expect(!early.separates(0, .max - 1))

        let dense = WindowGrid(firstEnd: .min, step: 1, count: .max, length: 1)
        #expect(dense.separates(.min, .min + 1))
        #expect(dense.separates(-2, -1))
        // `.min + .max - 1`, where the last window ends, is -2.
        #expect(!dense.separates(-1, .max))
    }

    @Test func oneMomentIsNeverSeparated() {
        let grid = WindowGrid(firstEnd: 100, step: 1, count: 100, length: 1)
        for moment in [Int64.min, 99, 100, 150, .max] { #expect(!grid.separates(moment, moment)) }
    }
}
