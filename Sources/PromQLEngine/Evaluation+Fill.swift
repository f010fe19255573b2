import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// Elements that stand in where a match group has none on one side: `fill`, `fill_left` and `fill_right`.
///
/// As in Prometheus, the left value stands for the "many" side and the right value for the "one" side, also under
/// `group_right`, where the sides are exchanged.
extension VectorMatcher {
    var fillsMany: Bool { matching.fillLeft != nil }
    var fillsOne: Bool { matching.fillRight != nil }

    /// An element with the labels of the group and a value wherever none of `present` has one; nil without such a step or
    /// value.
    private func standIn(_ value: Double?, for present: [StepSeries], signature: LabelSet) -> StepSeries? {
        guard let value else { return nil }
        var values = [Double](repeating: value, count: grid.count)
        var isEmpty = true
        for step in values.indices {
            if present.contains(where: { $0.isPresent(at: step) }) { values[step] = .absent } else { isEmpty = false }
        }
        return isEmpty ? nil : StepSeries(labels: signature, values: values)
    }

    /// What comes of the elements of a group that have no partner. Where both sides have none there is nothing.
    func unmatched(
        _ many: [StepSeries], _ one: [StepSeries], isSwapped: Bool, _ budget: QueryBudget
    ) throws -> [StepSeries] {
        guard let labels = (many.first ?? one.first)?.labels else { return [] }
        let signature = signature(labels)
        var out: [StepSeries] = []
        if let standIn = standIn(matching.fillRight, for: one, signature: signature) {
            out += try many.compactMap { try combine($0, standIn, isSwapped: isSwapped, budget) }
        }
        if let standIn = standIn(matching.fillLeft, for: many, signature: signature) {
            out += try one.compactMap { try combine(standIn, $0, isSwapped: isSwapped, budget) }
        }
        return out
    }
}
