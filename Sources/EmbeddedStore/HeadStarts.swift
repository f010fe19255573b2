import TimeSeriesStore

/// When the counting began of samples of one series in one window of the head.
///
/// A cumulative counter says the same in every sample: kept are runs of consecutive samples with the same start, as bytes, so
/// that a window of such a counter has one run, and a series that counts anew for every sample takes about five bytes each.
///
///     run := begin minus the end of the run before, end minus begin, start minus the end of the run before (LEB128; zigzag)
struct HeadStarts: Sendable {
    private struct Run {
        /// Every sample of the series in `first ... last` has the start.
        var first: Int64
        var last: Int64
        var start: Int64
    }

    private var closed: [UInt8] = []
    private var closedEnd: Int64 = 0
    /// The latest run.
    private var open: Run?

    var isEmpty: Bool { open == nil }
    var byteCount: Int { closed.isEmpty ? 0 : closed.capacity + 32 }

    /// - Parameter previous: the time of the window's sample before; nil if this is the first one.
    /// - Precondition: `time` is after all samples of the window.
    mutating func append(_ time: Int64, _ start: Int64, previous: Int64?) {
        if let run = open, run.start == start, run.last == previous {
            open?.last = time
        } else {
            append(Run(first: time, last: time, start: start))
        }
    }

    private mutating func append(_ run: Run) {
        if let done = open {
            closed.append(varint: (done.first &- closedEnd).zigzagged)
            closed.append(varint: UInt64(bitPattern: done.last &- done.first))
            closed.append(varint: (done.start &- closedEnd).zigzagged)
            closedEnd = done.last
        }
        open = run
    }

    func start(at time: Int64) -> Int64? { runs.first { $0.first <= time && time <= $0.last }?.start }

    /// Says of one sample, perhaps a new one between others, what is known; nil: nothing. O(runs).
    mutating func set(_ time: Int64, _ start: Int64?) {
        var changed: [Run] = []
        var isPlaced = start == nil
        func place() {
            if !isPlaced, let start { changed.append(Run(first: time, last: time, start: start)) }
            isPlaced = true
        }
        for run in runs {
            if run.last < time {
                changed.append(run)
                continue
            }
            if run.first < time { changed.append(Run(first: run.first, last: time &- 1, start: run.start)) }
            place()
            if run.last > time {
                changed.append(Run(first: max(run.first, time &+ 1), last: run.last, start: run.start))
            }
        }
        place()
        self = HeadStarts()
        for run in changed { append(run) }
    }

    /// Those of the samples at these times, which ascend.
    func column(of times: ArraySlice<Int64>) -> SparseColumn<Int64> {
        var column = SparseColumn<Int64>()
        var index = times.startIndex
        for run in runs {
            while index < times.endIndex, times[index] < run.first { index += 1 }
            while index < times.endIndex, times[index] <= run.last {
                column.append(times[index], run.start)
                index += 1
            }
        }
        return column
    }

    private var runs: [Run] {
        var runs: [Run] = []
        closed.withUnsafeBytes { bytes in
            var offset = 0
            var end: Int64 = 0
            while let first = bytes.varint(at: &offset), let length = bytes.varint(at: &offset),
                let start = bytes.varint(at: &offset)
            {
                let run = Run(first: end &+ Int64(zigzag: first), last: 0, start: end &+ Int64(zigzag: start))
                end = run.first &+ Int64(bitPattern: length)
                runs.append(Run(first: run.first, last: end, start: run.start))
            }
        }
        if let open { runs.append(open) }
        return runs
    }
}
