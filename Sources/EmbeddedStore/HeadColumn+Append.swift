/// Writing.
extension HeadColumn {
    /// Appends a sample of the column's window that is later than the last one.
    @inline(__always)
    mutating func append(
        _ time: Int64, _ value: Double, powers: UnsafeBufferPointer<Double>, to arena: inout PieceArena
    ) {
        let offset = Int32(truncatingIfNeeded: time &- window)
        let change = offset &- lastOffset &- step
        step = offset &- lastOffset
        lastOffset = offset
        count &+= 1
        evenSteps = change == 0 ? evenSteps &+ (evenSteps < .max ? 1 : 0) : 1
        var integer: Int64 = 0
        var isInteger = false
        if !coding.isXOR {
            let scaled = value * powers[Int(coding.scale)]
            if scaled.magnitude < 0x1p52 {
                integer = Int64(scaled + (scaled < 0 ? -0.5 : 0.5))
                isInteger = (Double(integer) / powers[Int(coding.scale)]).bitPattern == value.bitPattern
            }
        }
        if coding.countsRuns {
            if isInteger, change == 0, integer &- last == trend &>> 4, run < .max {
                run &+= 1
                last = integer
                endsWithException = false
                coding.noteStep(isRegular: true)
                return
            }
            putRun(to: &arena)
        }
        if coding.writesSteps {
            putStepChange(change, to: &arena)
        } else if change != 0 {
            if coding.isXOR {
                put(0b111, 3, to: &arena)
            } else {
                putSpecial(.irregular, to: &arena)
            }
            putStepChange(change, to: &arena)
        }
        coding.noteStep(isRegular: change == 0)
        if isInteger {
            put(integer: integer, to: &arena)
        } else {
            putMisfit(value, powers, to: &arena)
        }
    }

    /// Begins the column with its first sample.
    mutating func begin(
        _ time: Int64, _ value: Double, window: Int64, powers: UnsafeBufferPointer<Double>, in arena: inout PieceArena
    ) {
        self = HeadColumn()
        self.window = window
        lastOffset = Int32(truncatingIfNeeded: time &- window)
        count = 1
        lastPiece = arena.take(after: .none)
        pieceCount = 1
        put(UInt64(bitPattern: time &- window), 23, to: &arena)
        if let (integer, scale) = HeadColumn.decimal(value, from: 0, powers) {
            put(0b00, 2, to: &arena)
            let length = integer.zigzagged.bitLength
            put(UInt64(scale), 4, to: &arena)
            put(UInt64(length), 6, to: &arena)
            put(integer.zigzagged, length, to: &arena)
            last = integer
            coding.scale = UInt8(scale)
        } else if value.isFinite, value != 0 {
            put(0b01, 2, to: &arena)
            put(value.bitPattern, 64, to: &arena)
            last = Int64(bitPattern: value.bitPattern)
            coding.scale = HeadCoding.xor
        } else {
            put(0b10, 2, to: &arena)
            put(value.bitPattern, 64, to: &arena)
            endsWithException = true
        }
    }

    /// The smallest scale from `lowest` on at which the value is an integer, bit for bit; nil if there is none.
    private static func decimal(
        _ value: Double, from lowest: Int, _ powers: UnsafeBufferPointer<Double>
    ) -> (integer: Int64, scale: Int)? {
        for scale in lowest..<powers.count {
            let scaled = value * powers[scale]
            // False for NaN as well.
            guard scaled.magnitude < 0x1p52 else { return nil }
            let integer = Int64(scaled + (scaled < 0 ? -0.5 : 0.5))
            if (Double(integer) / powers[scale]).bitPattern == value.bitPattern { return (integer, scale) }
        }
        return nil
    }

    @inline(__always)
    private mutating func put(integer: Int64, to arena: inout PieceArena) {
        let difference = integer &- last
        last = integer
        let code = (difference &- trend &>> 4).zigzagged
        trend &+= difference &- trend &>> 4
        let parameter = coding.parameter
        let length = code.bitLength
        let quotient = code &>> UInt64(truncatingIfNeeded: parameter)
        if quotient < UInt64(HeadCoding.longestQuotient) {
            coding.noteLength(length)
            // q ones and a zero, then the rest.
            let ones = Int(truncatingIfNeeded: quotient)
            let prefix = (1 as UInt64) &<< UInt64(truncatingIfNeeded: ones &+ 1) &- 2
            let rest = code & ((1 as UInt64) &<< UInt64(truncatingIfNeeded: parameter) &- 1)
            put(prefix &<< UInt64(truncatingIfNeeded: parameter) | rest, ones &+ 1 &+ parameter, to: &arena)
        } else {
            coding.noteEscape(length)
            put(0xFF &<< 6 | UInt64(length), 14, to: &arena)
            put(code, length, to: &arena)
        }
    }

