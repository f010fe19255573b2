/// Names of metrics and labels as Prometheus has them, with `_` for what it does not take and with suffixes for unit and kind:
/// the strategy `UnderscoreEscapingWithSuffixes` of Prometheus
/// (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#metric-metadata-1).
enum OTLPNames {
    /// - Returns: nil if nothing of the name is left.
    static func metric(_ name: String, unit: String, kind: OTLPKind) -> String? {
        var words = name.utf8.split { !isNameByte($0) }.map { String(Substring($0)) }
        let (main, per) = OTLPUnits.words(unit)
        if !main.isEmpty, !words.contains(main) { words.append(main) }
        if !per.isEmpty { words.append(per) }
        if kind == .counter { words = words.filter { $0 != "total" } + ["total"] }
        if kind == .gauge, unit == "1" { words = words.filter { $0 != "ratio" } + ["ratio"] }
        let joined = words.joined(separator: "_")
        guard let first = joined.utf8.first, !joined.utf8.allSatisfy({ $0 == UInt8(ascii: "_") }) else { return nil }
        return ASCII.digit(first) <= 9 ? "_" + joined : joined
    }

    /// - Returns: nil if nothing of the key is left.
    static func label(_ key: String) -> String? {
        var name = ""
        var hasText = false
        for scalar in key.unicodeScalars {
            let isAllowed = scalar.isASCII && isNameByte(UInt8(scalar.value)) && scalar != ":"
            hasText = hasText || isAllowed
            name.unicodeScalars.append(isAllowed ? scalar : "_")
        }
        guard let first = name.utf8.first, hasText else { return nil }
        if ASCII.digit(first) <= 9 { return "key_" + name }
        // Two underscores are left as they are: names of that kind are Prometheus' own.
        return name.hasPrefix("_") && !name.hasPrefix("__") ? "key" + name : name
    }

    /// Letters, digits and the colon; underscores separate words.
    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}

/// Units as words.
enum OTLPUnits {
    /// Codes of UCUM (https://ucum.org/ucum) that metrics have, and Prometheus' words for them.
    private static let main = [
        "d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds",
        "ns": "nanoseconds", "By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes",
        "TiBy": "tebibytes", "kBy": "kilobytes", "KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes",
        "TBy": "terabytes", "m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams",
        "Cel": "celsius", "Hz": "hertz", "1": "", "%": "percent",
    ]
    private static let per = [
        "s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year",
    ]

    /// `("bytes", "per_second")` of `By/s`; empty where there is no unit, and for remarks in braces, which are none.
    static func words(_ unit: String) -> (main: String, per: String) {
        let parts = unit.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first else { return ("", "") }
        var (mainWord, perWord) = ("", "")
        if let code = code(first) { mainWord = clean(main[code] ?? code) }
        if parts.count > 1, let code = code(parts[1]) {
            perWord = clean("per_" + (per[code] ?? code))
            while perWord.hasSuffix("_") { perWord.removeLast() }
            if perWord == "per" { perWord = "" }
        }
        if !perWord.isEmpty, mainWord.hasSuffix("_") { mainWord.removeLast() }
        return (mainWord, perWord)
    }

    private static func code(_ text: Substring) -> String? {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text.isEmpty || text.contains("{") || text.contains("}") ? nil : String(text)
    }

    /// With one underscore for any stretch of other characters, and none at the beginning.
    private static func clean(_ text: String) -> String {
        var cleaned = ""
        for scalar in text.unicodeScalars {
            if scalar.isASCII, OTLPNames.isNameByte(UInt8(scalar.value)) {
                cleaned.unicodeScalars.append(scalar)
            } else if !cleaned.isEmpty, !cleaned.hasSuffix("_") {
                cleaned += "_"
            }
        }
        return cleaned
    }
}
