/// Numbers of bytes as people write them: `64MiB`, `1GB`, `4096`.
package enum ByteSizeText {
    private static let units: [(name: String, bytes: Int)] = [
        ("B", 1), ("kB", 1000), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
    ]

    /// A whole number and, after it or after spaces, a unit: powers of 1000 (`kB MB GB TB`) or of 1024 (`KiB MiB GiB
    /// TiB`). Nil for anything else, and for what does not fit 63 bits.
    package static func bytes(in text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
        let unitName = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int(digits) else { return nil }
        if unitName.isEmpty { return digits.count == text.count ? number : nil }
        guard let unit = units.first(where: { $0.name == unitName }) else { return nil }
        let (bytes, tooMany) = number.multipliedReportingOverflow(by: unit.bytes)
        return tooMany ? nil : bytes
    }

    /// In the largest unit of 1024 that holds it without remainder, else in bytes.
    package static func text(of bytes: Int) -> String {
        for unit in units.reversed() where unit.bytes.isMultiple(of: 1024) {
            if bytes != 0, bytes.isMultiple(of: unit.bytes) { return "\(bytes / unit.bytes)\(unit.name)" }
        }
        return String(bytes)
    }
}
