import TimeSeriesStore

/// A column's stream, copied out of the head, to be decoded without its lock.
struct HeadColumnImage: Sendable {
    let window: Int64
    let count: Int
    /// Where the stream lies in the bytes that it was copied into; eight zero bytes follow it.
    let bytes: Range<Int>
    let lastTime: Int64
    /// The time of the first sample: the stream's first 23 bits.
    let firstTime: Int64

    static let paddingBytes = 8
}

extension HeadColumn {
    /// Appends the stream to `bytes`. O(bytes).
    func copy(from arena: borrowing PieceArena, into bytes: inout [UInt8]) -> HeadColumnImage {
        let start = bytes.count
        let size = (Int(pieceCount) - 1) * PieceArena.payloadBytes + Int(wordsInLastPiece) * 4
        let end = start + size + 4
        bytes.append(addingCapacity: size + 4 + HeadColumnImage.paddingBytes) { output in
            output.withUnsafeMutableBufferPointer { buffer, count in
                // The buffer has room for all of it: the capacity was asked for above.
                let target = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                arena.copy(endingWith: lastPiece, lastBytes: Int(wordsInLastPiece) * 4, into: target, size: size)
                target.storeBytes(of: pending.bigEndian, toByteOffset: size, as: UInt32.self)
                target.storeBytes(of: 0, toByteOffset: size + 4, as: UInt64.self)
                count += size + 4 + HeadColumnImage.paddingBytes
            }
        }
        let offset = Int64(bytes[start]) << 15 | Int64(bytes[start + 1]) << 7 | Int64(bytes[start + 2]) >> 1
        return HeadColumnImage(
            window: window, count: Int(count), bytes: start..<end, lastTime: lastTime, firstTime: window + offset)
    }
}

/// Decodes a column. The stream never left this process' memory, so it is what `HeadColumn` wrote; reads stay within the
/// buffer nevertheless: positions past its end give zero bits.
struct HeadColumnReader {
    private let bytes: UnsafeRawBufferPointer
    private var bit = 0
    private var coding = HeadCoding()
    private var last: Int64 = 0
    private var trend: Int64 = 0
    private var step: Int64 = 0
    /// Gamma codes have fewer zeros than this; more are the end of the stream.
    private static let longestRunPrefix = 20

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Appends the samples of the column within `range`. O(samples of the column).
    static func read(
        _ image: HeadColumnImage, of bytes: [UInt8], in range: TimeRange, into columns: inout SampleColumns
    ) {
        guard image.firstTime <= range.through, image.lastTime >= range.from else { return }
        let start = columns.count
        bytes.withUnsafeBytes { all in
            HeadCoding.powers.withUnsafeBufferPointer { powers in
                let stream = UnsafeRawBufferPointer(
                    rebasing: all[image.bytes.lowerBound..<image.bytes.upperBound + HeadColumnImage.paddingBytes])
                columns.appendUninitialized(image.count) { times, values in
                    var reader = HeadColumnReader(stream)
                    reader.decode(image, powers, times, values)
                }
            }
        }
        if image.firstTime < range.from || image.lastTime > range.through { columns.trim(from: start, to: range) }
    }

    private mutating func decode(
        _ image: HeadColumnImage, _ powers: UnsafeBufferPointer<Double>, _ times: UnsafeMutablePointer<Int64>,
        _ values: UnsafeMutablePointer<Double>
    ) {
        var time = image.window &+ Int64(take(23))
        times[0] = time
        values[0] = firstValue(powers)
        var index = 1
        while index < image.count {
            if coding.countsRuns {
                for _ in 0..<takeRun(atMost: image.count &- index) {
                    last &+= trend &>> 4
                    time &+= step
                    times[index] = time
                    values[index] = Double(last) / powers[Int(coding.scale)]
                    index &+= 1
                    coding.noteStep(isRegular: true)
                }
                if index == image.count { break }
            }
            var change = coding.writesSteps ? takeStepChange() : 0
            if !coding.writesSteps, takesIrregular() { change = takeStepChange() }
            coding.noteStep(isRegular: change == 0)
            values[index] = coding.isXOR ? takeXORed() : takeValue(powers)
            step &+= change
            time &+= step
            times[index] = time
            index &+= 1
        }
    }

    private mutating func takeRun(atMost limit: Int) -> Int {
        let word = peek()
        let zeros = word.leadingZeroBitCount
        guard zeros < HeadColumnReader.longestRunPrefix else { return limit }
        bit &+= zeros
        return min(limit, Int(take(zeros &+ 1)) &- 1)
    }

    /// Whether a code says that the timestamp is out of step; it is consumed then.
    @inline(__always)
    private mutating func takesIrregular() -> Bool {
        let word = peek()
        if coding.isXOR {
            guard word &>> 61 == 0b111 else { return false }
            bit &+= 3
        } else {
            guard word &>> 48 == 0xFF << 8 | UInt64(HeadSpecial.irregular.rawValue) else { return false }
            bit &+= 16
        }
        return true
    }

    @inline(__always)
    private mutating func takeValue(_ powers: UnsafeBufferPointer<Double>) -> Double {
        let word = peek()
        let ones = (~word).leadingZeroBitCount
        if ones < HeadCoding.longestQuotient {
            let parameter = coding.parameter
            if ones &+ 1 &+ parameter <= 57 {
                // All in the word that is there: q ones, a zero, the rest.
                let rest = parameter == 0 ? 0 : (word &<< UInt64(ones &+ 1)) &>> UInt64(64 &- parameter)
                bit &+= ones &+ 1 &+ parameter
                return noted(UInt64(ones) &<< UInt64(parameter) | rest, powers)
            }
            bit &+= ones &+ 1
            return noted(UInt64(ones) &<< UInt64(parameter) | take(parameter), powers)
        }
        let length = Int(truncatingIfNeeded: word &>> 50 & 0x3F)
        bit &+= 14
        if length > 0 {
            coding.noteEscape(length)
            return decoded(take(length), powers)
        }
        return takeSpecial(HeadSpecial(rawValue: UInt8(truncatingIfNeeded: take(2))) ?? .exception, powers)
    }

