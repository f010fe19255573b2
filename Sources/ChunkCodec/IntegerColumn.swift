/// A column of 64-bit integers: predicted from their neighbours, and what the prediction leaves packed frame by frame
/// with just enough bits, in the manner of FOR and PFOR (Zukowski et al., "Super-Scalar RAM-CPU Cache Compression",
/// ICDE 2006). Every frame can be decoded alone. All arithmetic wraps at 64 bits, so any numbers come back exactly.
///
///     shape (1) | slope (zigzag, model `line` only) | frame | frame | …
enum IntegerColumn {
    /// How a number is predicted.
    enum Model: UInt8, CaseIterable {
        /// Not at all.
        case plain = 0
        /// As its predecessor.
        case steps = 1
        /// As its predecessor plus the step before.
        case changes = 2
        /// As lying on a line through the frame's first number, of the column's slope.
        case line = 3

        /// How many of a frame's first numbers its header tells.
        var seedCount: Int { self == .plain ? 0 : self == .changes ? 2 : 1 }
    }

    /// The column's first byte: the model (bits 0–1), the frame length (bits 2–5: 0 one frame of all numbers, else
    /// 64 << code), whether frames have a plane of their highest bits (bit 6); bit 7 is zero.
    struct Shape: Equatable {
        var model: Model
        /// 0: one frame holds all numbers.
        var frameLengthCode = 0
        var hasPlane = false

        static let maximumFrameLengthCode = 9

        init(model: Model, frameLengthCode: Int = 0, hasPlane: Bool = false) {
            self.model = model
            self.frameLengthCode = frameLengthCode
            self.hasPlane = hasPlane
        }

        init(byte: UInt8, at offset: Int) throws(ChunkCorruption) {
            guard let model = Model(rawValue: byte & 3), byte >> 2 & 15 <= Shape.maximumFrameLengthCode, byte < 0x80
            else { throw ChunkCorruption(fault: .invalidParameter(.shape, found: byte), byteOffset: offset) }
            self.init(model: model, frameLengthCode: Int(byte >> 2 & 15), hasPlane: byte & 0x40 != 0)
        }

        var byte: UInt8 { model.rawValue | UInt8(frameLengthCode) << 2 | (hasPlane ? 0x40 : 0) }

        func frameLength(sampleCount: Int) -> Int {
            frameLengthCode == 0 ? sampleCount : 64 << frameLengthCode
        }
    }

    /// What the frames' headers say relative to earlier frames.
    struct Context {
        private(set) var start: Int64
        private var earlierStart: Int64
        private(set) var firstStep: Int64 = 0
        private(set) var base: Int64 = 0

        /// - Parameter start: what the first frame's start is likely near.
        init(start: Int64) {
            self.start = start
            earlierStart = start
        }

        /// The next start, if the starts lie on a line.
        var expectedStart: Int64 { start &+ (start &- earlierStart) }

        mutating func advance(start: Int64, isFirst: Bool) {
            // The first two frames have no line yet.
            earlierStart = isFirst ? start : self.start
            self.start = start
        }

        mutating func advance(firstStep: Int64) { self.firstStep = firstStep }

        mutating func advance(base: Int64) { self.base = base }
    }

    /// One frame's header, and where its parts lie.
    struct Frame {
        var samples: Range<Int>
        /// The first number (unless the model is `plain`).
        var start: Int64 = 0
        /// The second number minus the first (model `changes`).
        var firstStep: Int64 = 0
        var base: Int64 = 0
        var width = 0
        var exceptions = ExceptionList()
        var planeBytes = 0..<0
        /// Where the packed numbers begin, and how many there are.
        var bit = 0
        var packedCount = 0
    }
}

/// Positions that carry something beside the regular numbers, written as packed gaps.
struct ExceptionList {
    var count = 0
    /// The smallest number of positions between two exceptions, and the bits that a gap has beyond it.
    var minimumGap = 0
    var gapWidth = 0
    /// The smallest payload, and the bits that one has beyond it.
    var base: Int64 = 0
    var width = 0

    init() {}

    /// Reads the parameters at `offset`, which then moves behind them.
    init(_ bytes: Span<UInt8>, at offset: inout Int, limit: Int, sampleCount: Int) throws(ChunkCorruption) {
        count = try bytes.count(at: &offset, limit: limit, maximum: sampleCount, of: .exceptionCount)
        minimumGap = try bytes.count(at: &offset, limit: limit, maximum: sampleCount, of: .exceptionGap)
        base = try bytes.signed(at: &offset, limit: limit)
        gapWidth = try ExceptionList.width(bytes, at: &offset, limit: limit, maximum: 16)
        width = try ExceptionList.width(bytes, at: &offset, limit: limit, maximum: 64)
    }

    private static func width(
        _ bytes: Span<UInt8>, at offset: inout Int, limit: Int, maximum: UInt8
    ) throws(ChunkCorruption) -> Int {
        let width = try bytes.byte(at: &offset, limit: limit)
        guard width <= maximum else {
            throw ChunkCorruption(fault: .invalidParameter(.bitWidth, found: width), byteOffset: offset - 1)
        }
        return Int(width)
    }

    var bitCount: Int { count * (gapWidth + width) }

    /// Goes over the exceptions, whose gaps begin at `bit`; positions are below `sampleCount`.
    func walk(bit: Int, sampleCount: Int) -> ExceptionWalk {
        ExceptionWalk(list: self, bit: bit, sampleCount: sampleCount)
    }
}

/// Reads one exception after the other.
struct ExceptionWalk {
    let list: ExceptionList
    let bit: Int
    let sampleCount: Int
    private var index = 0
    private var position = -1

    init(list: ExceptionList, bit: Int, sampleCount: Int) {
        self.list = list
        self.bit = bit
        self.sampleCount = sampleCount
    }

    /// The next exception's position, above the last one's, and payload; nil behind the last one.
    mutating func next(_ bytes: Span<UInt8>) throws(ChunkCorruption) -> (position: Int, payload: Int64)? {
        guard index < list.count else { return nil }
        let gap = SampleLoops.number(in: bytes, bit: bit + index * list.gapWidth, width: list.gapWidth)
        position += 1 + list.minimumGap + Int(gap)
        guard position < sampleCount else {
            throw ChunkCorruption(
                fault: .outOfRange(.exceptionPosition, found: UInt64(position), maximum: sampleCount - 1),
                byteOffset: bit / 8)
        }
        let payload = SampleLoops.number(
            in: bytes, bit: bit + list.count * list.gapWidth + index * list.width, width: list.width)
        index += 1
        return (position, list.base &+ Int64(bitPattern: payload))
    }
}
