/// What becomes of a field of line protocol whose value is a text.
package enum LineTextFields: String, CaseIterable, Sendable {
    /// It is left out and counted; the rest of its line is taken.
    case skip
    /// It is a refused record.
    case refuse
}

/// Fields that were left out on purpose, counted by the metric that each would have been.
package struct SkippedFields: Sendable, Equatable {
    /// So many metrics are told apart; the fields of others are counted together.
    private static let mostMetrics = 100

    package private(set) var counts: [String: Int] = [:]
    package private(set) var others = 0

    package init() {}

    package var isEmpty: Bool { counts.isEmpty && others == 0 }

    package mutating func add(_ metric: String, _ count: Int = 1) {
        if counts[metric] == nil, counts.count >= Self.mostMetrics {
            others += count
        } else {
            counts[metric, default: 0] += count
        }
    }

    package static func += (all: inout SkippedFields, more: SkippedFields) {
        for (metric, count) in more.counts { all.add(metric, count) }
        all.others += more.others
    }
}
