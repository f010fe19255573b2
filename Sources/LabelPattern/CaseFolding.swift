/// Which scalars differ only in case, by Unicode's simple case folding (UAX #44, CaseFolding.txt, statuses C and S).
enum CaseFolding {
    /// The set with all scalars that differ from one of its own only in case.
    static func closure(of set: ScalarSet) -> ScalarSet {
        var ranges = set.ranges
        for letter in 0x41...0x5A as ClosedRange<UInt32> {
            let lower = letter + 0x20
            if set.contains(letter) || set.contains(lower) { ranges += [letter...letter, lower...lower] }
        }
        if set.isASCII {
            // Two ASCII letters have relatives elsewhere: LATIN SMALL LETTER LONG S and KELVIN SIGN.
            if set.contains(0x53) || set.contains(0x73) { ranges.append(0x17F...0x17F) }
            if set.contains(0x4B) || set.contains(0x6B) { ranges.append(0x212A...0x212A) }
        } else {
            for orbit in orbits where orbit.contains(where: set.contains) {
                ranges += orbit.map { $0...$0 }
            }
        }
        return ScalarSet(ranges)
    }

    /// Every group of two or more scalars that differ only in case. Takes a pass over two planes, once a process.
    private static let orbits: [[UInt32]] = {
        var representative: [UInt32: UInt32] = [:]
        func root(_ scalar: UInt32) -> UInt32 {
            var current = scalar
            while let parent = representative[current], parent != current { current = parent }
            return current
        }
        // All cased letters of Unicode lie in the first two planes.
        for value in 0x41..<0x1F000 as Range<UInt32> {
            // Dotted and dotless i fold to themselves outside Turkic languages.
            guard value != 0x130, value != 0x131, let scalar = Unicode.Scalar(value) else { continue }
            let properties = scalar.properties
            guard properties.changesWhenCaseMapped else { continue }
            for mapping in [properties.lowercaseMapping, properties.uppercaseMapping, properties.titlecaseMapping] {
                let mapped = mapping.unicodeScalars
                guard mapped.count == 1, let other = mapped.first?.value, other != value else { continue }
                let (left, right) = (root(value), root(other))
                representative[max(left, right)] = min(left, right)
                representative[min(left, right)] = min(left, right)
            }
        }
        var groups: [UInt32: [UInt32]] = [:]
        for scalar in representative.keys.sorted() { groups[root(scalar), default: []].append(scalar) }
        return groups.values.filter { $0.count > 1 }
    }()
}
