package import TelemetryModel

/// What a pipeline makes of a raw series, decided once per series and cached: label work never happens per sample.
package struct SeriesPlan: Sendable, Equatable {
    /// Under which the samples are stored.
    package var labels: LabelSet
    /// What is done with each sample, in order. Empty if samples are stored as they come.
    package var steps: [SampleStep] = []
    /// The stages, by index, that changed the labels.
    package var relabelledBy: [Int] = []

    package init(labels: LabelSet) { self.labels = labels }

    /// Whether every number ends in an aggregate.
    package var isFullyAggregated: Bool {
        steps.contains { step in
            if case .aggregate(let rule, _, _) = step { return !rule.keepsRaw }
            return false
        }
    }

    /// The labels from here on.
    mutating func relabel(as new: LabelSet, by stage: Int) {
        guard new != labels else { return }
        labels = new
        relabelledBy.append(stage)
    }
}

package enum SeriesDisposition: Sendable, Equatable {
    case dropped(stage: Int)
    case kept(SeriesPlan)
}

/// One thing that is done with every sample of a series. `stage` is the index of the stage that asks for it.
package enum SampleStep: Sendable, Equatable {
    case scale(ValueTransform, stage: Int)
    /// What to do with a NaN or an infinity; stale markers are not meant.
    case notFinite(RefusalAction, stage: Int)
    case bounds(ValueBounds, stage: Int)
    case clock(ClockBounds, stage: Int)
    /// Of the samples of the series in each interval of this many milliseconds, the first is kept.
    case deduplicate(interval: Int64, stage: Int)
    /// The sample is counted in under these labels, and goes on if the rule keeps raw series.
    case aggregate(AggregationRule, labels: LabelSet, stage: Int)
}

/// `value × factor + offset`, applied per sample.
package struct ValueTransform: Sendable, Equatable {
    package var factor: Double
    package var offset: Double

    package init(factor: Double, offset: Double) {
        self.factor = factor
        self.offset = offset
    }

    package func callAsFunction(_ value: Double) -> Double { value * factor + offset }
}

/// What happens to a sample that a stage does not let pass.
package enum RefusalAction: String, CaseIterable, Sendable {
    /// Gone, and counted.
    case drop
    /// Kept as a dead letter, with the stage as the reason.
    case refuse
}

/// The values that may be stored.
package struct ValueBounds: Sendable, Equatable {
    package enum Outside: String, CaseIterable, Sendable {
        case drop, refuse
        /// The nearest value that may be stored takes its place.
        case clamp
    }

    package var least: Double
    package var greatest: Double
    package var outside: Outside

    package init(least: Double = -.infinity, greatest: Double = .infinity, outside: Outside) {
        self.least = least
        self.greatest = greatest
        self.outside = outside
    }
}

/// How far a sample's time may be from its arrival, in milliseconds.
package struct ClockBounds: Sendable, Equatable {
    package enum Outside: String, CaseIterable, Sendable {
        case drop, refuse
        /// The time of arrival takes its place.
        case arrival
        /// The clock of the source is wrong: all times of the source in the request are moved by as much as brings its newest
        /// one to the arrival, so that their distances stay.
        case shift
    }

    package var maximumAge: Int64
    package var maximumAhead: Int64
    package var outside: Outside

    package init(maximumAge: Int64 = .max, maximumAhead: Int64 = .max, outside: Outside) {
        self.maximumAge = maximumAge
        self.maximumAhead = maximumAhead
        self.outside = outside
    }

    package func contains(_ timestamp: Int64, arrivedAt arrival: Int64) -> Bool {
        let (ahead, overflow) = timestamp.subtractingReportingOverflow(arrival)
        if overflow { return timestamp < arrival ? maximumAge == .max : maximumAhead == .max }
        return ahead <= maximumAhead && (maximumAge == .max || ahead >= -maximumAge)
    }
}
