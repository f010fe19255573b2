/// The functions of one argument, with Prometheus' results
/// (https://prometheus.io/docs/prometheus/latest/configuration/template_reference/#functions).
enum TemplateFunction: String, CaseIterable, Sendable {
    case humanize, humanize1024, humanizeDuration, humanizePercentage, humanizeTimestamp
    case title, toUpper, toLower

    /// Why a template could not be computed for an alert.
    struct Failure: Error, Sendable, Equatable {
        let reason: String
    }

    /// The functions on text take only text. Those on numbers also take text that reads as one.
    var takesNumbers: Bool {
        switch self {
        case .humanize, .humanize1024, .humanizeDuration, .humanizePercentage, .humanizeTimestamp: true
        case .title, .toUpper, .toLower: false
        }
    }

    func apply(_ argument: TemplateValue) throws(Failure) -> String {
        switch self {
        case .humanize: TemplateFunction.scaled(try number(argument))
        case .humanize1024: TemplateFunction.scaledBinary(try number(argument))
        case .humanizeDuration: TemplateFunction.duration(try number(argument))
        case .humanizePercentage: TemplateFunction.short(try number(argument) * 100) + "%"
        case .humanizeTimestamp: try TemplateFunction.timestamp(number(argument))
        case .title: TemplateFunction.capitalized(argument.text)
        case .toUpper: argument.text.uppercased()
        case .toLower: argument.text.lowercased()
        }
    }

    private func number(_ value: TemplateValue) throws(Failure) -> Double {
        switch value {
        case .number(let number): return number
        case .text(let text):
            guard let number = Double(text) else {
                throw Failure(reason: "\(rawValue) needs a number, but got \"\(text)\"")
            }
            return number
        }
    }

    private static func short(_ value: Double) -> String { FloatText.formatted(value, verb: "g", precision: 4) }

    private static let fractions = ["m", "u", "n", "p", "f", "a", "z", "y"]

    /// With an SI prefix: 1.235M, 12.3m.
    private static func scaled(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return short(value) }
        if value.magnitude < 1 { return scaledFraction(value) }
        return scaled(value, by: 1000, prefixes: ["k", "M", "G", "T", "P", "E", "Z", "Y"])
    }

    private static func scaledBinary(_ value: Double) -> String {
        guard value.isFinite, value.magnitude > 1 else { return short(value) }
        return scaled(value, by: 1024, prefixes: ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"])
    }

    private static func scaled(_ value: Double, by factor: Double, prefixes: [String]) -> String {
        var value = value
        var prefix = ""
        for larger in prefixes where value.magnitude >= factor {
            prefix = larger
            value /= factor
        }
        return short(value) + prefix
    }

    private static func scaledFraction(_ value: Double) -> String {
        var value = value
        var prefix = ""
        for smaller in fractions where value.magnitude < 1 {
            prefix = smaller
            value *= 1000
        }
        return short(value) + prefix
    }

    /// From seconds: 1d 2h 3m 4s, 12.5s, 3.2ms.
    private static func duration(_ value: Double) -> String {
        guard value.isFinite else { return short(value) }
        if value == 0 { return "0s" }
        if value.magnitude < 1 { return scaledFraction(value) + "s" }
        let sign = value < 0 ? "-" : ""
        guard let total = Int64(exactly: value.magnitude.rounded(.down)) else { return short(value) + "s" }
        let (seconds, minutes, hours, days) = (total % 60, total / 60 % 60, total / 3600 % 24, total / 86_400)
        if days != 0 { return "\(sign)\(days)d \(hours)h \(minutes)m \(seconds)s" }
        if hours != 0 { return "\(sign)\(hours)h \(minutes)m \(seconds)s" }
        if minutes != 0 { return "\(sign)\(minutes)m \(seconds)s" }
        return sign + short(value.magnitude) + "s"
    }

    /// From seconds since 1970, in the form of Go's `Time.String`: 2015-06-22 10:42:28.374 +0000 UTC.
    private static func timestamp(_ value: Double) throws(Failure) -> String {
        guard value.isFinite else { return short(value) }
        guard value.magnitude < 2.5e11 else {
            throw Failure(
                reason: "humanizeTimestamp needs seconds since 1970, but \(FloatText.general(value)) is no date")
        }
        let milliseconds = Int64((value * 1000).rounded())
        let time = CivilTime(milliseconds: milliseconds)
        var fraction = ""
        if time.millisecond > 0 {
            fraction = "." + CivilTime.padded(time.millisecond, 3)
            while fraction.last == "0" { fraction.removeLast() }
        }
        return "\(time.date) \(time.clock)\(fraction) +0000 UTC"
    }

    /// Makes the first letter of each word upper case and leaves the rest alone.
    private static func capitalized(_ text: String) -> String {
        var startsWord = true
        var out = ""
        for scalar in text.unicodeScalars {
            let properties = scalar.properties
            let inWord = properties.isAlphabetic || properties.numericType != nil || scalar == "_"
            out += startsWord && inWord ? properties.titlecaseMapping : String(scalar)
            startsWord = scalar.isASCII ? !inWord : properties.isWhitespace
        }
        return out
    }
}
