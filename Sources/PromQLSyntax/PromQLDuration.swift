/// Durations as PromQL and rule files write them: `1h30m`, units from large to small, each at most once.
package enum PromQLDuration {
    /// About 292 years, in milliseconds: what fits 64 bits of nanoseconds, Prometheus' own limit.
    package static let maximum: Int64 = 9_223_372_036_854

    /// A text that is not a duration.
    package struct ParseError: Error, Equatable, CustomStringConvertible {
        package let text: String
        package let reason: String

        package var description: String {
            "\"\(text)\" is not a duration (\(reason)); expected, for example, 30s, 5m or 1h30m"
        }
    }

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
        ("ms", 1),
    ]

    /// Milliseconds. `0` needs no unit; a sign is not part of a duration.
    package static func parse(_ text: String) throws(ParseError) -> Int64 {
        if text == "0" { return 0 }
        guard !text.isEmpty else { throw ParseError(text: text, reason: "it is empty") }
        var rest = text.utf8[...]
        var total: Int64 = 0
        var smallestUnit = -1
        while !rest.isEmpty {
            let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }
            rest = rest.dropFirst(letters.count)
            guard let count = Int64(Substring(digits)) else {
                throw ParseError(text: text, reason: "a unit must follow a whole number")
            }
            let name = String(Substring(letters))
            guard let unit = units.firstIndex(where: { $0.name == name }) else {
                throw ParseError(text: text, reason: "the units are y, w, d, h, m, s and ms")
            }
            guard unit > smallestUnit else {
                throw ParseError(text: text, reason: "units go from large to small, each at most once")
            }
            smallestUnit = unit
            let (part, tooLarge) = count.multipliedReportingOverflow(by: units[unit].milliseconds)
            guard !tooLarge, part <= maximum, total + part <= maximum else {
                throw ParseError(text: text, reason: "it is longer than 292 years")
            }
            total += part
        }
        return total
    }

    /// The shortest exact text; weeks and years only where nothing is left over, as Prometheus writes them.
    package static func format(_ milliseconds: Int64) -> String {
        guard milliseconds != 0 else { return "0s" }
        var rest = milliseconds.magnitude
        var text = milliseconds < 0 ? "-" : ""
        for (name, length) in units {
            let unit = UInt64(length)
            let isExactOnly = name == "y" || name == "w"
            if isExactOnly, rest % unit != 0 { continue }
            let count = rest / unit
            if count > 0 {
                text += "\(count)\(name)"
                rest -= count * unit
            }
        }
        return text
    }
}
