/// The contract's time stamps: RFC 3339 date-times and integers of epoch milliseconds.
package struct ContractTimestamp {
    /// The last millisecond of the year 2099.
    package static let latest: Int64 = 4_102_444_799_999
    static let range: ClosedRange<Int64> = 0...latest
    private static let dayMilliseconds: Int64 = 86_400_000

    enum Outcome: Equatable {
        case milliseconds(Int64)
        /// Not a date-time with offset, or no such day.
        case malformed
        /// A real date-time whose written year is not in 1970…2099.
        case outOfRange
    }

    // The last calendar day that the fast reader saw ("YYYY-MM-" and "DD") and its start: telemetry comes in day by
    // day.
    private var dayHead: UInt64 = 0
    private var dayTail: UInt64 = 0
    private var dayStart: Int64 = 0

    /// The number as epoch milliseconds. It counts by its value as a double, so `1.7e12` is an integer.
    @inline(__always)
    static func milliseconds(_ number: Double) -> Outcome {
        guard number == number.rounded(.towardZero) else { return .malformed }
        guard number >= 0, number <= Double(latest) else { return .outOfRange }
        return .milliseconds(Int64(number))
    }

    /// Reads `YYYY-MM-DDThh:mm:ss[.f…]Z"` at `offset`: the milliseconds and the offset of the closing quote. Nil for
    /// everything else; `read` decides then.
    @inline(__always)
    mutating func readCommon(_ bytes: Span<UInt8>, at offset: Int) -> (milliseconds: Int64, quote: Int)? {
        guard offset &+ 21 <= bytes.count else { return nil }
        let head = bytes.word(at: offset)
        let tail = UInt64(bytes[offset &+ 8]) << 8 | UInt64(bytes[offset &+ 9])
        if head != dayHead || tail != dayTail {
            guard let days = Self.day(bytes, at: offset), case .milliseconds(let start) = days else { return nil }
            (dayHead, dayTail, dayStart) = (head, tail, start)
        }
        let separator = bytes[offset &+ 10]
        guard separator == UInt8(ascii: "T") || separator == ASCII.space || separator == UInt8(ascii: "t") else {
            return nil
        }
        // "hh:mm:ss" against "00:00:00": each digit leaves its value, each colon leaves zero.
        let time = bytes.word(at: offset &+ 11) ^ 0x3030_3A30_303A_3030
        guard time & 0xF0F0_FFF0_F0FF_F0F0 == 0, (time &+ 0x0606_0006_0600_0606) & 0x1010_0010_1000_1010 == 0 else {
            return nil
        }
        let hour = (time & 0xFF) &* 10 &+ (time >> 8 & 0xFF)
        let minute = (time >> 24 & 0xFF) &* 10 &+ (time >> 32 & 0xFF)
        let second = (time >> 48 & 0xFF) &* 10 &+ time >> 56
        guard hour < 24, minute < 60, second < 60 else { return nil }
        var milliseconds = dayStart &+ Int64((hour &* 3600 &+ minute &* 60 &+ second) &* 1000)
        var index = offset &+ 19
        if bytes[index] == ASCII.point {
            index &+= 1
            let fraction = index
            var scale: Int64 = 100
            while index < bytes.count {
                let digit = ASCII.digit(bytes[index])
                guard digit <= 9 else { break }
                milliseconds &+= Int64(digit) &* scale
                scale /= 10
                index &+= 1
            }
            guard index > fraction else { return nil }
        }
        guard index &+ 1 < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "z"), bytes[index &+ 1] == ASCII.quote
        else { return nil }
        return (milliseconds, index &+ 1)
    }

    /// Reads a whole date-time (RFC 3339, section 5.6, with a space allowed for the `T`). Digits beyond the
    /// millisecond are cut off; second 60 is the start of the next minute, whatever its fraction.
    static func read(_ bytes: Span<UInt8>, _ range: ByteRange) -> Outcome {
        let start = range.start
        guard range.count >= 20, let day = day(bytes, at: start) else { return .malformed }
        guard [UInt8(ascii: "T"), UInt8(ascii: "t"), ASCII.space].contains(bytes[start + 10]),
            let hour = twoDigits(bytes, at: start + 11), hour < 24, bytes[start + 13] == ASCII.colon,
            let minute = twoDigits(bytes, at: start + 14), minute < 60, bytes[start + 16] == ASCII.colon,
            let second = twoDigits(bytes, at: start + 17), second <= 60
        else { return .malformed }
        var index = start + 19
        var fraction: Int64 = 0
        if bytes[index] == ASCII.point {
            index += 1
            let first = index
            var scale: Int64 = 100
            while index < range.end, ASCII.digit(bytes[index]) <= 9 {
                fraction += Int64(ASCII.digit(bytes[index])) * scale
                scale /= 10
                index += 1
            }
            guard index > first else { return .malformed }
        }
        guard let offset = zone(bytes, ByteRange(start: index, end: range.end)) else { return .malformed }
        guard case .milliseconds(let midnight) = day else { return day }
        if second == 60 { fraction = 0 }
        return .milliseconds(midnight + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction)
    }

    /// The offset from UTC in minutes that `range` spells as a whole, or nil.
    private static func zone(_ bytes: Span<UInt8>, _ range: ByteRange) -> Int64? {
        guard !range.isEmpty else { return nil }
        let sign = bytes[range.start]
        if sign | 0x20 == UInt8(ascii: "z") { return range.count == 1 ? 0 : nil }
        guard sign == ASCII.plus || sign == ASCII.minus, range.count == 6,
            let hours = twoDigits(bytes, at: range.start + 1), hours < 24, bytes[range.start + 3] == ASCII.colon,
            let minutes = twoDigits(bytes, at: range.start + 4), minutes < 60
        else { return nil }
        let offset = hours * 60 + minutes
        return sign == ASCII.plus ? offset : -offset
    }

    /// The start of the day `YYYY-MM-DD` at `offset` (ten bytes are there), or nil if it is not one.
    private static func day(_ bytes: Span<UInt8>, at offset: Int) -> Outcome? {
        guard let century = twoDigits(bytes, at: offset), let yearInCentury = twoDigits(bytes, at: offset + 2),
            bytes[offset + 4] == ASCII.minus, let month = twoDigits(bytes, at: offset + 5), 1...12 ~= month,
            bytes[offset + 7] == ASCII.minus, let day = twoDigits(bytes, at: offset + 8), day >= 1
        else { return nil }
        let year = century * 100 + yearInCentury
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        guard day <= (month == 2 && isLeap ? 29 : daysInMonth[Int(month)]) else { return nil }
        guard 1970...2099 ~= year else { return .outOfRange }
        // Every fourth year of this range is a leap year: 2000 is one, and 2100 lies outside.
        let daysBefore =
            365 * (year - 1970) + (year - 1969) / 4 + daysBeforeMonth[Int(month)] + (month > 2 && isLeap ? 1 : 0)
        return .milliseconds((daysBefore + day - 1) * dayMilliseconds)
    }

    private static func twoDigits(_ bytes: Span<UInt8>, at offset: Int) -> Int64? {
        let tens = ASCII.digit(bytes[offset])
        let units = ASCII.digit(bytes[offset + 1])
        return tens <= 9 && units <= 9 ? Int64(tens) * 10 + Int64(units) : nil
    }

    private static let daysInMonth: [Int64] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    private static let daysBeforeMonth: [Int64] = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
}
