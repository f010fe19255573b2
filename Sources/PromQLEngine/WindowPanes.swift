import TimeSeriesStore

/// One series, cut at all begins and ends of windows: a window is then a run of whole panes, and each sample is looked at
/// once, however many windows have it (Li, Maier, Tufte, Papadimos & Tucker, "No pane, no gain", SIGMOD Record 34, 2005).
/// One value of it serves many series, one after the other, and keeps its memory.
///
///     windows  (─────────────]
///                   (─────────────]
///     panes    (────](───────](───]
struct WindowPanes<Part: WindowAggregate> {
    /// Panes without samples, and those in no window, are left out.
    private var panes: [WindowPane<Part>] = []
    private var sliding = SlidingAggregate<Part>()

    /// Initialises the first `ends.count` elements of `column` with the values of the windows that end there and are
    /// `length` long, `.absent` for those without samples. False if all are.
    mutating func fill(
        _ column: UnsafeMutableBufferPointer<Double>, _ times: UnsafeBufferPointer<Int64>,
        _ values: UnsafeBufferPointer<Double>, _ summaries: [SampleSummary], _ ends: MomentTrack, _ length: Int64
    ) -> Bool {
        cut(times, values, summaries, ends, length)
        sliding.reset()
        var lower = 0
        var upper = 0
        var isAnyPresent = false
        for step in 0..<ends.count {
            let end = ends[step]
            while upper < panes.count, panes[upper].edge <= end { upper += 1 }
            while lower < upper, panes[lower].edge <= end - length { lower += 1 }
            var value = Double.absent
            if lower < upper {
                let count = panes[upper - 1].count - (lower > 0 ? panes[lower - 1].count : 0)
                value = sliding.value(panes, lower, upper).value(count: count)
                isAnyPresent = true
            }
            column.initializeElement(at: step, to: value)
        }
        return isAnyPresent
    }

    private mutating func cut(
        _ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>, _ summaries: [SampleSummary],
        _ ends: MomentTrack, _ length: Int64
    ) {
        panes.removeAll(keepingCapacity: true)
        panes.reserveCapacity(min(2 * ends.count, times.count + summaries.count))
        var search = TimeSearch(times)
        var sample = 0
        var summary = 0
        var count = 0
        // How many windows begin, and end, at or before the last edge.
        var opened = 0
        var closed = 0
        while closed < ends.count, sample < times.count || summary < summaries.count {
            var edge = ends[closed]
            if opened < ends.count { edge = min(edge, ends[opened] - length) }
            let nextSample = search.firstIndex(after: edge)
            var part = Part()
            let countBefore = count
            if opened > closed {
                if sample < nextSample {
                    // `sample..<nextSample` lies within both columns, which are equally long.
                    part = Part(UnsafeBufferPointer(rebasing: values[sample..<nextSample]))
                    count += nextSample - sample
                }
                while summary < summaries.count, summaries[summary].lastTimestamp <= edge {
                    part = part.combined(with: Part(summaries[summary]))
                    count += summaries[summary].count
                    summary += 1
                }
            } else {
                while summary < summaries.count, summaries[summary].lastTimestamp <= edge { summary += 1 }
            }
            sample = nextSample
            if count > countBefore {
                panes.append(WindowPane(edge: edge, count: count, part: part))
            }
            while opened < ends.count, ends[opened] - length <= edge { opened += 1 }
            while closed < ends.count, ends[closed] <= edge { closed += 1 }
        }
    }
}

struct WindowPane<Part: WindowAggregate>: Sendable {
    /// Where it ends, inclusive, milliseconds.
    let edge: Int64
    /// How many samples there are in it and in the panes before it.
    let count: Int
    let part: Part
}

/// Searches an ascending column for one bound after the other, each no lower than the one before.
private struct TimeSearch {
    private let times: UnsafeBufferPointer<Int64>
    private var index = 0
    private var bound: Int64
    /// How many times there were in a millisecond of late.
    private var density: Double

    init(_ times: UnsafeBufferPointer<Int64>) {
        self.times = times
        bound = times.first ?? 0
        density = Double(times.count) / max(1, Double((times.last ?? 0) - bound))
    }

    /// The index of the first time above `next`; how many there are, if none is. O(log of how far the guess is off), where
    /// the guess is that times come as they came before: most series do, and a wrong probe is a miss of the cache.
    mutating func firstIndex(after next: Int64) -> Int {
        let start = index
        let near = min(times.count, start + 8)
        while index < near, times[index] <= next { index += 1 }
        if index == near, index < times.count {
            let distance = Double(next) - Double(bound)
            // Both ends are those of Int, so the conversion cannot fail.
            let guess = start + Int(max(0, min(distance * density, Double(times.count - 1 - start))))
            index = firstIndex(after: next, from: index, near: max(index, guess))
            if next > bound { density = Double(index - start) / distance }
        }
        bound = next
        return index
    }

    /// All before `start` are at most `next`; `start <= guess < times.count`.
    private func firstIndex(after next: Int64, from start: Int, near guess: Int) -> Int {
        var (low, high) = (start, times.count)
        // A cache line has eight times. From the guess on in doubled steps, towards where the bound is.
        var width = 8
        if times[guess] <= next {
            low = guess + 1
            while high - low > width {
                guard times[low + width - 1] <= next else {
                    high = low + width - 1
                    break
                }
                low += width
                width *= 2
            }
        } else {
            high = guess
            while high - low > width {
                guard times[high - width] > next else {
                    low = high - width + 1
                    break
                }
                high -= width
                width *= 2
            }
        }
        while low < high {
            let middle = low + (high - low) / 2
            if times[middle] <= next { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
