/// Finds the name that somebody probably meant.
enum NearestName {
    /// The candidate with the fewest typing errors between it and `name`; the first of several. A name without its
    /// group (`max_body_bytes`) is also compared with the last parts of the candidates. Nil when there are no
    /// candidates.
    static func nearest(to name: String, among candidates: [String], separator: Character) -> String? {
        let typed = Array(name.lowercased().unicodeScalars.prefix(100))
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let known = candidate.lowercased()
            var distance = distance(typed, Array(known.unicodeScalars))
            if !name.contains(separator), let last = known.split(separator: separator).last {
                distance = min(distance, 1 + self.distance(typed, Array(last.unicodeScalars)))
            }
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.name
    }

    /// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, each counting one.
    private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
