/// Walks over the frames of one column, in order.
struct FrameReader {
    let shape: IntegerColumn.Shape
    let sampleCount: Int
    /// The column's bytes end at the latest here.
    let limit: Int
    let frameLength: Int
    private var slope: Int64 = 0
    private var context: IntegerColumn.Context
    private var nextSample = 0
    /// Behind what has been read.
    private(set) var offset: Int

    /// Reads what stands before the first frame.
    init(
        _ bytes: Span<UInt8>, at offset: Int, limit: Int, sampleCount: Int, start: Int64 = 0
    ) throws(ChunkCorruption) {
        self.offset = offset
        self.limit = limit
        self.sampleCount = sampleCount
        context = IntegerColumn.Context(start: start)
        let byte = try bytes.byte(at: &self.offset, limit: limit)
        shape = try IntegerColumn.Shape(byte: byte, at: offset)
        frameLength = shape.frameLength(sampleCount: sampleCount)
        if shape.model == .line { slope = try bytes.signed(at: &self.offset, limit: limit) }
    }

    /// The next frame's header, checked to lie whole within the bytes; nil behind the last one.
    mutating func next(_ bytes: Span<UInt8>) throws(ChunkCorruption) -> IntegerColumn.Frame? {
        guard nextSample < sampleCount else { return nil }
        var frame = IntegerColumn.Frame(samples: nextSample..<min(nextSample + frameLength, sampleCount))
        let head = try bytes.byte(at: &offset, limit: limit)
        frame.width = Int(head & 0x7F)
        guard frame.width <= 64 else {
            throw ChunkCorruption(fault: .invalidParameter(.bitWidth, found: head), byteOffset: offset - 1)
        }
        if shape.model != .plain {
            let start = try bytes.signed(at: &offset, limit: limit)
            context.advance(start: context.expectedStart &+ start, isFirst: nextSample == 0)
            frame.start = context.start
        }
        if shape.model == .changes {
            context.advance(firstStep: context.firstStep &+ (try bytes.signed(at: &offset, limit: limit)))
            frame.firstStep = context.firstStep
        }
        context.advance(base: context.base &+ (try bytes.signed(at: &offset, limit: limit)))
        frame.base = context.base
        frame.packedCount = max(0, frame.samples.count - shape.model.seedCount)
        if head & 0x80 != 0 {
            frame.exceptions = try ExceptionList(bytes, at: &offset, limit: limit, sampleCount: frame.packedCount)
        }
        if shape.hasPlane {
            let count = try bytes.count(at: &offset, limit: limit, maximum: limit, of: .planeByteCount)
            guard count <= limit - offset else {
                throw ChunkCorruption(fault: .dataEndsEarly, byteOffset: limit)
            }
            frame.planeBytes = offset..<(offset + count)
            offset += count
        }
        frame.bit = offset * 8
        let bitCount = frame.packedCount * frame.width + frame.exceptions.bitCount
        guard (bitCount + 7) / 8 <= limit - offset else {
            throw ChunkCorruption(fault: .dataEndsEarly, byteOffset: limit)
        }
        offset += (bitCount + 7) / 8
        nextSample = frame.samples.upperBound
        return frame
    }

    /// Decodes the frame's numbers into `words`, from `position` on. O(numbers).
    func decode(
        _ frame: IntegerColumn.Frame, of bytes: Span<UInt8>, into words: inout MutableSpan<UInt64>, at position: Int
    ) throws(ChunkCorruption) {
        let end = position + frame.samples.count
        let packed = (end - frame.packedCount)..<end
        let base = UInt64(bitPattern: frame.base)
        SampleLoops.unpack(
            bytes, limit: limit, bit: frame.bit, width: frame.width, base: base, into: &words, range: packed)
        if shape.hasPlane {
            try BytePlane.add(
                bytes, frame.planeBytes, shiftedBy: frame.width, to: &words, range: packed)
        }
        if frame.exceptions.count > 0 {
            let shift = UInt64(frame.width + (shape.hasPlane ? 8 : 0))
            var walk = frame.exceptions.walk(
                bit: frame.bit + frame.packedCount * frame.width, sampleCount: frame.packedCount)
            while let (index, payload) = try walk.next(bytes) {
                words[packed.lowerBound + index] &+= UInt64(bitPattern: payload << shift)
            }
        }
        let start = UInt64(bitPattern: frame.start)
        switch shape.model {
        case .plain: break
        case .steps:
            words[position] = start
            SampleLoops.sumUp(&words, range: position..<end)
        case .changes:
            if frame.samples.count > 1 {
                words[position + 1] = UInt64(bitPattern: frame.firstStep)
                SampleLoops.sumUp(&words, range: (position + 1)..<end)
            }
            words[position] = start
            SampleLoops.sumUp(&words, range: position..<end)
        case .line:
            words[position] = start
            SampleLoops.addLine(&words, range: packed, start: start, step: UInt64(bitPattern: slope))
        }
    }

    /// Decodes all frames that hold a sample of `wanted` into `words`, whose first is sample `firstSample`, and skips the others.
    mutating func decode(
        _ bytes: Span<UInt8>, overlapping wanted: Range<Int>, into words: inout MutableSpan<UInt64>, firstSample: Int
    ) throws(ChunkCorruption) {
        while let frame = try next(bytes) {
            if frame.samples.overlaps(wanted) {
                try decode(frame, of: bytes, into: &words, at: frame.samples.lowerBound - firstSample)
            }
        }
    }

    /// The samples of all frames that hold one of `wanted`.
    func framed(_ wanted: Range<Int>) -> Range<Int> {
        if wanted.isEmpty { return wanted.lowerBound..<wanted.lowerBound }
        let lower = wanted.lowerBound / frameLength * frameLength
        return lower..<min(sampleCount, (wanted.upperBound + frameLength - 1) / frameLength * frameLength)
    }
}
