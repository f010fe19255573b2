import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Evaluation {
    /// Functions of one number.
    static func pointwise(_ function: PromQLFunction) -> ((Double) -> Double)? {
        switch function {
        case .abs: { $0.magnitude }
        case .ceil: { $0.rounded(.up) }
        case .floor: { $0.rounded(.down) }
        case .sqrt: { $0.squareRoot() }
        case .sgn: { $0 < 0 ? -1 : $0 > 0 ? 1 : $0 }
        case .exp: { exp($0) }
        case .ln: { log($0) }
        case .log2: { log2($0) }
        case .log10: { log10($0) }
        case .sin: { sin($0) }
        case .cos: { cos($0) }
        case .tan: { tan($0) }
        case .asin: { asin($0) }
        case .acos: { acos($0) }
        case .atan: { atan($0) }
        case .sinh: { sinh($0) }
        case .cosh: { cosh($0) }
        case .tanh: { tanh($0) }
        case .asinh: { asinh($0) }
        case .acosh: { acosh($0) }
        case .atanh: { atanh($0) }
        case .deg: { $0 * 180 / .pi }
        case .rad: { $0 * .pi / 180 }
        default: nil
        }
    }

    /// What an operator makes of two numbers. Comparisons give 1 or 0; set operators and those that trim histograms have no
    /// meaning here.
    static func arithmetic(_ operator: BinaryOperator) -> (Double, Double) -> Double {
        switch `operator` {
        case .add: { $0 + $1 }
        case .subtract: { $0 - $1 }
        case .multiply: { $0 * $1 }
        case .divide: { $0 / $1 }
        case .modulo: { fmod($0, $1) }
        case .power: { pow($0, $1) }
        case .atan2: { atan2($0, $1) }
        case .equal: { $0 == $1 ? 1 : 0 }
        case .notEqual: { $0 != $1 ? 1 : 0 }
        case .greater: { $0 > $1 ? 1 : 0 }
        case .less: { $0 < $1 ? 1 : 0 }
        case .greaterOrEqual: { $0 >= $1 ? 1 : 0 }
        case .lessOrEqual: { $0 <= $1 ? 1 : 0 }
        case .and, .or, .unless, .trimUpper, .trimLower: { _, _ in .nan }
        }
    }

    /// Functions of a moment in UTC: of the values of a vector (seconds since 1970), or of the evaluation time.
    func dateFunction(
        _ function: PromQLFunction, _ arguments: [PromQLExpression], _ grid: StepGrid
    ) throws -> [StepSeries]? {
        let part: (CivilTime) -> Int
        switch function {
        case .year: part = { $0.year }
        case .month: part = { $0.month }
        case .dayOfMonth: part = { $0.day }
        case .dayOfWeek: part = { $0.dayOfWeek }
        case .dayOfYear: part = { $0.dayOfYear }
        case .daysInMonth: part = { $0.daysInMonth }
        case .hour: part = { $0.hour }
        case .minute: part = { $0.minute }
        default: return nil
        }
        let evaluate: (Double) -> Double = { CivilTime(seconds: $0).map { Double(part($0)) } ?? .nan }
        guard let argument = arguments.first else {
            try budget.charge(samples: grid.count)
            let values = (0..<grid.count).map { evaluate(Double(grid.time($0)) / 1000) }
            return [StepSeries(labels: .empty, values: values)]
        }
        return try mapped(vector(argument, grid)) { $0.mapping($0.values.mapPresent(evaluate)) }
    }
}

/// A moment in the proleptic Gregorian calendar, UTC.
struct CivilTime {
    let year: Int
    let month: Int
    let day: Int
    let hour: Int
    let minute: Int
    private let daysSince1970: Int

    /// Nil for NaN and beyond some 30 million years. Days to dates as in Howard Hinnant, "chrono-Compatible Low-Level
    /// Date Algorithms", `civil_from_days`.
    init?(seconds: Double) {
        guard seconds.magnitude < 1e15 else { return nil }
        let whole = Int(seconds)
        let secondOfDay = ((whole % 86_400) + 86_400) % 86_400
        let days = (whole - secondOfDay) / 86_400
        hour = secondOfDay / 3600
        minute = secondOfDay % 3600 / 60
        daysSince1970 = days
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Sunday is 0.
    var dayOfWeek: Int { ((daysSince1970 + 4) % 7 + 7) % 7 }

    private var isLeapYear: Bool { (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 }

    private static func length(ofMonth month: Int, isLeapYear: Bool) -> Int {
        switch month {
        case 2: isLeapYear ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    var daysInMonth: Int { Self.length(ofMonth: month, isLeapYear: isLeapYear) }

    /// January 1st is 1.
    var dayOfYear: Int {
        (1..<max(1, month)).reduce(day) { $0 + Self.length(ofMonth: $1, isLeapYear: isLeapYear) }
    }
}
