/// Why there is no reference for new labels. Known series are not concerned.
package enum SeriesBudgetExceeded: Error, Equatable {
    /// As many series as there may be in all.
    case total(limit: Int)
    /// As many series as this source may have.
    case source(String, limit: Int)
    /// As many new series as this token may begin.
    case token(String, limit: Int)

    package var reason: RejectionReason {
        switch self {
        case .total: .seriesLimit
        case .source: .sourceSeriesLimit
        case .token: .tokenSeriesLimit
        }
    }

    /// What a sender is told: the limit, what goes on, and what to do.
    package var message: String {
        switch self {
        case .total(let limit):
            """
            The record would begin a new series, and there are already as many as are allowed (\(limit)). Records of known \
            series are still taken. Look for a tag with ever new values (GET /api/v1/cardinality), or raise \
            ingest.max_series.
            """
        case .source(let source, let limit):
            """
            The record would begin a new series, and source_id \"\(SeriesBudgetExceeded.excerpt(source))\" already has as \
            many as one source may have (\(limit)). Records of its known series are still taken. Look for a tag with ever \
            new values (GET /api/v1/cardinality), or raise ingest.max_series_per_source.
            """
        case .token(let name, let limit):
            """
            The record would begin a new series, and the token \"\(SeriesBudgetExceeded.excerpt(name))\" has begun as many as \
            it may (\(limit)). Records of known series are still taken. Look for a tag with ever new values \
            (GET /api/v1/cardinality), or make a token with a larger --max-series.
            """
        }
    }

    /// The beginning, on one line.
    private static func excerpt(_ source: String) -> String {
        let line = String(source.prefix(80).map { $0.isNewline ? " " : $0 })
        return source.count > 80 ? line + "…" : line
    }
}
