/// General categories (UAX #44, table 12) as sets of scalars, under the names that RE2 has: `L`, `Lu`, `Nd`, `C`, …
enum UnicodeCategories {
    /// The scalars of a category, or of all categories that begin with a one-letter name; nil if there is none so
    /// called. Unassigned scalars are in no category.
    static func set(named name: String) -> ScalarSet? {
        let ranges = runs.filter { $0.category == name || (name.utf8.count == 1 && $0.category.hasPrefix(name)) }
        return ranges.isEmpty ? nil : ScalarSet(ranges.map(\.scalars))
    }

    /// Where the standard library is asked. Planes 4 to 13 have no characters; 15 and 16 are for private use.
    private static let explored: [ClosedRange<UInt32>] = [0...0x3FFFF, 0xE0000...0xE0FFF]
    private static let privatePlanes: [ClosedRange<UInt32>] = [0xF0000...0xFFFFD, 0x100000...0x10FFFD]

    /// Neighbours of the same category, in order. Takes a pass over the explored planes, once a process.
    private static let runs: [(scalars: ClosedRange<UInt32>, category: String)] = {
        var runs: [(scalars: ClosedRange<UInt32>, category: String)] = []
        for plane in explored {
            var first = plane.lowerBound
            var current: Unicode.GeneralCategory?
            for value in plane.lowerBound...(plane.upperBound + 1) {
                // A surrogate is no scalar and thus has no properties here.
                let category = Unicode.Scalar(value)?.properties.generalCategory
                if category == current && value <= plane.upperBound { continue }
                if value > first, let current, let name = abbreviation(of: current) {
                    runs.append((first...(value - 1), name))
                }
                first = value
                current = category
            }
        }
        return runs + privatePlanes.map { ($0, "Co") }
    }()

    private static func abbreviation(of category: Unicode.GeneralCategory) -> String? {
        switch category {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .privateUse: "Co"
        case .surrogate, .unassigned: nil
        @unknown default: nil
        }
    }
}
