/// Numbers as Go's `strconv.ParseFloat` reads them, to which Prometheus' text formats refer: besides JSON's form also `+1`,
/// `.5`, `5.`, `007`, `NaN` and `±Inf` in any case, and hexadecimal ones (`0x1.8p3`; not in OpenMetrics).
enum ExpositionNumber {
    /// Reads the word in `range`. `offset` of an error is that of the word.
    @inline(never)
    static func read(
        _ bytes: Span<UInt8>, _ range: ByteRange, allowsHexadecimal: Bool
    ) throws(ExpositionFault) -> Double {
        guard !range.isEmpty, range.count <= JSONNumber.longest else {
            throw ExpositionFault(.badValue, at: range.start)
        }
        var start = range.start
        let isSigned = bytes[start] == ASCII.minus || bytes[start] == ASCII.plus
        if isSigned { start += 1 }
        if let special = special(bytes, ByteRange(start: start, end: range.end)) {
            guard special.isInfinite || !isSigned else { throw ExpositionFault(.badValue, at: range.start) }
            return bytes[range.start] == ASCII.minus ? -special : special
        }
        guard isNumber(bytes, start, range.end, allowsHexadecimal: allowsHexadecimal),
            // The grammar is one that the standard library's reader takes.
            let value = Double(String(decoding: bytes.array(range), as: UTF8.self))
        else { throw ExpositionFault(.badValue, at: range.start) }
        guard value.isFinite else { throw ExpositionFault(.valueTooLarge, at: range.start) }
        return value
    }

    private static func special(_ bytes: Span<UInt8>, _ range: ByteRange) -> Double? {
        guard range.count == 3 || range.count == 8 else { return nil }
        return switch String(decoding: bytes.array(range).map { $0 | 0x20 }, as: UTF8.self) {
        case "nan": .nan
        case "inf", "infinity": .infinity
        default: nil
        }
    }

    private static func isNumber(
        _ bytes: Span<UInt8>, _ start: Int, _ end: Int, allowsHexadecimal: Bool
    ) -> Bool {
        var index = start
        let isHexadecimal =
            index + 1 < end && bytes[index] == ASCII.zero && bytes[index + 1] | 0x20 == UInt8(ascii: "x")
        guard !isHexadecimal || allowsHexadecimal else { return false }
        if isHexadecimal { index += 2 }
        func digits() -> Int {
            let first = index
            while index < end, isHexadecimal ? ASCII.hexDigit(bytes[index]) != nil : ASCII.digit(bytes[index]) <= 9 {
                index += 1
            }
            return index - first
        }
        var count = digits()
        if index < end, bytes[index] == ASCII.point {
            index += 1
            count += digits()
        }
        guard count > 0 else { return false }
        // Go wants a power after a hexadecimal mantissa.
        guard index < end else { return !isHexadecimal }
        guard bytes[index] | 0x20 == UInt8(ascii: isHexadecimal ? "p" : "e") else { return false }
        index += 1
        if index < end, bytes[index] == ASCII.minus || bytes[index] == ASCII.plus { index += 1 }
        let first = index
        while index < end, ASCII.digit(bytes[index]) <= 9 { index += 1 }
        return index > first && index == end
    }

    // MARK: Times

    /// Whole milliseconds, as version 0.0.4 has them. The result may lie outside of the years that there are.
    @inline(__always)
    static func milliseconds(_ bytes: Span<UInt8>, _ range: ByteRange) throws(ExpositionFault) -> Int64 {
        var index = range.start
        let isNegative = bytes[index] == ASCII.minus
        if isNegative || bytes[index] == ASCII.plus { index &+= 1 }
        let first = index
        var value: Int64 = 0
        while index < range.end, ASCII.digit(bytes[index]) <= 9 {
            // Wraps after 18 digits; such numbers are refused below.
            value = value &* 10 &+ Int64(ASCII.digit(bytes[index]))
            index &+= 1
        }
        guard index == range.end, index > first else { throw ExpositionFault(.badTimestamp, at: range.start) }
        guard index &- first <= 18 else { throw ExpositionFault(.timestampTooLarge, at: range.start) }
        return isNegative ? -value : value
    }

    /// Seconds with any fraction, as OpenMetrics has them, to the nearest millisecond.
    static func milliseconds(ofSeconds seconds: Double) -> Int64? {
        let milliseconds = (seconds * 1000).rounded()
        // 2^53: beyond, doubles do not tell milliseconds apart; and it is far outside of the years that there are.
        return milliseconds.magnitude <= 9_007_199_254_740_992 ? Int64(milliseconds) : nil
    }
}
