import LabelPattern
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

extension Evaluation {
    /// `label_replace(v, destination, replacement, source, pattern)`
    func labelReplace(
        _ arguments: [PromQLExpression], at call: PromQLExpression, _ grid: StepGrid
    ) throws -> [StepSeries] {
        let destination = try string(arguments[1])
        let source = try string(arguments[3])
        let text = try string(arguments[4])
        try checkLabelName(destination, "destination label name in label_replace()", at: arguments[1].range)
        let pattern: LabelPattern
        do {
            pattern = try LabelPattern(text)
        } catch {
            throw PromQLError(
                execution: "invalid regular expression in label_replace(): \(text)",
                range: arguments[4].range)
        }
        let template = try string(arguments[2])
        let series = try vector(arguments[0], grid)
        var out: [StepSeries] = []
        out.reserveCapacity(series.count)
        var meter = BudgetMeter(budget)
        for element in series {
            // The work of a match grows with the text and the pattern.
            let value = element.labels[source] ?? ""
            try meter.add(BudgetMeter.element + value.utf8.count * (1 + text.utf8.count / 4))
            var changed = element
            if let groups = pattern.firstMatch(value) {
                changed.labels = element.labels.setting(destination, to: pattern.expand(template, groups))
                if destination == LabelSet.metricNameLabel { changed.dropsName = false }
            }
            out.append(changed)
        }
        return try merged(out, at: call.range)
    }

    /// `label_join(v, destination, separator, source…)`
    func labelJoin(
        _ arguments: [PromQLExpression], at call: PromQLExpression, _ grid: StepGrid
    ) throws -> [StepSeries] {
        let destination = try string(arguments[1])
        let separator = try string(arguments[2])
        let sources = try arguments.dropFirst(3).map(string)
        for (name, argument) in zip(sources, arguments.dropFirst(3)) {
            try checkLabelName(name, "source label name in label_join()", at: argument.range)
        }
        try checkLabelName(destination, "destination label name in label_join()", at: arguments[1].range)
        var meter = BudgetMeter(budget)
        let series = try vector(arguments[0], grid).map { element in
            try meter.add(BudgetMeter.element * (1 + sources.count))
            var changed = element
            let joined = sources.map { element.labels[$0] ?? "" }.joined(separator: separator)
            changed.labels = element.labels.setting(destination, to: joined)
            if destination == LabelSet.metricNameLabel { changed.dropsName = false }
            return changed
        }
        return try merged(series, at: call.range)
    }

    /// - Parameter use: what the name is for, in the words of Prometheus.
    private func checkLabelName(_ name: String, _ use: String, at range: Range<Int>) throws {
        guard !name.isEmpty else { throw PromQLError(execution: "invalid \(use): \(name)", range: range) }
    }
}
