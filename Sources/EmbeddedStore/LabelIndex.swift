import TelemetryModel
import TimeSeriesStore

/// Inverted index of the head: label pair → ascending series numbers.
struct LabelIndex: Sendable {
    private(set) var postings: [String: [String: [Int]]] = [:]

    mutating func insert(_ labels: LabelSet, as series: Int) {
        for label in labels.labels { postings[label.name, default: [:]][label.value, default: []].append(series) }
    }

    /// Series numbers below `count` that may satisfy all matchers; the caller checks those conditions that an index over
    /// present labels cannot decide.
    func candidates(for matchers: [LabelMatcher], count: Int) -> [Int] {
        var result: [Int]?
        for matcher in matchers where !matcher.acceptsMissing {
            guard let values = postings[matcher.name] else { return [] }
            var matching: [Int]
            if case .equal(let value) = matcher.condition {
                matching = values[value] ?? []
            } else {
                let lists = values.filter { matcher.accepts($0.key) }.map(\.value)
                matching = lists.count == 1 ? lists[0] : lists.flatMap { $0 }.sorted()
            }
            if let known = result { matching = LabelIndex.intersection(known, matching) }
            if matching.isEmpty { return [] }
            result = matching
        }
        return result ?? Array(0..<count)
    }

    static func intersection(_ a: [Int], _ b: [Int]) -> [Int] {
        var result: [Int] = []
        var i = 0
        var j = 0
        while i < a.count, j < b.count {
            if a[i] == b[j] {
                result.append(a[i])
                i += 1
                j += 1
            } else if a[i] < b[j] {
                i += 1
            } else {
                j += 1
            }
        }
        return result
    }
}