    private mutating func firstValue(_ powers: UnsafeBufferPointer<Double>) -> Double {
        switch take(2) {
        case 0b00:
            coding.scale = UInt8(take(4))
            let length = Int(take(6))
            last = length == 0 ? 0 : Int64(zigzag: take(length))
            return Double(last) / powers[Int(coding.scale)]
        case 0b01:
            coding.scale = HeadCoding.xor
            last = Int64(bitPattern: take(64))
            return Double(bitPattern: UInt64(bitPattern: last))
        default: return Double(bitPattern: take(64))
        }
    }

    @inline(__always)
    private mutating func noted(_ code: UInt64, _ powers: UnsafeBufferPointer<Double>) -> Double {
        coding.noteLength(code.bitLength)
        return decoded(code, powers)
    }

    @inline(__always)
    private mutating func decoded(_ code: UInt64, _ powers: UnsafeBufferPointer<Double>) -> Double {
        let difference = Int64(zigzag: code) &+ trend &>> 4
        trend &+= difference &- trend &>> 4
        last &+= difference
        return Double(last) / powers[Int(coding.scale)]
    }

    private mutating func takeSpecial(_ kind: HeadSpecial, _ powers: UnsafeBufferPointer<Double>) -> Double {
        switch kind {
        case .exception, .irregular: return Double(bitPattern: take(64))
        case .rescale:
            let scale = UInt8(take(4))
            last = Int64(bitPattern: take(64))
            trend = 0
            coding.rescale(to: scale)
            return Double(last) / powers[Int(scale)]
        case .xor:
            last = Int64(bitPattern: take(64))
            coding.scale = HeadCoding.xor
            return Double(bitPattern: UInt64(bitPattern: last))
        }
    }

    private mutating func takeXORed() -> Double {
        let word = peek()
        if word &>> 61 == 0b110 {
            bit &+= 3
        } else {
            if word &>> 63 == 1 {
                coding.windowLead = UInt8(word &>> 57 & 0x1F)
                coding.windowLength = UInt8(word &>> 51 & 0x3F) &+ 1
                bit &+= 13
            } else {
                bit &+= 1
            }
            let length = Int(coding.windowLength)
            let trail = 64 &- Int(coding.windowLead) &- length
            last ^= Int64(bitPattern: take(length) &<< UInt64(truncatingIfNeeded: trail))
        }
        return Double(bitPattern: UInt64(bitPattern: last))
    }

    private mutating func takeStepChange() -> Int64 {
        let word = Int64(bitPattern: peek())
        switch (~UInt64(bitPattern: word)).leadingZeroBitCount {
        case 0:
            bit &+= 1
            return 0
        case 1:
            bit &+= 8
            return (word &<< 2) &>> 58
        case 2:
            bit &+= 13
            return (word &<< 3) &>> 54
        case 3:
            bit &+= 20
            return (word &<< 4) &>> 48
        default:
            bit &+= 30
            return (word &<< 4) &>> 38
        }
    }

    /// At least 57 bits, left-aligned. In bounds: eight bytes of padding follow the stream, and an offset beyond them gives
    /// zeros.
    @inline(__always)
    private func peek() -> UInt64 {
        let offset = bit &>> 3
        guard offset <= bytes.count &- 8 else { return 0 }
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        return word.bigEndian &<< UInt64(truncatingIfNeeded: bit & 7)
    }

    /// The next `count` (1...64) bits.
    @inline(__always)
    private mutating func take(_ count: Int) -> UInt64 {
        if count <= 57 {
            let bits = peek() &>> UInt64(truncatingIfNeeded: 64 &- count)
            bit &+= count
            return bits
        }
        let high = peek() &>> 32
        bit &+= 32
        let low = peek() &>> UInt64(truncatingIfNeeded: 96 &- count)
        bit &+= count &- 32
        return high &<< UInt64(truncatingIfNeeded: count &- 32) | low
    }
}

extension SampleColumns {
    /// Appends `count` samples that `fill` initialises, all of them.
    mutating func appendUninitialized(
        _ count: Int, _ fill: (UnsafeMutablePointer<Int64>, UnsafeMutablePointer<Double>) -> Void
    ) {
        timestamps.append(addingCapacity: count) { times in
            values.append(addingCapacity: count) { values in
                times.withUnsafeMutableBufferPointer { timeBuffer, timeCount in
                    values.withUnsafeMutableBufferPointer { valueBuffer, valueCount in
                        // Both buffers have room for `count` more: the capacity was asked for above.
                        guard count > 0, let firstTime = timeBuffer.baseAddress,
                            let firstValue = valueBuffer.baseAddress
                        else { return }
                        fill(firstTime + timeCount, firstValue + valueCount)
                        timeCount += count
                        valueCount += count
                    }
                }
            }
        }
    }

    /// Removes the samples from index `start` on that lie outside the range.
    mutating func trim(from start: Int, to range: TimeRange) {
        let end = timestamps[start...].partitioningIndex { $0 > range.through }
        timestamps.removeSubrange(end...)
        values.removeSubrange(end...)
        let begin = timestamps[start...].partitioningIndex { $0 >= range.from }
        timestamps.removeSubrange(start..<begin)
        values.removeSubrange(start..<begin)
    }
}
