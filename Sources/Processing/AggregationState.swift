import NativeHistograms
package import TelemetryModel

/// The open windows of one rule.
struct AggregationState: Sendable {
    let rule: AggregationRule
    /// The end of the newest window whose outputs are on disk; what comes for it or an older one is late.
    private(set) var emittedThrough: Int64
    /// The end of the newest window whose outputs are on their way to the disk.
    private(set) var emittingThrough: Int64?
    private var windows: [Int64: AggregationWindow] = [:]
    /// Raw series; kept for good, as the log keeps them, so that an index stays valid.
    private var seriesIndices: [LabelSet: Int32] = [:]
    private var groups: [LabelSet] = []
    private var groupIndices: [LabelSet: Int32] = [:]
    /// By index of the series.
    private var groupOfSeries: [Int32] = []
    private(set) var sampleCount = 0

    /// After the end of a window's horizon, in milliseconds: requests that came before are then decoded and committed.
    static let slack: Int64 = 1000
    /// Milliseconds from 1970 within which times can be computed with; 36 million years.
    private static let furthest: UInt64 = 1 << 60

    init(_ rule: AggregationRule, emittedThrough: Int64) {
        self.rule = rule
        self.emittedThrough = emittedThrough
    }

    mutating func index(of labels: LabelSet) -> Int32 {
        if let known = seriesIndices[labels] { return known }
        let index = Int32(groupOfSeries.count)
        seriesIndices[labels] = index
        let group = rule.group(of: labels)
        if let known = groupIndices[group] {
            groupOfSeries.append(known)
        } else {
            groupIndices[group] = Int32(groups.count)
            groupOfSeries.append(Int32(groups.count))
            groups.append(group)
        }
        return index
    }

    mutating func add(
        _ index: Int32, at timestamp: Int64, _ value: Double, offset: Int64, arrivedAt arrival: Int64
    ) -> AggregationOutcome {
        guard let end = rule.windowEnd(of: timestamp), end.magnitude < AggregationState.furthest else { return .ahead }
        // Decided by the record alone, so that it is the same when the log is read again.
        if arrival - end > rule.horizon { return .late }
        if end - arrival > rule.horizon + 2 * rule.interval { return .ahead }
        let closed = emittingThrough ?? emittedThrough
        // The window before the first open one is needed to tell increases, and is filled again after a restart.
        guard end > closed || (rule.outputs.contains(where: \.looksBack) && end == closed) else { return .late }
        windows[end, default: AggregationWindow(firstOffset: offset)].append(index, at: timestamp, value)
        sampleCount += 1
        return end > closed ? .counted : .late
    }

    /// The oldest offset of the log from which this state could be made again.
    var oldestOffset: Int64? { windows.values.lazy.map(\.firstOffset).min() }

    /// When the first open window closes, milliseconds since 1970; nil if none is open.
    var nextClose: Int64? {
        guard emittingThrough == nil else { return nil }
        return windows.keys.filter { $0 > emittedThrough }.min().map { $0 + rule.horizon + Self.slack }
    }

    /// The outputs of the windows that close at `moment` or before; nil if there is none, or some are on their way.
    ///
    /// - Parameter moment: all that arrived by then has been added.
    mutating func close(at moment: Int64) -> Emission? {
        guard emittingThrough == nil else { return nil }
        let ends = windows.keys.filter { $0 > emittedThrough && $0 + rule.horizon + Self.slack <= moment }.sorted()
        guard let last = ends.last else {
            forgetPrevious(at: moment)
            return nil
        }
        var emission = Emission(ruleIdentity: rule.identity, through: last)
        for end in ends { emit(end, into: &emission) }
        emittingThrough = last
        return emission
    }

    /// The outputs of the last `close` are on disk, or are not and will be asked for again.
    mutating func finish(isWritten: Bool) {
        guard let through = emittingThrough else { return }
        emittingThrough = nil
        guard isWritten else { return }
        emittedThrough = through
        let keepsPrevious = rule.outputs.contains(where: \.looksBack)
        remove(windows.keys.filter { $0 < through || ($0 == through && !keepsPrevious) })
    }

    /// A window that nothing followed in time is no longer the one before.
    private mutating func forgetPrevious(at moment: Int64) {
        remove(
            windows.keys.filter {
                $0 <= emittedThrough && $0 + rule.interval + rule.horizon + Self.slack < moment
            })
    }

    private mutating func remove(_ ends: [Int64]) {
        for end in ends { sampleCount -= windows.removeValue(forKey: end)?.count ?? 0 }
    }

    private func emit(_ end: Int64, into emission: inout Emission) {
        guard let window = windows[end] else { return }
        let before = windows[end - rule.interval]?.lastValues() ?? [:]
        var accumulators: [Int32: GroupAccumulator] = [:]
        var run: [(timestamp: Int64, value: Double)] = []
        let ordered = window.ordered()
        for (place, position) in ordered.enumerated() {
            run.append((window.timestamps[position], window.values[position]))
            let index = window.series[position]
            guard place + 1 == ordered.count || window.series[ordered[place + 1]] != index else { continue }
            let group = groupOfSeries[Int(index)]
            accumulators[group, default: GroupAccumulator(rule.outputs)].add(run, before: before[index])
            run.removeAll(keepingCapacity: true)
        }
        for group in accumulators.keys.sorted() {
            guard var accumulator = accumulators[group] else { continue }
            for output in rule.outputs {
                guard let value = accumulator.result(of: output, interval: rule.interval) else { continue }
                emission.samples.append(
                    Emission.Sample(
                        labels: rule.labels(of: output, group: groups[Int(group)]), timestamp: end, value: value))
            }
        }
    }
}

/// What became of a sample that a rule was to count in.
package enum AggregationOutcome: Sendable, Equatable {
    case counted
    /// It arrived after its window's horizon.
    case late
    /// Its time is further ahead of its arrival than a window and the horizon allow.
    case ahead
    /// More samples wait in open windows than may.
    case full
}

/// Outputs of windows that closed, to be written together with how far the rule has come.
package struct Emission: Sendable {
    package struct Sample: Sendable {
        package let labels: LabelSet
        package let timestamp: Int64
        package let value: AggregatedValue
    }

    package let ruleIdentity: String
    /// The end of the newest of the windows.
    package let through: Int64
    package internal(set) var samples: [Sample] = []

    init(ruleIdentity: String, through: Int64) {
        self.ruleIdentity = ruleIdentity
        self.through = through
    }
}
