/// The largest of many counts, at most `limit` of them: a binary heap with the smallest on top. O(log limit) an offer.
struct LargestCounts {
    private let limit: Int
    private var heap: [(item: Int, count: Int)] = []

    init(_ limit: Int) { self.limit = limit }

    /// Largest first; of equal ones the smaller item.
    var sorted: [(item: Int, count: Int)] { heap.sorted { LargestCounts.isLess($1, $0) } }

    mutating func offer(_ item: Int, count: Int) {
        if heap.count < limit {
            heap.append((item, count))
            rise(from: heap.count - 1)
        } else if let least = heap.first, LargestCounts.isLess(least, (item, count)) {
            heap[0] = (item, count)
            sink()
        }
    }

    private static func isLess(_ a: (item: Int, count: Int), _ b: (item: Int, count: Int)) -> Bool {
        a.count == b.count ? a.item > b.item : a.count < b.count
    }

    private mutating func rise(from start: Int) {
        var child = start
        while child > 0, LargestCounts.isLess(heap[child], heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if LargestCounts.isLess(heap[child], heap[least]) { least = child }
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
