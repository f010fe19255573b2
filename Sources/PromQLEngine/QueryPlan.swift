package import TimeSeriesStore

/// What became of one node of a query and of those under it: how it was evaluated, and what that cost.
package struct QueryPlan: Sendable {
    /// The raw value is for programs.
    package enum Kind: String, Sendable {
        case number, string, selector, subquery, negation, plus, function, aggregation, parentheses
        case matrixSelector = "matrix selector"
        case binary = "binary operation"
    }

    /// What a node read of the store, over all reads.
    package struct Selection: Sendable {
        package let matchers: [LabelMatcher]
        package let range: TimeRange
        /// Of each series only the newest sample was asked for.
        package let isNewestEnough: Bool
        /// Chunk statistics might stand for samples.
        package let allowsSummaries: Bool
        /// How often it was read.
        package let reads: Int
        package let series: Int
        /// Numbers and histograms that were handed over one by one.
        package let samples: Int
        /// Chunk statistics that stood for further samples, and how many these are.
        package let summaries: Int
        package let summarizedSamples: Int
    }

    /// As it stands in the query; what is longer than some hundred bytes is cut off.
    package let text: String
    package let kind: Kind
    /// Decisions and remarks, for people.
    package let notes: [String]
    /// Nil for a node that reads nothing itself, or was not evaluated.
    package let selection: Selection?
    /// How often it was evaluated, and at how many steps in all.
    package let evaluations: Int
    package let steps: Int
    /// Elements of its result, or series of a range vector; nil for what is no vector.
    package let series: Int?
    /// Samples that it and the nodes under it read, without those that chunk statistics stand for.
    package let samples: Int
    /// Wall time of it alone, and with the nodes under it. A function works on the series of a matrix selector as they are
    /// read, so its time is the selector's.
    package let ownTime: Duration
    package let totalTime: Duration
    package let children: [QueryPlan]
    /// Nodes right under it that are not in `children` since the plan would get too large.
    package let omittedChildren: Int
}

/// A query's plan with what all of it used of its budget.
package struct QueryExplanation: Sendable {
    package let plan: QueryPlan
    /// What counts for `query.max_samples`.
    package let samples: Int
    /// The most that was counted at once for `query.max_memory`.
    package let bytes: Int
}
