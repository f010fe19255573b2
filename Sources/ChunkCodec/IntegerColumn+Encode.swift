extension IntegerColumn {
    /// How hard to look for the smallest form.
    struct Search {
        var models: [Model]
        /// Compares models by a part of the numbers, and takes the usual frame length.
        var isQuick: Bool
        var triesPlane: Bool
    }

    /// Numbers with what each model leaves of them.
    private struct Candidate {
        var model: Model
        var slope: Int64 = 0
        var residuals: [Int64]
    }

    /// Appends the column. O(numbers).
    ///
    /// - Parameters:
    ///   - start: what a reader will expect the first number to be near.
    ///   - slope: the step of model `line`.
    static func append(
        _ numbers: Span<Int64>, start: Int64 = 0, slope: Int64 = 0, search: Search, to stream: inout PackedBits
    ) {
        var best: Candidate?
        var buckets = DistanceBuckets()
        var bestCost = Int.max
        // Frames short enough to fit what changes, long enough that their headers do not matter.
        let firstCode = numbers.count > 512 ? 3 : 0
        var steps: [Int64] = []
        for model in search.models where model.seedCount < max(numbers.count, 2) {
            // Where steps are harder to tell than the numbers, so are changes of steps.
            if model == .changes, best?.model == .plain { continue }
            let residuals: [Int64]
            switch model {
            case .plain:
                residuals = [Int64](capacity: numbers.count) { output in SampleLoops.copy(numbers, into: &output) }
            case .steps:
                residuals = [Int64](capacity: numbers.count) { output in
                    SampleLoops.differences(numbers, into: &output)
                }
                steps = residuals
            case .changes:
                residuals = [Int64](capacity: steps.count) { output in
                    SampleLoops.differences(steps.span, into: &output)
                }
            case .line:
                residuals = [Int64](capacity: numbers.count) { output in
                    SampleLoops.subtractLine(numbers, slope: slope, into: &output)
                }
            }
            let candidate = Candidate(model: model, slope: slope, residuals: residuals)
            let cost = cost(
                of: candidate, frameLength: frameLength(code: firstCode, count: numbers.count),
                isQuick: search.isQuick, buckets: &buckets)
            // A simpler model is preferred: it decodes faster.
            if best == nil || cost < bestCost - bestCost / 256 {
                best = candidate
                bestCost = cost
            }
        }
        guard let best else { preconditionFailure("a column has at least one model") }
        var code = firstCode
        if !search.isQuick, firstCode != 0 {
            for other in [1, 5, 0] {
                let cost = cost(
                    of: best, frameLength: frameLength(code: other, count: numbers.count), isQuick: false,
                    buckets: &buckets)
                if cost < bestCost {
                    bestCost = cost
                    code = other
                }
            }
        }
        let shape = Shape(model: best.model, frameLengthCode: code)
        let earlier = stream.bytes.count
        append(best, of: numbers, shape: shape, start: start, buckets: &buckets, to: &stream)
        let packedByteCount = stream.bytes.count - earlier
        // A plane seldom saves more than a bit a number: too little of many bits, too little to save of few.
        guard search.triesPlane, bestCost > numbers.count / 4, bestCost < 40 * numbers.count else { return }
        let planed = planed(best, of: numbers, start: start, buckets: &buckets)
        // Decompressing takes about a nanosecond a number: that must save a fortieth, and an eighth of a bit a number.
        let leastSaving = max(packedByteCount / 40, numbers.count / 64)
        if !planed.isEmpty, planed.count <= packedByteCount - leastSaving {
            stream.bytes.removeLast(packedByteCount)
            stream.bytes.append(contentsOf: planed)
        }
    }

    /// The column as one frame with a plane of its highest eight bits, in the better of two widths.
    private static func planed(
        _ candidate: Candidate, of numbers: Span<Int64>, start: Int64, buckets: inout DistanceBuckets
    ) -> [UInt8] {
        let packed = min(candidate.model.seedCount, numbers.count)..<numbers.count
        var candidate = candidate
        if candidate.model == .line {
            SampleLoops.subtract(candidate.residuals[0], from: &candidate.residuals, range: packed)
        }
        let plan = FramePlan(candidate.residuals.span, range: packed, buckets: &buckets)
        var best: [UInt8] = []
        for wider in 0...1 where plan.width + wider <= 56 {
            var stream = PackedBits(capacity: 64 + 2 * numbers.count)
            // The room on both sides: entropy coding makes rare numbers within the frame cheaper than exceptions.
            let base = wider == 0 ? plan.base : plan.base &- 1 &<< Int64(max(plan.width - 1, 0))
            let width = max(plan.width + wider - 8, 0)
            guard
                let plane = BytePlane.compressed(
                    SampleLoops.bytes(candidate.residuals.span, range: packed, base: base, shift: width))
            else { continue }
            let exceptions = Exceptions(
                beyond: width + 8, base: base, in: candidate.residuals.span, range: packed)
            stream.append(Shape(model: candidate.model, hasPlane: true).byte)
            if candidate.model == .line { stream.append(signed: candidate.slope) }
            stream.append(UInt8(width) | (exceptions.positions.isEmpty ? 0 : 0x80))
            appendSeeds(numbers, model: candidate.model, start: start, to: &stream)
            stream.append(signed: base)
            exceptions.appendParameters(to: &stream)
            stream.append(varint: UInt64(plane.count))
            stream.bytes.append(contentsOf: plane)
            SampleLoops.pack(
                candidate.residuals.span, range: packed, base: base, width: width, into: &stream)
            exceptions.appendBits(to: &stream)
            stream.closeByte()
            if best.isEmpty || stream.bytes.count < best.count { best = stream.bytes }
        }
        return best
    }

    /// What the header of a column's only frame says before the base.
    private static func appendSeeds(_ numbers: Span<Int64>, model: Model, start: Int64, to stream: inout PackedBits) {
        if model != .plain { stream.append(signed: numbers[0] &- start) }
        if model == .changes { stream.append(signed: numbers[1] &- numbers[0]) }
    }

    private static func frameLength(code: Int, count: Int) -> Int {
        Shape(model: .plain, frameLengthCode: code).frameLength(sampleCount: count)
    }

    /// About how many bits the frames take.
    private static func cost(
        of candidate: Candidate, frameLength: Int, isQuick: Bool, buckets: inout DistanceBuckets
    ) -> Int {
        let seedCount = candidate.model.seedCount
        var cost = 0
        var lower = 0
        while lower < candidate.residuals.count {
            let upper = min(lower + frameLength, candidate.residuals.count)
            cost += 16 * seedCount
            let plan = FramePlan(
                candidate.residuals.span, range: min(lower + seedCount, upper)..<upper,
                stride: isQuick ? max(1, frameLength / 64) : 1, buckets: &buckets)
            cost += plan.bitCount
            lower = upper
        }
        return cost
    }

    private static func append(
        _ candidate: Candidate, of numbers: Span<Int64>, shape: Shape, start: Int64,
        buckets: inout DistanceBuckets, to stream: inout PackedBits
    ) {
        stream.append(shape.byte)
        if shape.model == .line { stream.append(signed: candidate.slope) }
        var context = Context(start: start)
        let frameLength = shape.frameLength(sampleCount: numbers.count)
        var lower = 0
        var residuals = candidate.residuals
        while lower < numbers.count {
            let upper = min(lower + frameLength, numbers.count)
            let packed = min(lower + shape.model.seedCount, upper)..<upper
            if shape.model == .line {
                // Relative to the frame's own first number.
                SampleLoops.subtract(residuals[lower], from: &residuals, range: packed)
            }
            let plan = FramePlan(residuals.span, range: packed, buckets: &buckets)
            let exceptions = Exceptions(beyond: plan, in: residuals.span, range: packed)
            stream.append(UInt8(plan.width) | (exceptions.positions.isEmpty ? 0 : 0x80))
            if shape.model != .plain {
                stream.append(signed: numbers[lower] &- context.expectedStart)
                context.advance(start: numbers[lower], isFirst: lower == 0)
            }
            if shape.model == .changes {
                let step = upper - lower > 1 ? numbers[lower + 1] &- numbers[lower] : context.firstStep
                stream.append(signed: step &- context.firstStep)
                context.advance(firstStep: step)
            }
            stream.append(signed: plan.base &- context.base)
            context.advance(base: plan.base)
            exceptions.appendParameters(to: &stream)
            SampleLoops.pack(
                residuals.span, range: packed, base: plan.base, width: plan.width, into: &stream)
            exceptions.appendBits(to: &stream)
            stream.closeByte()
            lower = upper
        }
    }
}

