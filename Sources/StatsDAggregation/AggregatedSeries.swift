import NativeHistograms
import TelemetryModel
import WireFormats

/// What one series has come to.
struct AggregatedSeries {
    let kind: StatsDChange.Kind
    /// Milliseconds since 1970-01-01T00:00:00Z.
    let startedAt: Int64
    private(set) var changedAt: Int64
    /// Of a counter the total, of a gauge the value.
    private var number = 0.0
    private var observed = ObservedHistogram()
    private var members: Set<UInt64> = []

    init(kind: StatsDChange.Kind, startedAt: Int64) {
        self.kind = kind
        self.startedAt = startedAt
        changedAt = startedAt
    }

    /// - Returns: whether it was a new member of a set.
    mutating func apply(_ change: StatsDChange, at now: Int64) throws(AggregationFault) -> Bool {
        guard change.kind == kind else { throw .kind(kind, change.kind) }
        changedAt = now
        switch change {
        case .count(let more), .gaugeShift(let more): number += more
        case .gauge(let value): number = value
        case .observation(let value, let weight): observed.observe(value, weight: weight)
        case .member(let digest): return members.insert(digest).inserted
        }
        return false
    }

    mutating func flush(_ reference: SeriesReference, at now: Int64, to batch: inout TelemetryBatch) {
        // A clock that was put back must not make a start later than its sample.
        let start = RecordStart(sampleIndex: batch.count, startTimestamp: min(startedAt, now))
        switch kind {
        case .counter:
            batch.append(reference, at: now, value: number)
            batch.starts.append(start)
        case .histogram:
            batch.append(reference, at: now, histogram: observed.histogram)
            batch.starts.append(start)
        case .gauge: batch.append(reference, at: now, value: number)
        case .set:
            batch.append(reference, at: now, value: Double(members.count))
            members = []
        }
    }
}

/// Why a value was not taken.
enum AggregationFault: Error {
    case kind(StatsDChange.Kind, StatsDChange.Kind)
    case series(limit: Int)
    case members(limit: Int)

    var reason: RejectionReason {
        switch self {
        case .kind: .wrongType
        case .series: .seriesLimit
        case .members: .tooManyValues
        }
    }

    var message: String {
        switch self {
        case .kind(let known, let found):
            "The series is a \(known.rawValue), and came as a \(found.rawValue). Give each metric one type."
        case .series(let limit):
            "The line would begin a new series, and \(limit) are added up already (statsd.max_series). Known ones go on."
        case .members(let limit):
            "\(limit) members of sets came in this interval already. Count many different values where they arise."
        }
    }
}
