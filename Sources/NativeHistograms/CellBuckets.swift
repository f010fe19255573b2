/// The buckets of one sign with a cell for each, ascending by index.
struct CellBuckets<Cell: BucketCell>: Sendable {
    private(set) var spans: [NativeHistogram.Span]
    /// As many as the spans have buckets.
    private(set) var cells: [Cell]

    init() {
        spans = []
        cells = []
    }

    init(spans: [NativeHistogram.Span], cells: [Cell]) {
        self.spans = spans
        self.cells = cells
    }

    var indices: [Int] { BucketIndices.of(spans, count: cells.count) }

    /// Adds cell by cell; buckets that only one side has come in between.
    mutating func add(_ other: CellBuckets) {
        if other.cells.isEmpty { return }
        if cells.isEmpty {
            self = other
            return
        }
        if spans == other.spans, cells.count == other.cells.count {
            for position in cells.indices { cells[position].add(other.cells[position]) }
            return
        }
        let (left, right) = (indices, other.indices)
        var builder = CellBucketsBuilder<Cell>(capacity: left.count + right.count)
        var (i, j) = (0, 0)
        while i < left.count || j < right.count {
            if j == right.count || (i < left.count && left[i] < right[j]) {
                builder.append(left[i], cells[i])
                i += 1
            } else if i == left.count || right[j] < left[i] {
                builder.append(right[j], other.cells[j])
                j += 1
            } else {
                var cell = cells[i]
                cell.add(other.cells[j])
                builder.append(left[i], cell)
                i += 1
                j += 1
            }
        }
        self = builder.buckets
    }

    /// Adds the counts of the same buckets.
    mutating func addInPlace(_ counts: [Double]) {
        for position in cells.indices { cells[position].add(Cell(counts[position])) }
    }

    /// Puts the buckets where `target` says, which must not fall where `indices` rise; those with the same target are added
    /// up, those without one are left out.
    mutating func move(_ target: (Int, Cell) -> Int?) {
        var builder = CellBucketsBuilder<Cell>(capacity: cells.count)
        for (index, cell) in zip(indices, cells) {
            if let place = target(index, cell) { builder.append(place, cell) }
        }
        self = builder.buckets
    }

    mutating func forEachCell(_ change: (inout Cell) -> Void) {
        for position in cells.indices { change(&cells[position]) }
    }
}

/// Writes buckets down in the order of their indices.
struct CellBucketsBuilder<Cell: BucketCell> {
    private var spans: [NativeHistogram.Span] = []
    private var cells: [Cell] = []
    private var next = 0

    init(capacity: Int) { cells.reserveCapacity(capacity) }

    /// An index that is the one before adds to it.
    mutating func append(_ index: Int, _ cell: Cell) {
        if !cells.isEmpty, index < next {
            cells[cells.count - 1].add(cell)
            return
        }
        if !spans.isEmpty, index == next {
            spans[spans.count - 1].length += 1
        } else {
            spans.append(NativeHistogram.Span(offset: Int32(clamping: index - next), length: 1))
        }
        cells.append(cell)
        next = index + 1
    }

    var buckets: CellBuckets<Cell> { CellBuckets(spans: spans, cells: cells) }
}

enum BucketIndices {
    /// The index of each of `count` buckets in spans; fewer if the spans have fewer.
    static func of(_ spans: [NativeHistogram.Span], count: Int) -> [Int] {
        var indices: [Int] = []
        indices.reserveCapacity(count)
        var index = 0
        for span in spans {
            index += Int(span.offset)
            let length = min(Int(span.length), count - indices.count)
            for step in 0..<max(0, length) { indices.append(index + step) }
            index += Int(span.length)
        }
        return indices
    }

    /// How many buckets there are in spans.
    static func count(_ spans: [NativeHistogram.Span]) -> Int { spans.reduce(0) { $0 + Int($1.length) } }

    /// The index of the bucket at a position, which is below `count`.
    static func index(_ position: Int, in spans: [NativeHistogram.Span]) -> Int {
        var index = 0
        var left = position
        for span in spans {
            index += Int(span.offset)
            if left < Int(span.length) { return index + left }
            left -= Int(span.length)
            index += Int(span.length)
        }
        return index
    }
}
