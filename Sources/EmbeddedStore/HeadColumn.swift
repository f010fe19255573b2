/// The samples of one series in one two-hour window, compressed as they are appended: about a byte and a half each, and no bit
/// for a timestamp that comes in step.
///
/// The stream is a sequence of codes, most significant bit first; what writes it and what reads it (`HeadColumnReader`) adapt
/// alike, from what went before:
///
///     column   := time in window (23 bits), first value
///     first    := 00 scale (4) length (6) zigzagged integer (length) │ 01 bit pattern (64): XOR from here on
///              │  10 bit pattern (64): an exception
///     sample   := [run, if errors were zero lately] [step change, if timestamps were irregular lately] value
///     run      := how many samples came in step and as predicted before this one, plus one (Elias gamma)
///     value    := q ones (q < 8), 0, k bits      u = q·2^k + bits, u the zigzagged error of the prediction (Rice code)
///              │  1111_1111 length (6, not 0) u (length bits)
///              │  1111_1111 000000 kind (2):  00 exception: bit pattern (64), the state stays
///              │                              01 scale (4) integer (64): more decimals from here on
///              │                              10 bit pattern (64): XOR from here on
///              │                              11 step change, then value: the timestamp is out of step
///     xored    := 0 window bits │ 10 lead (5) length − 1 (6) bits: a new window │ 110: the same │ 111 step change xored
///     step change := 0 │ 10 (6) │ 110 (10) │ 1110 (16) │ 1111 (26), two's complement milliseconds
///
/// The run at the end of the stream is not written: zero bits, which are no run, stand for all samples that are left.
///
/// A value that is a decimal fraction is kept as the integer `value · 10^scale`. It is predicted as its predecessor plus the
/// average of the latest differences; the error is Rice-coded with a parameter that follows the average length of the latest
/// errors (Rice, Plaunt: "Adaptive variable-length coding", IEEE Trans. Comm. 1971; the adaptation in the manner of JPEG-LS).
///
/// Plain data: a shard holds one for every series. Nothing here is stored on disk.
struct HeadColumn: Sendable {
    /// First millisecond of the window; `Int64.min` if the column holds nothing.
    var window: Int64 = .min
    /// The latest integer, or the latest bit pattern when values are XORed.
    var last: Int64 = 0
    /// Sixteen times the average of the latest differences.
    var trend: Int64 = 0
    /// Bits not yet in a piece, left-aligned; fewer than 32.
    var pending: UInt32 = 0
    /// The newest piece; it leads to those before.
    var lastPiece = PieceNumber.none
    /// Milliseconds from the window's begin to the latest sample, and from the one before to it. Both fit: a window has two
    /// hours.
    var lastOffset: Int32 = 0
    var step: Int32 = 0
    var count: UInt16 = 0
    var pieceCount: UInt16 = 0
    /// Samples in step and as predicted that are not in the stream yet.
    var run: UInt16 = 0
    var coding = HeadCoding()
    var pendingBits: UInt8 = 0
    var wordsInLastPiece: UInt8 = 0
    private var flags: UInt8 = 0
    /// How many of the latest steps were the same; 255 are 255 or more.
    var evenSteps: UInt8 = 0

    /// Samples after which a column is closed and another begun: bounds what one late sample costs.
    static let maximumCount: UInt16 = 1024

    /// Whether a finite value had to be written bit by bit already.
    var hasMisfit: Bool {
        get { flags & 1 != 0 }
        set { flags = flags & ~1 | (newValue ? 1 : 0) }
    }

    /// Whether the latest value is an exception, which `last` does not tell.
    var endsWithException: Bool {
        get { flags & 2 != 0 }
        set { flags = flags & ~2 | (newValue ? 2 : 0) }
    }

    var isEmpty: Bool { count == 0 }
    var lastTime: Int64 { window &+ Int64(lastOffset) }
    var isFull: Bool { count >= HeadColumn.maximumCount }

    /// Whether the latest samples, which came in one step, tell that none is at this time. Two senders that take turns, each
    /// with every other sample, come late all the time: what the one has left out need not be looked for.
    func skips(_ time: Int64) -> Bool {
        let distance = lastTime &- time
        guard distance > 0, distance < Int64(evenSteps) &* Int64(step) else { return false }
        return distance % Int64(step) != 0
    }

    /// The value of the latest sample; nil if only decoding can tell.
    var lastValue: Double? {
        if endsWithException { return nil }
        return coding.isXOR
            ? Double(bitPattern: UInt64(bitPattern: last)) : Double(last) / HeadCoding.powers[Int(coding.scale)]
    }
}

/// What of a column's state steers its codes; the same in the writer and the reader.
struct HeadCoding: Sendable {
    /// Sixteen times the average bit length of the latest prediction errors.
    var lengthAverage: UInt16 = 0
    /// The decimal exponent of the integers, or `xor`.
    var scale: UInt8 = 0
    /// Leading zero bits of the window in force, when values are XORed.
    var windowLead: UInt8 = 0
    /// Bits of that window; 0: none yet.
    var windowLength: UInt8 = 0
    /// Rises with timestamps out of step, falls with those in step.
    var irregularity: UInt8 = 0

    static let xor: UInt8 = 16
    static let maximumScale = 15
    /// Ones of a Rice code from which on it is written with its length instead.
    static let longestQuotient = 8

    var isXOR: Bool { scale == HeadCoding.xor }

    /// Whether each sample says how its timestamp differs from the expected one.
    var writesSteps: Bool { irregularity >= 12 }

    /// Whether samples in step and as predicted are counted instead of written.
    var countsRuns: Bool { lengthAverage <= 8 && !writesSteps && !isXOR }

    /// The Rice parameter. Errors of about n bits are cheapest with their lowest n − 1 or so as they are.
    var parameter: Int { max(0, Int(lengthAverage &+ 18) &>> 4 &- 1) }

    mutating func noteStep(isRegular: Bool) {
        irregularity = isRegular ? irregularity &- (irregularity > 0 ? 1 : 0) : min(irregularity &+ 8, 31)
    }

    /// Follows the length (0...55) of an error.
    mutating func noteLength(_ length: Int) {
        let average = Int(lengthAverage)
        lengthAverage = UInt16(truncatingIfNeeded: average &+ (length &* 16 &- average &+ 8) &>> 4)
    }

    /// Follows a much longer error faster: at a column's begin, and when a series changes its nature.
    mutating func noteEscape(_ length: Int) {
        lengthAverage = UInt16(truncatingIfNeeded: (Int(lengthAverage) &+ length &* 16) &>> 1)
    }

    /// More decimals: errors grow with the integers.
    mutating func rescale(to newScale: UInt8) {
        lengthAverage = min(lengthAverage &+ UInt16(newScale &- scale) &* 53, 50 * 16)
        scale = newScale
    }

    /// 10^0 ... 10^15, all exact.
    static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]
}

extension Int64 {
    /// Small magnitudes of either sign to small unsigned numbers: 0, -1, 1, -2 → 0, 1, 2, 3.
    var zigzagged: UInt64 { UInt64(bitPattern: (self &<< 1) ^ (self &>> 63)) }

    init(zigzag code: UInt64) {
        self = Int64(bitPattern: (code &>> 1) ^ (0 &- (code & 1)))
    }
}

extension UInt64 {
    /// Bits without the leading zeros.
    var bitLength: Int { 64 &- leadingZeroBitCount }
}
