/// Counts names, exactly while there are at most `capacity` different ones, and in bounded memory beyond: then names that are
/// seldom are forgotten, and every count is too small by at most `error` (Misra, Gries: "Finding repeated elements", Science of
/// Computer Programming 2, 1982).
struct FrequentNames {
    let capacity: Int
    private(set) var error = 0
    private var counts: [String: Int] = [:]

    init(capacity: Int = 65_536) { self.capacity = capacity }

    /// O(1) amortised: what takes one from every count takes away as many as were added before.
    mutating func add(_ name: String) {
        counts[name, default: 0] += 1
        guard counts.count > capacity else { return }
        error += 1
        counts = counts.compactMapValues { $0 > 1 ? $0 - 1 : nil }
    }

    /// Largest first, at most `limit`.
    func largest(_ limit: Int) -> [(name: String, count: Int)] {
        Array(counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(limit).map { ($0.key, $0.value) })
    }
}
