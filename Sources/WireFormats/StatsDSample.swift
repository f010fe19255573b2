package import TelemetryModel

/// What a value in a line of StatsD does to its series.
package enum StatsDChange: Sendable, Equatable {
    /// `c`: adds; divided by the sampling rate already.
    case count(Double)
    /// `g`: sets.
    case gauge(Double)
    /// `g` with a sign: adds.
    case gaugeShift(Double)
    /// `ms` (here in seconds), `h`, `d`: an observation that stands for `weight` of them.
    case observation(Double, weight: Double)
    /// `s`: the digest of a member.
    case member(UInt64)

    package enum Kind: String, Sendable {
        case counter, gauge, histogram, set
    }

    /// What a series with such values is.
    package var kind: Kind {
        switch self {
        case .count: .counter
        case .gauge, .gaugeShift: .gauge
        case .observation: .histogram
        case .member: .set
        }
    }
}

/// One value of a line.
package struct StatsDSample: Sendable {
    package let series: SeriesReference
    package let change: StatsDChange
    /// Which line, for `DecodedStatsD.refusal`.
    package let line: Int
}

/// What some lines of StatsD came to.
package struct DecodedStatsD: Sendable {
    package internal(set) var samples: [StatsDSample] = []
    package internal(set) var rejected: [RejectedRecord] = []
    /// Those that `samples` speak of, in order.
    var lines: [ByteRange] = []

    package var lineCount: Int { lines.count + rejected.count }

    /// A line that could be read, and is refused all the same.
    ///
    /// - Parameter bytes: that were decoded.
    package func refusal(
        ofLine line: Int, _ reason: RejectionReason, _ message: String, in bytes: Span<UInt8>
    ) -> RejectedRecord {
        RejectedRecord(
            index: line, field: nil, reason: reason, message: message, payload: bytes.array(lines[line]),
            sourceID: StatsDSeries.sourceID(lines[line], bytes))
    }
}
