import PromQLSyntax

/// Collects remarks, each once, and not without bound: a remark per series would drown the result.
final class AnnotationList {
    private static let limit = 50
    private let query: String
    private var seen: Set<Key> = []
    private(set) var all: [QueryAnnotation] = []

    private struct Key: Hashable {
        let kind: QueryAnnotation.Kind
        let text: String
        let range: Range<Int>
    }

    init(query: String) { self.query = query }

    func warn(_ text: String, at range: Range<Int>) { add(.warning, text, at: range) }
    func inform(_ text: String, at range: Range<Int>) { add(.info, text, at: range) }

    /// Says of the same text at `place` what was said of that at `other`.
    func repeatRemarks(on other: Range<Int>, at place: Range<Int>) {
        for remark in all
        where other.lowerBound <= remark.range.lowerBound && remark.range.upperBound <= other.upperBound {
            let start = remark.range.lowerBound - other.lowerBound + place.lowerBound
            add(remark.kind, remark.text, at: start..<start + remark.range.count)
        }
    }

    func add(_ kind: QueryAnnotation.Kind, _ text: String, at range: Range<Int>) {
        guard all.count < Self.limit else { return }
        guard seen.insert(Key(kind: kind, text: text, range: range)).inserted else { return }
        // Goes through the query's text, and most remarks were made before.
        let position = SourcePosition(offset: range.lowerBound, in: query)
        all.append(
            QueryAnnotation(kind: kind, text: text, range: range, line: position.line, column: position.column))
    }
}
