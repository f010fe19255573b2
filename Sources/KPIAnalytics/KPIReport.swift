/// All key figures over one window, for all sources or for one.
package struct KPIReport: Sendable {
    package struct SourceValue: Hashable, Sendable {
        package let sourceID: String
        package let value: Double

        package init(sourceID: String, value: Double) {
            self.sourceID = sourceID
            self.value = value
        }
    }

    /// One figure. Values are finite; a source without a value is left out.
    package struct Figure: Sendable {
        package let definition: KPIDefinition
        /// Over all sources of the report together; nil if there is nothing to compute it from.
        package let overall: Double?
        /// Ordered by source.
        package let bySource: [SourceValue]
    }

    /// The window is `(from, through]`, milliseconds since 1970-01-01T00:00:00Z.
    package let from: Int64
    package let through: Int64
    /// The source that was asked for, or nil for all.
    package let source: String?
    /// Sources with a sample in the window or the window-length before it.
    package let knownSources: Int
    /// Sources with a sample within the last two reporting intervals.
    package let upSources: Int
    /// In the order of the definitions.
    package let figures: [Figure]
    /// What the query engine remarked, with the figure's name before it; without repetition.
    package let warnings: [String]

    /// Milliseconds.
    package var window: Int64 { through - from }
}

/// Why there is no report.
package enum KPIError: Error, Equatable, CustomStringConvertible {
    /// Milliseconds.
    case windowOutOfRange(Int64)
    case timeOutOfRange(Int64)
    /// A definition's expression gave something that cannot be read as values.
    case unexpectedResult(kpi: String, reason: String)

    package var description: String {
        switch self {
        case .windowOutOfRange(let window):
            "the window must be from 1 s to \(KPICalculator.longestWindow / 86_400_000) days long, not \(window) ms"
        case .timeOutOfRange(let time): "the time \(time) ms is further than 200,000 years from 1970"
        case .unexpectedResult(let kpi, let reason): "the definition of \(kpi) cannot be used: \(reason)"
        }
    }
}
