import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// A series that describes others, over the steps of a grid.
private struct InfoSeries {
    let labels: LabelSet
    let dataLabels: [Label]
    /// When its sample at each step was taken, seconds; `.absent` where it has none.
    let times: [Double]

    var name: String { labels.metricName ?? "" }
}

/// `info`: https://prometheus.io/docs/prometheus/latest/querying/functions/#info
extension Evaluation {
    func info(
        _ arguments: [PromQLExpression], at call: PromQLExpression, _ grid: StepGrid
    ) throws -> [StepSeries] {
        var selector: VectorSelector?
        if arguments.count > 1, case .selector(let given) = arguments[1].node { selector = given }
        let selection = try InfoSelection(selector, in: query)
        let base = try vector(arguments[0], grid)
        guard !base.isEmpty else { return [] }
        let (pinned, shift) = reference(of: arguments[0]) ?? (nil, 0)
        let known = try infoSeries(selection, MomentTrack(grid, pinned: pinned, shift: shift), at: call.range)
        var out: [StepSeries] = []
        for element in base {
            try budget.check()
            guard !selection.isInfo(element.labels) else {
                out.append(element)
                continue
            }
            let identity = element.labels.keeping(InfoSelection.identifyingLabels)
            let candidates = identity.labels.isEmpty ? [] : known[identity] ?? []
            out += try enriched(element, candidates, selection, at: call.range)
        }
        return out
    }

    /// When the first selector in an expression looks, which is when its info series are looked at: the moment that `@` pins,
    /// and what offsets take off. Nil without a selector.
    private func reference(
        of expression: PromQLExpression, _ pinned: Int64? = nil, _ shift: Int64 = 0
    ) -> (pinned: Int64?, shift: Int64)? {
        func shifted(_ own: TimeShift) -> (pinned: Int64?, shift: Int64) {
            let offset = own.offset.milliseconds
            return moment(of: own.anchor).map { ($0, offset) } ?? (pinned, shift &+ offset)
        }
        switch expression.node {
        case .selector(let selector), .matrix(let selector, _): return shifted(selector.shift)
        case .subquery(let subquery):
            let outer = shifted(subquery.shift)
            return reference(of: subquery.expression, outer.pinned, outer.shift)
        default:
            for child in expression.children {
                if let found = reference(of: child, pinned, shift) { return found }
            }
            return nil
        }
    }

    /// By their identifying labels.
    private func infoSeries(
        _ selection: InfoSelection, _ moments: MomentTrack, at range: Range<Int>
    ) throws -> [LabelSet: [InfoSeries]] {
        guard moments.count > 0 else { return [:] }
        let lookback = options.lookbackDelta
        let times = TimeRange(from: moments.first - lookback + 1, through: moments.last)
        var known: [LabelSet: [InfoSeries]] = [:]
        let read = SeriesSelection(matchers: selection.matchers, range: times)
        for series in try select(read, at: range, transform: { $0 }) {
            try budget.charge(samples: moments.count)
            let newest = Self.newest(series, moments, lookback, givesTimestamps: false)
            guard newest.histograms == nil else {
                throw PromQLError(
                    execution: "this should be an info metric, with float samples: \(series.labels.textInBraces)",
                    range: range)
            }
            let info = InfoSeries(
                labels: series.labels, dataLabels: selection.dataLabels(of: series.labels),
                times: Self.newest(series, moments, lookback, givesTimestamps: true).values)
            known[series.labels.keeping(InfoSelection.identifyingLabels), default: []].append(info)
        }
        return known
    }

    /// The element with the labels that it has to get at each step; several elements if these change.
    private func enriched(
        _ element: StepSeries, _ candidates: [InfoSeries], _ selection: InfoSelection, at range: Range<Int>
    ) throws -> [StepSeries] {
        var labelsAtStep: [LabelSet?] = []
        var distinct: [LabelSet] = []
        var previous: (chosen: [Int], labels: LabelSet)?
        var meter = BudgetMeter(budget)
        for step in element.values.indices {
            try meter.add(candidates.count + distinct.count)
            guard element.isPresent(at: step) else {
                labelsAtStep.append(nil)
                continue
            }
            let chosen = try chosen(candidates, at: step, range)
            guard !chosen.isEmpty || !selection.isRequired else {
                labelsAtStep.append(nil)
                continue
            }
            // Mostly the same as at the step before.
            if previous?.chosen != chosen {
                previous = (chosen, try labels(element.labels, with: chosen.map { candidates[$0] }, range))
            }
            labelsAtStep.append(previous?.labels)
            if let labels = previous?.labels, !distinct.contains(labels) { distinct.append(labels) }
        }
        return try distinct.map { labels in
            try budget.hold(columns: 1, of: element.values.count)
            var part = element.keeping { labelsAtStep[$0] == labels }
            part.labels = labels
            return part
        }
    }

    /// Of each info metric the series with the newest sample.
    private func chosen(_ candidates: [InfoSeries], at step: Int, _ range: Range<Int>) throws -> [Int] {
        var chosen: [Int] = []
        for (index, candidate) in candidates.enumerated() where candidate.times[step].isPresent {
            guard let rival = chosen.firstIndex(where: { candidates[$0].name == candidate.name }) else {
                chosen.append(index)
                continue
            }
            let other = candidates[chosen[rival]]
            guard candidate.times[step] != other.times[step] else {
                throw PromQLError(
                    execution:
                        "found duplicate series for info metric: \(other.labels.textInBraces) and "
                        + "\(candidate.labels.textInBraces) have samples at the same time", range: range)
            }
            if candidate.times[step] > other.times[step] { chosen[rival] = index }
        }
        return chosen
    }

    /// Labels that are there already stay as they are.
    private func labels(_ base: LabelSet, with info: [InfoSeries], _ range: Range<Int>) throws -> LabelSet {
        var added: [Label] = []
        for label in info.flatMap(\.dataLabels) where (base[label.name] ?? "").isEmpty {
            guard let same = added.first(where: { $0.name == label.name }) else {
                added.append(label)
                continue
            }
            guard same.value == label.value else {
                throw PromQLError(execution: "conflicting label: \(label.name)", range: range)
            }
        }
        return added.isEmpty ? base : LabelSet(base.labels + added)
    }
}
