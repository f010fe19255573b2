/// The name that somebody who typed another one most likely meant.
enum NearestName {
    /// The candidate that the fewest edits (insert, delete, replace, swap neighbours: optimal string alignment) turn
    /// into `typed`; the first of several, nil if there is no candidate.
    static func nearest(to typed: String, among candidates: [String]) -> String? {
        let word = Array(typed.lowercased().unicodeScalars.prefix(64))
        return candidates.map { (name: $0, edits: edits(word, Array($0.unicodeScalars))) }
            .min { $0.edits < $1.edits }?.name
    }

    private static func edits(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var rows = [Array(0...b.count)]
        for (i, left) in a.enumerated() {
            var row = [i + 1]
            for (j, right) in b.enumerated() {
                var edits = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (left == right ? 0 : 1))
                if i > 0, j > 0, left == b[j - 1], a[i - 1] == right { edits = min(edits, rows[i - 1][j - 1] + 1) }
                row.append(edits)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
