package import TelemetryModel

/// The streaming aggregation of all rules: samples in, outputs of closed windows out.
///
/// What is in memory here can be made again from the log: whoever holds this keeps the log from `oldestOffset` on, and begins
/// with how far each rule had come (`emittedThrough`).
package struct Aggregator: Sendable {
    /// A raw series of a rule.
    package struct Slot: Sendable, Equatable {
        fileprivate let rule: Int
        fileprivate let series: Int32
    }

    /// Samples that may wait in open windows, 20 bytes each.
    package static let maximumSamples = 20_000_000

    private var states: [AggregationState] = []
    private var indices: [String: Int] = [:]
    private let emittedThrough: [String: Int64]
    private let maximumSamples: Int

    /// - Parameter emittedThrough: by a rule's identity, the end of the newest window whose outputs are on disk.
    package init(emittedThrough: [String: Int64] = [:], maximumSamples: Int = Aggregator.maximumSamples) {
        self.emittedThrough = emittedThrough
        self.maximumSamples = maximumSamples
    }

    package mutating func slot(of rule: AggregationRule, for labels: LabelSet) -> Slot {
        let index = indices[rule.identity] ?? add(rule)
        return Slot(rule: index, series: states[index].index(of: labels))
    }

    private mutating func add(_ rule: AggregationRule) -> Int {
        states.append(AggregationState(rule, emittedThrough: emittedThrough[rule.identity] ?? .min))
        indices[rule.identity] = states.count - 1
        return states.count - 1
    }

    package mutating func add(
        _ slot: Slot, at timestamp: Int64, _ value: Double, offset: Int64, arrivedAt arrival: Int64
    ) -> AggregationOutcome {
        guard openSamples < maximumSamples else { return .full }
        return states[slot.rule].add(slot.series, at: timestamp, value, offset: offset, arrivedAt: arrival)
    }

    package var openSamples: Int { states.reduce(0) { $0 + $1.sampleCount } }
    /// The oldest offset of the log that is needed to make this again.
    package var oldestOffset: Int64? { states.lazy.compactMap(\.oldestOffset).min() }
    /// When the next window closes, milliseconds since 1970.
    package var nextClose: Int64? { states.lazy.compactMap(\.nextClose).min() }

    /// The outputs of windows that close at `moment` or before. A rule whose outputs are on their way gives none until
    /// `finish` is called for it.
    ///
    /// - Parameter moment: all that arrived by then has been added. Milliseconds since 1970.
    package mutating func close(at moment: Int64) -> [Emission] {
        states.indices.compactMap { states[$0].close(at: moment) }
    }

    package mutating func finish(_ ruleIdentity: String, isWritten: Bool) {
        guard let index = indices[ruleIdentity] else { return }
        states[index].finish(isWritten: isWritten)
    }
}
