import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// `and`, `or` and `unless`.
extension Evaluation {
    func setOperation(
        _ matcher: VectorMatcher, _ left: [StepSeries], _ right: [StepSeries]
    ) throws -> [StepSeries] {
        let signatures = signatureTable(of: matcher)
        switch matcher.binary.operator {
        case .and:
            return try filtered(left, presence(right, matcher, signatures), keepsPresent: true, matcher, signatures)
        case .unless:
            return try filtered(left, presence(right, matcher, signatures), keepsPresent: false, matcher, signatures)
        default:
            let present = try presence(left, matcher, signatures)
            let added = try filtered(right, present, keepsPresent: false, matcher, signatures)
            return added.isEmpty ? left : try merged(left + added, at: matcher.range)
        }
    }

    /// Of each signature, by number, at which steps an element has it; nil or missing for those without one.
    private func presence(
        _ series: [StepSeries], _ matcher: VectorMatcher, _ signatures: SignatureTable
    ) throws -> [[Bool]?] {
        let count = matcher.grid.count
        var meter = BudgetMeter(budget)
        var columns: [[Bool]?] = []
        for element in series {
            try meter.add(BudgetMeter.element + count)
            let number = signatures.number(element.labels)
            if number >= columns.count { columns += [[Bool]?](repeating: nil, count: number + 1 - columns.count) }
            // Taken out, so that there is one owner and no copy.
            var column = columns[number] ?? [Bool](repeating: false, count: count)
            columns[number] = nil
            for step in 0..<count where element.isPresent(at: step) { column[step] = true }
            columns[number] = column
        }
        return columns
    }

    /// The elements at the steps at which their signature is present, or is not; those without such a step are left out.
    private func filtered(
        _ series: [StepSeries], _ columns: [[Bool]?], keepsPresent: Bool, _ matcher: VectorMatcher,
        _ signatures: SignatureTable
    ) throws -> [StepSeries] {
        let count = matcher.grid.count
        var meter = BudgetMeter(budget)
        return try series.compactMap { element in
            try meter.add(BudgetMeter.element + count)
            let number = signatures.number(element.labels)
            guard number < columns.count, let column = columns[number] else { return keepsPresent ? nil : element }
            guard let first = column.firstIndex(of: keepsPresent) else { return nil }
            if first == 0, !column.contains(!keepsPresent) { return element }
            try budget.hold(columns: 1, of: count)
            return element.keeping { column[$0] == keepsPresent }
        }
    }
}
