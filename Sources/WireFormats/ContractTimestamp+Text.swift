/// Times as the contract's records have them, `2026-05-04T03:02:01.500Z`, appended as ASCII. Remembers the day.
struct ContractTimestampText {
    private static let dayMilliseconds: Int64 = 86_400_000

    private var day: Int64 = -1
    private var date: [UInt8] = []

    /// - Parameter milliseconds: since 1970-01-01T00:00:00Z, 0 to `ContractTimestamp.latest`.
    mutating func append(_ milliseconds: Int64, to out: inout [UInt8]) {
        let (day, time) = milliseconds.quotientAndRemainder(dividingBy: Self.dayMilliseconds)
        if day != self.day {
            self.day = day
            date = Self.date(ofDay: day)
        }
        out += date
        Self.append(time / 3_600_000, digits: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        Self.append(time / 60_000 % 60, digits: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        Self.append(time / 1000 % 60, digits: 2, to: &out)
        out.append(UInt8(ascii: "."))
        Self.append(time % 1000, digits: 3, to: &out)
        out.append(UInt8(ascii: "Z"))
    }

    /// `YYYY-MM-DDT`. The calendar counts from 1 March 1600 in 400-year cycles of 146,097 days, so that a leap day is the last
    /// of its year.
    private static func date(ofDay day: Int64) -> [UInt8] {
        let days = day + 135_080
        let cycle = days / 146_097
        let dayOfCycle = days % 146_097
        let century = min(dayOfCycle / 36_524, 3)
        let dayOfCentury = dayOfCycle - century * 36_524
        let leapCycle = dayOfCentury / 1461
        let dayOfLeapCycle = dayOfCentury - leapCycle * 1461
        let yearOfLeapCycle = min(dayOfLeapCycle / 365, 3)
        var dayOfYear = dayOfLeapCycle - yearOfLeapCycle * 365
        var year = 1600 + cycle * 400 + century * 100 + leapCycle * 4 + yearOfLeapCycle
        var month: Int64 = 3
        for length in [31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31] as [Int64] {
            if dayOfYear < length { break }
            dayOfYear -= length
            month += 1
        }
        if month > 12 {
            month -= 12
            year += 1
        }
        var out: [UInt8] = []
        append(year, digits: 4, to: &out)
        out.append(UInt8(ascii: "-"))
        append(month, digits: 2, to: &out)
        out.append(UInt8(ascii: "-"))
        append(dayOfYear + 1, digits: 2, to: &out)
        out.append(UInt8(ascii: "T"))
        return out
    }

    private static func append(_ number: Int64, digits: Int, to out: inout [UInt8]) {
        var divisor: Int64 = digits == 4 ? 1000 : digits == 3 ? 100 : 10
        while divisor > 0 {
            out.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }
}