    /// A value that is no integer at the present scale, or any value when they are XORed.
    @inline(never)
    private mutating func putMisfit(_ value: Double, _ powers: UnsafeBufferPointer<Double>, to arena: inout PieceArena)
    {
        if coding.isXOR {
            put(xored: value.bitPattern, to: &arena)
        } else if let (integer, scale) = HeadColumn.decimal(value, from: Int(coding.scale) + 1, powers) {
            putSpecial(.rescale, to: &arena)
            put(UInt64(scale), 4, to: &arena)
            put(UInt64(bitPattern: integer), 64, to: &arena)
            last = integer
            endsWithException = false
            trend = 0
            coding.rescale(to: UInt8(scale))
        } else if value.isFinite, value != 0, hasMisfit {
            putSpecial(.xor, to: &arena)
            put(value.bitPattern, 64, to: &arena)
            last = Int64(bitPattern: value.bitPattern)
            endsWithException = false
            coding.scale = HeadCoding.xor
        } else {
            if value.isFinite, value != 0 { hasMisfit = true }
            endsWithException = true
            putSpecial(.exception, to: &arena)
            put(value.bitPattern, 64, to: &arena)
        }
    }

    private mutating func put(xored pattern: UInt64, to arena: inout PieceArena) {
        let difference = pattern ^ UInt64(bitPattern: last)
        last = Int64(bitPattern: pattern)
        guard difference != 0 else { return put(0b110, 3, to: &arena) }
        let lead = min(difference.leadingZeroBitCount, 31)
        let trail = difference.trailingZeroBitCount
        let length = 64 - lead - trail
        let windowLength = Int(coding.windowLength)
        let windowTrail = 64 - Int(coding.windowLead) - windowLength
        // A window much wider than needed costs more than announcing another (11 bits).
        if windowLength > 0, lead >= Int(coding.windowLead), trail >= windowTrail, windowLength <= length + 11 {
            put(0, 1, to: &arena)
            put(difference >> UInt64(windowTrail), windowLength, to: &arena)
        } else {
            coding.windowLead = UInt8(lead)
            coding.windowLength = UInt8(length)
            put(0b10 << 11 | UInt64(lead) << 6 | UInt64(length - 1), 13, to: &arena)
            put(difference >> UInt64(trail), length, to: &arena)
        }
    }

    private mutating func putSpecial(_ kind: HeadSpecial, to arena: inout PieceArena) {
        put(0xFF << 8 | UInt64(kind.rawValue), 16, to: &arena)
    }

    /// Elias' gamma code of the run plus one: as many zeros as follow its first one, then its bits.
    private mutating func putRun(to arena: inout PieceArena) {
        let number = UInt64(run) + 1
        put(number, 2 * number.bitLength - 1, to: &arena)
        run = 0
    }

    private mutating func putStepChange(_ change: Int32, to arena: inout PieceArena) {
        let bits = UInt64(bitPattern: Int64(change))
        switch change {
        case 0: put(0, 1, to: &arena)
        case -32..<32: put(0b10 << 6 | bits & 0x3F, 8, to: &arena)
        case -512..<512: put(0b110 << 10 | bits & 0x3FF, 13, to: &arena)
        case -32_768..<32_768: put(0b1110 << 16 | bits & 0xFFFF, 20, to: &arena)
        // Within a window of two hours no step changes by more than 2^24 ms.
        default: put(0b1111 << 26 | bits & 0x3FF_FFFF, 30, to: &arena)
        }
    }

    /// Appends the lowest `count` (0...64) bits; the others must be zero.
    @inline(__always)
    private mutating func put(_ bits: UInt64, _ count: Int, to arena: inout PieceArena) {
        if count <= 32 {
            putUpTo32(bits, count, to: &arena)
        } else {
            putUpTo32(bits &>> 32, count &- 32, to: &arena)
            putUpTo32(bits & 0xFFFF_FFFF, 32, to: &arena)
        }
    }

    /// With fewer than 32 bits pending, 32 more always fit into 64.
    @inline(__always)
    private mutating func putUpTo32(_ bits: UInt64, _ count: Int, to arena: inout PieceArena) {
        let filled = Int(pendingBits) &+ count
        // A shift by 64, for no bits after none pending, must give 0: hence the smart shift.
        let word = UInt64(pending) &<< 32 | bits << UInt64(64 &- filled)
        if filled >= 32 {
            put(word: UInt32(truncatingIfNeeded: word &>> 32), to: &arena)
            pending = UInt32(truncatingIfNeeded: word)
            pendingBits = UInt8(truncatingIfNeeded: filled &- 32)
        } else {
            pending = UInt32(truncatingIfNeeded: word &>> 32)
            pendingBits = UInt8(truncatingIfNeeded: filled)
        }
    }

    @inline(__always)
    private mutating func put(word: UInt32, to arena: inout PieceArena) {
        if Int(wordsInLastPiece) == PieceArena.wordsPerPiece {
            lastPiece = arena.take(after: lastPiece)
            pieceCount &+= 1
            wordsInLastPiece = 0
        }
        arena.store(word, at: Int(wordsInLastPiece), in: lastPiece)
        wordsInLastPiece &+= 1
    }
}

/// Codes for what a Rice code cannot say.
enum HeadSpecial: UInt8 {
    case exception = 0
    case rescale = 1
    case xor = 2
    case irregular = 3
}
