/// A moment as ISO 8601 text in UTC, `2026-11-23T10:45:23.123Z`, kept as bytes and changed where a new moment differs.
struct TimestampText {
    /// The moments that the data contract takes: the years 1970 to 2099, in milliseconds since 1970.
    static let range: ClosedRange<Int64> = 0...4_102_444_799_999

    private(set) var bytes = Array("1970-01-01T00:00:00.000Z".utf8)
    private var second: Int64 = 0

    /// - Parameter milliseconds: since 1970-01-01T00:00:00Z, within `range`.
    mutating func set(_ milliseconds: Int64) {
        precondition(TimestampText.range.contains(milliseconds), "a moment of the years 1970 to 2099")
        let (newSecond, fraction) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        if newSecond != second {
            let (day, time) = newSecond.quotientAndRemainder(dividingBy: 86_400)
            if day != second / 86_400 { setDate(CivilDate(day: day)) }
            second = newSecond
            put(Int(time / 3600), at: 11, digits: 2)
            put(Int(time / 60 % 60), at: 14, digits: 2)
            put(Int(time % 60), at: 17, digits: 2)
        }
        put(Int(fraction), at: 20, digits: 3)
    }

    private mutating func setDate(_ date: CivilDate) {
        put(date.year, at: 0, digits: 4)
        put(date.month, at: 5, digits: 2)
        put(date.dayOfMonth, at: 8, digits: 2)
    }

    private mutating func put(_ number: Int, at start: Int, digits: Int) {
        var rest = number
        for index in stride(from: start + digits - 1, through: start, by: -1) {
            bytes[index] = 0x30 + UInt8(rest % 10)
            rest /= 10
        }
    }
}

/// A day of the Gregorian calendar. Conversions after Howard Hinnant, "chrono-compatible low-level date algorithms".
struct CivilDate: Equatable {
    var year: Int
    var month: Int
    var dayOfMonth: Int

    init(year: Int, month: Int, dayOfMonth: Int) {
        self.year = year
        self.month = month
        self.dayOfMonth = dayOfMonth
    }

    /// - Parameter day: Days since 1970-01-01, not negative.
    init(day: Int64) {
        let shifted = Int(day) + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01; nil if the calendar has no such day.
    var day: Int64? {
        guard (1...12).contains(month), (1...CivilDate.days(in: month, of: year)).contains(dayOfMonth) else {
            return nil
        }
        let yearFromMarch = month <= 2 ? year - 1 : year
        let era = (yearFromMarch >= 0 ? yearFromMarch : yearFromMarch - 399) / 400
        let yearOfEra = yearFromMarch - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + dayOfMonth - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
