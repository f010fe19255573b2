/// Reads the timestamps that recorded data comes with.
enum TimestampParser {
    static let expected =
        "a time of the years 1970 to 2099 such as 2014-02-14 14:30:00, 2014-02-14T14:30:00.5Z or seconds or "
        + "milliseconds since 1970"

    /// Milliseconds since 1970-01-01T00:00:00Z from one of
    /// - `YYYY-MM-DD HH:MM:SS`, with `T` or a space, an optional fraction and an optional `Z` or `±HH:MM` (none means
    ///   UTC); digits after the millisecond are cut off;
    /// - a number since 1970, in milliseconds from 100,000,000,000 on and in seconds below, which may have a fraction.
    ///
    /// Nil for anything else and for moments that the data contract does not take.
    static func milliseconds(in text: some StringProtocol) -> Int64? {
        let bytes = Array(text.utf8)
        let moment = bytes.dropFirst(4).first == 0x2D ? calendarTime(bytes) : epochTime(String(text))
        guard let moment, TimestampText.range.contains(moment) else { return nil }
        return moment
    }

    private static func epochTime(_ text: String) -> Int64? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }), let number = Double(text) else {
            return nil
        }
        let milliseconds = number >= 100_000_000_000 ? number : (number * 1000).rounded()
        return Int64(exactly: milliseconds.rounded(.down))
    }

    private static func calendarTime(_ bytes: [UInt8]) -> Int64? {
        var rest = bytes[...]
        guard let year = rest.takeNumber(digits: 4), rest.take("-"), let month = rest.takeNumber(digits: 2),
            rest.take("-"), let dayOfMonth = rest.takeNumber(digits: 2),
            let day = CivilDate(year: year, month: month, dayOfMonth: dayOfMonth).day,
            rest.take("T") || rest.take(" ") || rest.take("t"),
            let hour = rest.takeNumber(digits: 2), hour < 24, rest.take(":"),
            let minute = rest.takeNumber(digits: 2), minute < 60, rest.take(":"),
            let second = rest.takeNumber(digits: 2), second <= 60
        else { return nil }
        var fraction = 0
        if rest.take(".") {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty else { return nil }
            for index in 0..<3 {
                let digit = index < digits.count ? Int(digits[digits.startIndex + index] - 0x30) : 0
                fraction = fraction * 10 + digit
            }
            rest = rest.dropFirst(digits.count)
        }
        guard let offset = takeOffset(&rest), rest.isEmpty else { return nil }
        let seconds = day * 86_400 + Int64(hour * 3600 + (minute - offset) * 60 + second)
        return seconds * 1000 + Int64(fraction)
    }

    /// Minutes east of UTC.
    private static func takeOffset(_ rest: inout ArraySlice<UInt8>) -> Int? {
        if rest.isEmpty || rest.take("Z") || rest.take("z") { return 0 }
        let isEast = rest.take("+")
        guard isEast || rest.take("-"), let hours = rest.takeNumber(digits: 2), hours < 24 else { return nil }
        _ = rest.take(":")
        guard let minutes = rest.takeNumber(digits: 2), minutes < 60 else { return nil }
        return (hours * 60 + minutes) * (isEast ? 1 : -1)
    }
}

extension ArraySlice<UInt8> {
    fileprivate mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard let byte = first, UInt32(byte) == scalar.value else { return false }
        removeFirst()
        return true
    }

    fileprivate mutating func takeNumber(digits: Int) -> Int? {
        guard count >= digits else { return nil }
        var number = 0
        for byte in prefix(digits) {
            guard (0x30...0x39).contains(byte) else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        removeFirst(digits)
        return number
    }
}
