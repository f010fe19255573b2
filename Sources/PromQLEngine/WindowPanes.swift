import TimeSeriesStore

/// One series, cut at all begins and ends of windows: a window is then a run of whole panes, and each sample is looked at
/// once, however many windows have it (Li, Maier, Tufte, Papadimos & Tucker, "No pane, no gain", SIGMOD Record 34, 2005).
/// One value of it serves many series, one after the other, and keeps its memory.
///
///     windows  (─────────────]
///                   (─────────────]
///     panes    (────](───────](───]
struct WindowPanes<Part: WindowAggregate> {
    /// Where a pane ends, inclusive. Panes without samples, and those in no window, are left out.
    private var edges: [Int64] = []
    private var parts: [Part] = []
    /// How many samples there are in the pane and those before it.
    private var counts: [Int] = []
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
            // Both stay within 0...edges.count, and the columns are equally long.
            while upper < edges.count, edges[upper] <= end { upper += 1 }
            while lower < upper, edges[lower] <= end - length { lower += 1 }
            var value = Double.absent
            if lower < upper {
                let count = counts[upper - 1] - (lower > 0 ? counts[lower - 1] : 0)
                value = sliding.value(parts, lower, upper).value(count: count)
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
        edges.removeAll(keepingCapacity: true)
        parts.removeAll(keepingCapacity: true)
        counts.removeAll(keepingCapacity: true)
        var sample = 0
        var summary = 0
        var count = 0
        // How many windows begin, and end, at or before the last edge.
        var opened = 0
        var closed = 0
        while closed < ends.count, sample < times.count || summary < summaries.count {
            var edge = ends[closed]
            if opened < ends.count { edge = min(edge, ends[opened] - length) }
            let nextSample = times.firstIndex(after: edge, from: sample)
            var part = Part()
            let countBefore = count
            if opened > closed {
                if sample < nextSample {
                    // `sample...nextSample` lies within both columns, which are equally long.
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
                edges.append(edge)
                parts.append(part)
                counts.append(count)
            }
            while opened < ends.count, ends[opened] - length <= edge { opened += 1 }
            while closed < ends.count, ends[closed] <= edge { closed += 1 }
        }
    }
}

extension UnsafeBufferPointer<Int64> {
    /// Of the first element above `bound` in an ascending column, given that it is not before `start`; `count` if there is
    /// none. O(log of the distance from `start`).
    fileprivate func firstIndex(after bound: Int64, from start: Int) -> Int {
        // Most moves are short.
        var index = start
        let near = Swift.min(count, start + 8)
        while index < near {
            if self[index] > bound { return index }
            index += 1
        }
        // Everything before `index` is at most `bound`. Steps of doubled width until one goes beyond it.
        var width = 16
        while index + width <= count, self[index + width - 1] <= bound {
            index += width
            width *= 2
        }
        var end = Swift.min(count, index + width)
        while index < end {
            let middle = index + (end - index) / 2
            if self[middle] <= bound { index = middle + 1 } else { end = middle }
        }
        return index
    }
}
