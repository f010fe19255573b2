/// A column of doubles as integers of as few bytes as they need, bit by bit the same when read back.
///
/// Measured data is mostly decimal with few digits. A value whose magnitude is `m / 10^e` for integers m < 2^52 and e ≤ 10,
/// *in double arithmetic*, is kept as (e, sign, m); anything else as its bit pattern without trailing zero bytes (which
/// covers floats of 32 bits, infinities, NaNs). The idea of decimal-scaled doubles is that of ALP (Afroozeh, Kuffó, Boncz:
/// "ALP: Adaptive Lossless floating-Point Compression", SIGMOD 2024); here each value has its own exponent, because the
/// values of a request belong to different series.
///
/// ```
/// control:  0x00–0xA7  e << 4 │ sign << 3 │ bytes of m (0…7)
///           0xF0–0xF7  0xF0 │ bytes of the pattern − 1
/// ```
///
/// The column is three: the controls; the leading byte of each value that has any; the bytes after it, little endian. The
/// first two repeat from source to source and go through zstd where that makes them smaller; the last is near random.
enum ValueBytes {
    static let largestExponent = 10
    private static let patternClass: UInt8 = 0xF0
    /// Columns below this many bytes are not worth zstd's frame.
    private static let smallestCompressed = 512

    static func append(_ values: [Double], to out: inout [UInt8], _ scratch: PayloadScratch) {
        scratch.reserve(values.count)
        let sizes = values.withUnsafeBufferPointer { split($0, scratch) }
        appendColumn(scratch.controls, values.count, &out, scratch)
        appendColumn(scratch.leading, sizes.leading, &out, scratch)
        out.append(contentsOf: UnsafeRawBufferPointer(start: scratch.trailing, count: sizes.trailing))
    }

    static func read(
        _ count: Int, _ reader: inout VarintReader, _ scratch: PayloadScratch
    ) throws(LogCorruption) -> [Double] {
        scratch.reserve(count)
        try readColumn(into: scratch.controls, count, &reader, scratch)
        var leading = 0
        var trailing = 0
        // In bounds: `reserve(count)` made room for as many.
        for control in UnsafeBufferPointer(start: scratch.controls, count: count) {
            let length = control < patternClass ? Int(control & 7) : Int(control & 7) + 1
            guard control < UInt8(largestExponent + 1) << 4 || control & 0xF8 == patternClass else {
                throw LogCorruption(position: reader.position, expected: "a value's control byte, not \(control)")
            }
            leading += length > 0 ? 1 : 0
            trailing += length > 0 ? length - 1 : 0
        }
        try readColumn(into: scratch.leading, leading, &reader, scratch)
        let rest = try reader.slice(trailing, "value bytes")
        // At most 7 bytes a value, and `reserve` has room for 8 of each and 8 more.
        if let start = rest.baseAddress { scratch.trailing.copyMemory(from: start, byteCount: trailing) }
        return [Double](unsafeUninitializedCapacity: count) { values, initialized in
            join(values, count, scratch)
            initialized = count
        }
    }

    /// Fills the three columns of `scratch`, which has room for `values.count`.
    private static func split(
        _ values: UnsafeBufferPointer<Double>, _ scratch: PayloadScratch
    ) -> (leading: Int, trailing: Int) {
        let controls = scratch.controls
        let leading = scratch.leading
        let trailing = scratch.trailing
        var leadingCount = 0
        var trailingCount = 0
        for index in 0..<values.count {
            let bits = values[index].bitPattern
            let magnitude = Double(bitPattern: bits & 0x7FFF_FFFF_FFFF_FFFF)
            let sign = UInt8(truncatingIfNeeded: bits >> 60) & 8
            var number: UInt64
            var length: Int
            if let (mantissa, exponent) = decimal(magnitude) {
                number = mantissa
                length = (71 - mantissa.leadingZeroBitCount) >> 3
                controls[index] = exponent << 4 | sign | UInt8(truncatingIfNeeded: length)
            } else {
                // Not zero, which is decimal: at least one byte is left.
                let zeroBytes = bits.trailingZeroBitCount >> 3
                number = bits >> UInt64(zeroBytes << 3)
                length = 8 - zeroBytes
                controls[index] = patternClass | UInt8(truncatingIfNeeded: length - 1)
            }
            // Both stores stay in the room for this value: one leading byte each; 8 bytes at no more than 7 a value before,
            // and 8 spare at the end. A value without bytes is overwritten by the next.
            leading[leadingCount] = UInt8(truncatingIfNeeded: number &>> UInt64(truncatingIfNeeded: (length &- 1) << 3))
            trailing.storeBytes(of: number.littleEndian, toByteOffset: trailingCount, as: UInt64.self)
            let isPresent = length > 0 ? 1 : 0
            leadingCount += isPresent
            trailingCount += length - isPresent
        }
        return (leadingCount, trailingCount)
    }

