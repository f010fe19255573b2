/// Durations as Prometheus writes them: `1h30m`, `90s`, `0`. Units in falling order, each at most once:
/// `y` (365 days), `w`, `d`, `h`, `m`, `s`, `ms`.
package enum RuleDuration {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000),
        ("ms", 1),
    ]

    /// Nil if the text is not such a duration or does not fit.
    package static func milliseconds(_ text: String) -> Int64? {
        if text == "0" { return 0 }
        guard !text.isEmpty else { return nil }
        var rest = Substring(text)
        var total: Int64 = 0
        var unitsLeft = units[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let amount = Int64(digits), let index = unitsLeft.firstIndex(where: { $0.name == unit }) else {
                return nil
            }
            let (product, tooLarge) = amount.multipliedReportingOverflow(by: unitsLeft[index].milliseconds)
            let (sum, overflow) = total.addingReportingOverflow(product)
            if tooLarge || overflow { return nil }
            total = sum
            unitsLeft = unitsLeft[(index + 1)...]
        }
        return total
    }

    /// The shortest such text; weeks and years only where they divide evenly, as Prometheus prints it.
    package static func text(milliseconds: Int64) -> String {
        guard milliseconds > 0 else { return "0s" }
        var rest = milliseconds
        var text = ""
        for unit in units {
            let onlyWhole = unit.name == "y" || unit.name == "w"
            if onlyWhole && rest % unit.milliseconds != 0 { continue }
            let amount = rest / unit.milliseconds
            if amount > 0 { text += "\(amount)\(unit.name)" }
            rest %= unit.milliseconds
        }
        return text
    }
}
