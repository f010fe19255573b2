/// The name that somebody who wrote another one most likely meant.
package enum NearestName {
    /// The closest of `candidates`, or nil if none is within a third of the word's length (at least 2 edits).
    package static func of(_ word: String, among candidates: [String]) -> String? {
        let length = word.unicodeScalars.prefix(longest).count
        let ranked = candidates.map { (name: $0, edits: edits(word, $0)) }
        guard let best = ranked.min(by: { $0.edits < $1.edits }), best.edits <= max(2, length / 3), best.edits < length
        else { return nil }
        return best.name
    }

    /// The closest of `candidates` however far it is, the first of several; nil if there is none.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        candidates.map { (name: $0, edits: edits(word, $0)) }.min { $0.edits < $1.edits }?.name
    }

    /// How many edits (insert, delete, replace, swap of neighbours: optimal string alignment) turn what was typed, in whatever
    /// case, into `candidate`.
    package static func edits(_ typed: String, _ candidate: String) -> Int {
        let a = Array(typed.lowercased().unicodeScalars.prefix(longest))
        let b = Array(candidate.unicodeScalars)
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1] + [Int](repeating: 0, count: b.count)
            for j in 0..<b.count {
                row[j + 1] = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
                }
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }

    /// Scalars of a typed name that are looked at.
    private static let longest = 100
}