/// Positions and payloads to be written as an `ExceptionList`.
struct Exceptions {
    var positions: [Int64] = []
    var payloads: [Int64] = []

    init() {}

    /// Those of `range` that do not lie in `plan`'s interval, by their distance from its base in units of the interval.
    init(beyond plan: FramePlan, in numbers: Span<Int64>, range: Range<Int>) {
        self.init(
            beyond: plan.width, base: plan.base, in: numbers, range: plan.exceptionCount == 0 ? 0..<0 : range)
    }

    /// Those of `range` outside base ..< base + 2^width; width is below 64.
    init(beyond width: Int, base: Int64, in numbers: Span<Int64>, range: Range<Int>) {
        for index in range {
            let excess = (numbers[index] &- base) &>> Int64(width)
            if excess != 0 {
                positions.append(Int64(index - range.lowerBound))
                payloads.append(excess)
            }
        }
    }

    private var gaps: [Int64] {
        var previous: Int64 = -1
        return positions.map { position in
            defer { previous = position }
            return position - previous - 1
        }
    }

    private static func interval(_ numbers: [Int64]) -> (base: Int64, width: Int) {
        guard let low = numbers.min(), let high = numbers.max() else { return (0, 0) }
        return (low, 64 - UInt64(bitPattern: high &- low).leadingZeroBitCount)
    }

    /// Nothing if there are none.
    func appendParameters(to stream: inout PackedBits) {
        if positions.isEmpty { return }
        let gap = Exceptions.interval(gaps)
        let payload = Exceptions.interval(payloads)
        stream.append(varint: UInt64(positions.count))
        stream.append(varint: UInt64(gap.base))
        stream.append(signed: payload.base)
        stream.append(UInt8(gap.width))
        stream.append(UInt8(payload.width))
    }

    func appendBits(to stream: inout PackedBits) {
        if positions.isEmpty { return }
        let gaps = gaps
        let gap = Exceptions.interval(gaps)
        let payload = Exceptions.interval(payloads)
        SampleLoops.pack(gaps.span, range: 0..<gaps.count, base: gap.base, width: gap.width, into: &stream)
        SampleLoops.pack(
            payloads.span, range: 0..<payloads.count, base: payload.base, width: payload.width, into: &stream)
    }
}