    /// `magnitude` = mantissa / 10^exponent with the smallest exponent, mantissa < 2^52; nil if there is none up to 10.
    ///
    /// Adding 2^52 to a number below it rounds it to an integer and leaves that in the low bits of the sum. The test is the
    /// very division that `join` does. Taking zeros off afterwards changes nothing: both forms are the same rational, and
    /// division rounds correctly (IEEE 754-2019, 5.4.1). Below 2^50 the scaled product is off by less than a half, so that
    /// the nearest integer is the mantissa if there is one.
    @inline(__always)
    private static func decimal(_ magnitude: Double) -> (mantissa: UInt64, exponent: UInt8)? {
        let shift = 0x1p52
        guard magnitude < shift else { return nil }
        let integral = magnitude + shift
        if integral - shift == magnitude { return (integral.bitPattern &- shift.bitPattern, 0) }
        if magnitude < 0x1p50 / 1e10 {
            let scaled = magnitude * 1e10 + shift
            guard (scaled - shift) / 1e10 == magnitude else { return nil }
            return withoutZeros(scaled.bitPattern &- shift.bitPattern, 10)
        }
        guard magnitude < 0x1p50 / 1e5 else { return nil }
        let scaled = magnitude * 1e5 + shift
        guard (scaled - shift) / 1e5 == magnitude else { return nil }
        return withoutZeros(scaled.bitPattern &- shift.bitPattern, 5)
    }

    /// Takes off decimal zeros. `mantissa` is not zero, so the loop ends.
    private static func withoutZeros(_ scaled: UInt64, _ start: UInt8) -> (mantissa: UInt64, exponent: UInt8) {
        var mantissa = scaled
        var exponent = start
        if exponent == 10 {
            if mantissa % 100_000_000 == 0 {
                (mantissa, exponent) = (mantissa / 100_000_000, 2)
            } else if mantissa % 1_000_000 == 0 {
                (mantissa, exponent) = (mantissa / 1_000_000, 4)
            }
        }
        while exponent > 0, mantissa % 10 == 0 {
            mantissa /= 10
            exponent -= 1
        }
        return (mantissa, exponent)
    }

    /// The values behind the columns in `scratch`, whose sizes were checked against the controls.
    private static func join(_ values: UnsafeMutableBufferPointer<Double>, _ count: Int, _ scratch: PayloadScratch) {
        let controls = scratch.controls
        let leading = scratch.leading
        let trailing = scratch.trailing
        var leadingPosition = 0
        var trailingPosition = 0
        powersOfTen.withUnsafeBufferPointer { powers in
            for index in 0..<count {
                let control = controls[index]
                let isPattern = control >= patternClass
                let length = Int(control & 7) + (isPattern ? 1 : 0)
                guard length > 0 else {
                    // Zero, with its sign.
                    values[index] = Double(bitPattern: UInt64(control & 8) << 60)
                    continue
                }
                let bitsAfter = UInt64(length - 1) << 3
                // In bounds: the sums of these lengths are the columns' sizes, and 8 spare bytes follow the last.
                let word = UInt64(
                    littleEndian: trailing.loadUnaligned(fromByteOffset: trailingPosition, as: UInt64.self))
                let number = word & (1 &<< bitsAfter &- 1) | UInt64(leading[leadingPosition]) &<< bitsAfter
                leadingPosition += 1
                trailingPosition += length - 1
                if isPattern {
                    values[index] = Double(bitPattern: number &<< (56 &- bitsAfter))
                } else {
                    // Below 2^56, so the conversion is of a positive Int64; the exponent is ≤ 10 by the check of controls.
                    let magnitude = Double(Int64(bitPattern: number)) / powers[Int(control >> 4)]
                    values[index] = Double(bitPattern: magnitude.bitPattern | UInt64(control & 8) << 60)
                }
            }
        }
    }

    private static let powersOfTen: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10]

    /// varint (stored bytes << 1 │ is compressed), then the bytes.
    private static func appendColumn(
        _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ out: inout [UInt8], _ scratch: PayloadScratch
    ) {
        if count >= smallestCompressed, let packed = scratch.compress(bytes, count) {
            out.appendVarint(UInt64(packed.count) << 1 | 1)
            out.append(contentsOf: packed)
        } else {
            out.appendVarint(UInt64(count) << 1)
            out.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
        }
    }

    private static func readColumn(
        into target: UnsafeMutablePointer<UInt8>, _ count: Int, _ reader: inout VarintReader, _ scratch: PayloadScratch
    ) throws(LogCorruption) {
        let head = try reader.varint("column size")
        guard head >> 1 <= UInt64(reader.bytes.count) else {
            throw LogCorruption(position: reader.position, expected: "a column within the payload's size")
        }
        let stored = try reader.slice(Int(head >> 1), "column")
        let isRead = head & 1 == 1 ? scratch.decompress(stored, into: target, count) : stored.count == count
        guard isRead else {
            throw LogCorruption(position: reader.position, expected: "a column of \(count) bytes")
        }
        if head & 1 == 0, let start = stored.baseAddress {
            UnsafeMutableRawPointer(target).copyMemory(from: start, byteCount: count)
        }
    }
}
