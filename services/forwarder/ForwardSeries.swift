import IngestLog
import Relabelling
import TelemetryModel
import TimeSeriesStore

/// Which series a receiver gets, and under which labels: worked out once for each.
struct ForwardSeries {
    private enum Fate {
        case unwanted
        case unchanged
        case relabelled(LabelSet)
    }

    private let receiver: ForwardReceiver
    private let registry: SeriesRegistry
    /// By reference; nil for not known yet.
    private var fates: [Fate?] = []

    init(of receiver: ForwardReceiver, in registry: SeriesRegistry) {
        self.receiver = receiver
        self.registry = registry
    }

    mutating func isWanted(_ reference: SeriesReference) -> Bool {
        if case .unwanted = fate(of: reference) { return false }
        return true
    }

    /// Of a wanted series, as the receiver gets it.
    mutating func labels(of reference: SeriesReference) -> LabelSet {
        if case .relabelled(let labels) = fate(of: reference) { return labels }
        return registry.labels(of: reference)
    }

    private mutating func fate(of reference: SeriesReference) -> Fate {
        if receiver.selectors.isEmpty, receiver.relabelRules.isEmpty { return .unchanged }
        let place = Int(reference.rawValue)
        if place < fates.count, let known = fates[place] { return known }
        let fate = newFate(registry.labels(of: reference))
        if place >= fates.count {
            fates.append(contentsOf: repeatElement(nil, count: max(place + 1, registry.count) - fates.count))
        }
        fates[place] = fate
        return fate
    }

    private func newFate(_ labels: LabelSet) -> Fate {
        let isSelected =
            receiver.selectors.isEmpty
            || receiver.selectors.contains { matchers in matchers.allSatisfy { $0.accepts(labels) } }
        guard isSelected else { return .unwanted }
        guard !receiver.relabelRules.isEmpty else { return .unchanged }
        // One series without a name would have the receiver refuse all that is in its request.
        guard let relabelled = receiver.relabelRules.apply(to: labels), relabelled[LabelSet.metricNameLabel] != nil
        else { return .unwanted }
        return relabelled == labels ? .unchanged : .relabelled(relabelled)
    }
}
