import TelemetryModel

/// One record on its way through the steps of its series.
package struct PipelineSample: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z, as are all times here.
    package private(set) var timestamp: Int64
    package var value: Double
    /// When the counting began that the value is the result of, if its sender says so.
    package private(set) var startTimestamp: Int64?
    package let isHistogram: Bool
    package let receivedAt: Int64

    package init(
        timestamp: Int64, value: Double, startTimestamp: Int64? = nil, isHistogram: Bool = false, receivedAt: Int64
    ) {
        self.timestamp = timestamp
        self.value = value
        self.startTimestamp = startTimestamp
        self.isHistogram = isHistogram
        self.receivedAt = receivedAt
    }

    /// A measured number: neither a histogram nor the mark that a series has ended.
    package var isNumber: Bool { !isHistogram && !value.isStaleMarker }

    mutating func move(by milliseconds: Int64) {
        timestamp = timestamp.addingReportingOverflow(milliseconds).partialValue
        startTimestamp = startTimestamp?.addingReportingOverflow(milliseconds).partialValue
    }
}

package enum SampleFate: Sendable, Equatable {
    case kept
    case dropped
    case refused(PipelineRefusal)
}

/// Why a record that was accepted is not stored, and is kept as a dead letter.
package struct PipelineRefusal: Sendable, Equatable {
    /// Of the data contract.
    package let field: String
    /// One sentence, the stage's name included.
    package let message: String
}

/// What one stage did with records.
package struct StageCounts: Sendable, Equatable {
    package var dropped = 0
    /// Kept as dead letters.
    package var refused = 0
    /// Given another value or time.
    package var changed = 0
    package var aggregated = 0
    /// Not counted in, because they came after their window's horizon or their time lies ahead.
    package var late = 0
    /// Not counted in, because too many samples wait in open windows; stored as they are.
    package var notAggregated = 0

    package init() {}

    package static func += (a: inout StageCounts, b: StageCounts) {
        a.dropped += b.dropped
        a.refused += b.refused
        a.changed += b.changed
        a.aggregated += b.aggregated
        a.late += b.late
        a.notAggregated += b.notAggregated
    }
}

extension StageCounts {
    /// By name, for metrics and answers.
    package var outcomes: [(name: String, records: Int)] {
        [
            ("dropped", dropped), ("refused", refused), ("changed", changed), ("aggregated", aggregated),
            ("late", late),
            ("not_aggregated", notAggregated),
        ]
    }
}
