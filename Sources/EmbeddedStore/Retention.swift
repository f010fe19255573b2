import TelemetryModel
package import TimeSeriesStore

/// How long samples are kept, by series.
package struct Retention: Sendable {
    package struct Rule: Sendable {
        /// All of them must accept; none: every series.
        package let matchers: [LabelMatcher]
        /// Milliseconds; nil: for ever.
        package let duration: Int64?

        package init(matchers: [LabelMatcher], duration: Int64?) {
            self.matchers = matchers
            self.duration = duration
        }
    }

    /// The first that accepts a series decides; a series that none accepts is kept for ever.
    package let rules: [Rule]

    /// A block is rewritten without its expired series once they have this share of its series.
    static let worthwhileShare = 0.2

    package init(rules: [Rule]) { self.rules = rules }

    func duration(of labels: LabelSet) -> Int64? {
        rules.first { $0.matchers.allSatisfy { $0.accepts(labels) } }?.duration
    }

    /// Whether nothing is to be kept of a series' samples before `end` (exclusive).
    func isExpired(_ labels: LabelSet, before end: Int64, now: Int64) -> Bool {
        guard let duration = duration(of: labels) else { return false }
        return end <= Retention.horizon(now, duration)
    }

    enum Verdict: Equatable {
        case keep
        /// So many series that a rewriting without them is worthwhile.
        case rewrite(expiredSeries: Int)
        /// Nothing is to be kept.
        case remove
    }

    /// What is to become of a block. Reads lists of series only, and nothing if no rule could have expired yet.
    func verdict(on block: Block, now: Int64) throws -> Verdict {
        let canExpire = rules.contains { rule in
            rule.duration.map { block.name.to <= Retention.horizon(now, $0) } ?? false
        }
        guard canExpire else { return .keep }
        var undecided = SeriesBitmap(limit: block.seriesCount, isFull: true)
        var expired = 0
        for rule in rules {
            var accepted = SeriesBitmap(limit: block.seriesCount)
            for id in try block.ids(matching: rule.matchers) where undecided.contains(id) { accepted.insert(id) }
            undecided.subtract(accepted)
            if let duration = rule.duration, block.name.to <= Retention.horizon(now, duration) {
                expired += accepted.count
            }
        }
        if expired == block.seriesCount,
            try block.events(
                in: .all, limit: 1,
                where: { event in
                    !isExpired(event.labels, before: block.name.to, now: now)
                }
            ).isEmpty
        {
            return .remove
        }
        let isWorthwhile = expired > 0 && Double(expired) >= Retention.worthwhileShare * Double(block.seriesCount)
        return isWorthwhile ? .rewrite(expiredSeries: expired) : .keep
    }

    /// The time before which nothing is kept.
    private static func horizon(_ now: Int64, _ duration: Int64) -> Int64 {
        let (horizon, overflow) = now.subtractingReportingOverflow(duration)
        return overflow ? .min : horizon
    }
}
