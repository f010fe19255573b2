/// A column of integers as the steps from one to the next, where a step that repeats costs nothing more.
///
/// ```
/// token (varint):  odd t      the step before, t/2 + 1 times more
///                  even t     the step with zigzag code t/2, once
///                  2^64 − 2   the step whose zigzag code follows as a varint: those that the shift would cut
/// ```
///
/// Sequential references, equal timestamps and constant steps are runs, so a whole column is a few bytes.
struct StepWriter {
    static let escape = UInt64.max - 1

    private var previous: Int64
    private var step: Int64
    private var repeats: UInt64 = 0

    /// - Parameters: what the first step is taken from, and the step that counts as the one before it.
    init(previous: Int64, step: Int64) {
        self.previous = previous
        self.step = step
    }

    @inline(__always)
    mutating func append(_ value: Int64, to out: inout [UInt8]) {
        let next = value &- previous
        previous = value
        if next == step {
            repeats += 1
        } else {
            begin(next, &out)
        }
    }

    private mutating func begin(_ next: Int64, _ out: inout [UInt8]) {
        finish(&out)
        step = next
        let code = next.zigzag
        if code < StepWriter.escape >> 1 {
            out.appendVarint(code << 1)
        } else {
            out.appendVarint(StepWriter.escape)
            out.appendVarint(code)
        }
    }

    mutating func finish(_ out: inout [UInt8]) {
        guard repeats > 0 else { return }
        out.appendVarint((repeats - 1) << 1 | 1)
        repeats = 0
    }
}

/// Reads what `StepWriter` wrote, run by run.
struct StepReader {
    struct Run {
        let first: Int64
        let step: Int64
        let count: Int
    }

    private var previous: Int64
    private var step: Int64
    private var remaining: Int

    init(previous: Int64, step: Int64, remaining: Int) {
        self.previous = previous
        self.step = step
        self.remaining = remaining
    }

    /// The next values, `count` ≥ 1; nil when all were read.
    mutating func next(_ reader: inout VarintReader) throws(LogCorruption) -> Run? {
        guard remaining > 0 else { return nil }
        let token = try reader.varint("step")
        var count = 1
        if token == StepWriter.escape {
            step = Int64(zigzag: try reader.varint("long step"))
        } else if token & 1 == 0 {
            step = Int64(zigzag: token >> 1)
        } else {
            guard token >> 1 < UInt64(remaining) else {
                throw LogCorruption(position: reader.position, expected: "at most \(remaining) repeated steps")
            }
            count = Int(token >> 1) + 1
        }
        remaining -= count
        let run = Run(first: previous &+ step, step: step, count: count)
        previous = previous &+ step &* Int64(count)
        return run
    }
}
