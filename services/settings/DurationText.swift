/// Durations as people write them: `30s`, `5m`, `1h30m`, `250ms`.
package enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Added to any date of interest, such a duration still gives one that every calendar can write.
    private static let longest: Int64 = 36_525 * 86_400_000

    /// Whole numbers, each with its unit (`w d h m s ms`), larger units first and none twice, as in Prometheus; `0`
    /// alone needs no unit. Nil for anything else, and for more than a hundred years.
    package static func duration(in text: String) -> Duration? {
        if text == "0" { return .zero }
        var rest = Substring(text).utf8
        var unitsLeft = units[...]
        var total: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            let letters = rest.dropFirst(digits.count).prefix { !(0x30...0x39).contains($0) }
            guard let number = Int64(Substring(digits)), let unitName = String(letters),
                let unit = unitsLeft.firstIndex(where: { $0.name == unitName })
            else { return nil }
            let (part, tooLong) = number.multipliedReportingOverflow(by: units[unit].milliseconds)
            let (sum, sumTooLong) = total.addingReportingOverflow(part)
            guard !tooLong, !sumTooLong, sum <= longest else { return nil }
            total = sum
            unitsLeft = unitsLeft[(unit + 1)...]
            rest = rest.dropFirst(digits.count + letters.count)
        }
        return .milliseconds(total)
    }

    /// The shortest such text; less than a millisecond is dropped, and so is a sign.
    package static func text(of duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let (whole, tooLong) = seconds.multipliedReportingOverflow(by: 1000)
        var rest = (tooLong ? Int64.max : whole + attoseconds / 1_000_000_000_000_000).magnitude
        var text = ""
        // Weeks are understood but not written: 7d says the same and reads easier.
        for unit in units.dropFirst() where rest >= UInt64(unit.milliseconds) {
            text += "\(rest / UInt64(unit.milliseconds))\(unit.name)"
            rest %= UInt64(unit.milliseconds)
        }
        return text.isEmpty ? "0s" : text
    }
}
