import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

extension Evaluation {
    /// Functions of one range vector and perhaps scalars; nil if `function` is none of them.
    func rangeFunction(
        _ function: PromQLFunction, _ arguments: [PromQLExpression], _ grid: StepGrid
    ) throws -> [StepSeries]? {
        guard let position = arguments.firstIndex(where: { $0.type == .rangeVector }) else { return nil }
        let operand = arguments[position]
        if let extended = operand.extendedRange {
            return try extendedRangeFunction(function, operand, extended, grid)
        }
        switch function {
        case .absentOverTime: return try absentOverTime(operand, grid)
        case .quantileOverTime:
            let quantile = try scalar(arguments[0], grid)
            warnAboutQuantiles(quantile, at: arguments[0].range)
            return try slide(windows(of: operand, grid), Scanning { $0.quantile(quantile[$0.step]) })
        case .predictLinear:
            let ahead = try scalar(arguments[1], grid)
            return try slide(
                windows(of: operand, grid),
                Scanning { window in
                    guard window.count > 1 else { return .absent }
                    let line = window.regression(at: window.moment)
                    return line.slope * ahead[window.step] + line.intercept
                })
        case .doubleExponentialSmoothing: return try smoothed(operand, arguments, grid)
        case .sumOverTime: return try aggregate(operand, grid, CompensatedSum.self)
        case .avgOverTime: return try aggregate(operand, grid, Average.self)
        case .minOverTime: return try aggregate(operand, grid, Smallest.self)
        case .maxOverTime: return try aggregate(operand, grid, Largest.self)
        case .countOverTime: return try aggregate(operand, grid, SampleCount.self)
        case .presentOverTime: return try aggregate(operand, grid, Presence.self)
        default: break
        }
        let windows = try windows(of: operand, grid)
        switch function {
        case .rate, .increase:
            let series = try slide(
                windows, ExtrapolatedChange(isCounter: true, isPerSecond: function == .rate))
            informAboutGauges(series, at: operand.range)
            return series
        case .delta: return try slide(windows, ExtrapolatedChange(isCounter: false, isPerSecond: false))
        case .irate, .idelta: return try slide(windows, InstantChange(isRate: function == .irate))
        case .changes: return try slide(windows, NeighbourCount.changes)
        case .resets: return try slide(windows, NeighbourCount.resets)
        case .lastOverTime:
            return try slide(
                windows, keepsName: true,
                ScanningBoth {
                    $0.last
                } both: { window, _ in
                    window.last
                })
        case .firstOverTime:
            return try slide(
                windows, keepsName: true,
                ScanningBoth {
                    $0.first
                } both: { window, _ in
                    window.first
                })
        case .timestampOfFirstOverTime:
            return try slide(
                windows,
                ScanningBoth {
                    $0.seconds(at: $0.lower)
                } both: { window, _ in
                    .number(Double(window.firstTime) / 1000)
                })
        case .timestampOfLastOverTime:
            return try slide(
                windows,
                ScanningBoth {
                    $0.seconds(at: $0.upper - 1)
                } both: { window, _ in
                    .number(Double(window.lastTime) / 1000)
                })
        default: return try slide(windows, scanning(function, at: operand))
        }
    }

    private func scanning(_ function: PromQLFunction, at operand: PromQLExpression) throws -> Scanning {
        switch function {
        case .stddevOverTime: Scanning { $0.variance.squareRoot() }
        case .stdvarOverTime: Scanning { $0.variance }
        case .madOverTime: Scanning { $0.medianAbsoluteDeviation }
        case .deriv: Scanning { $0.count > 1 ? $0.regression(at: $0.times[$0.lower]).slope : .absent }
        case .timestampOfMaxOverTime: Scanning { $0.time(ofBest: >=) }
        case .timestampOfMinOverTime: Scanning { $0.time(ofBest: <=) }
        default:
            throw PromQLError(
                execution: "\(function.rawValue) does not take a range vector", range: operand.range)
        }
    }

    private func smoothed(
        _ operand: PromQLExpression, _ arguments: [PromQLExpression], _ grid: StepGrid
    ) throws -> [StepSeries] {
        let factors = try arguments.dropFirst().map { try scalar($0, grid) }
        for (name, column) in zip(["smoothing", "trend"], factors) {
            if let wrong = column.first(where: { !($0 > 0 && $0 < 1) }) {
                let short = "\(name.prefix(1))f"
                throw PromQLError(
                    execution: "invalid \(name) factor. Expected: 0 < \(short) < 1, got: \(wrong.sixDecimals)",
                    range: arguments.first?.range)
            }
        }
        return try slide(
            windows(of: operand, grid),
            Scanning { $0.doubleExponentialSmoothing(factors[0][$0.step], factors[1][$0.step]) })
    }

    private func absentOverTime(_ operand: PromQLExpression, _ grid: StepGrid) throws -> [StepSeries] {
        let present = try slide(
            windows(of: operand, grid),
            ScanningBoth { _ in
                1
            } both: { _, _ in
                .number(1)
            })
        return try absence(of: present, operand, grid)
    }

    /// One element with value 1 at the steps at which `series` have none. Its labels are what the selector says for
    /// sure.
    func absence(
        of series: [StepSeries], _ operand: PromQLExpression, _ grid: StepGrid
    ) throws -> [StepSeries] {
        var meter = BudgetMeter(budget)
        var values = [Double](repeating: 1, count: grid.count)
        for element in series {
            try meter.add(BudgetMeter.element + grid.count)
            for step in values.indices where element.isPresent(at: step) { values[step] = .absent }
        }
        return [StepSeries(labels: operand.certainLabels, values: values)]
    }

    func warnAboutQuantiles(_ column: [Double], at range: Range<Int>) {
        var previous: UInt64?
        for q in column where !(q >= 0 && q <= 1) && q.bitPattern != previous {
            previous = q.bitPattern
            annotations.warn("quantile value should be between 0 and 1, got \(q.promQLText)", at: range)
        }
    }

    /// Rates of something that is not named like a counter are often a mistake.
    func informAboutGauges(_ series: [StepSeries], at range: Range<Int>) {
        for element in series {
            guard let name = element.labels.metricName, !name.isEmpty else { continue }
            // Histograms say themselves whether they count.
            if element.histograms != nil, element.values.allSatisfy(\.isAbsent) { continue }
            if ["_total", "_sum", "_count", "_bucket"].contains(where: name.hasSuffix) { continue }
            if element.labels["__type__"] == "counter" || element.labels["__type__"] == "histogram" { continue }
            annotations.inform(
                "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "
                    + name.promQLQuoted, at: range)
        }
    }
}

extension PromQLExpression {
    /// Labels that every series of a selector must have: one equality and nothing else about the label.
    fileprivate var certainLabels: LabelSet {
        let matchers: [LabelMatcherSyntax]
        switch withoutParentheses.node {
        case .selector(let selector), .matrix(let selector, _): matchers = selector.matchers
        default: return .empty
        }
        let others = matchers.filter { $0.name != LabelSet.metricNameLabel }
        let certain = others.filter { matcher in
            matcher.operator == .equal && others.count { $0.name == matcher.name } == 1
        }
        return LabelSet(certain.map { Label($0.name, $0.value) })
    }
}

extension Double {
    /// As C's `%f` prints it, for values that are worth printing so.
    fileprivate var sixDecimals: String {
        guard let millionths = Int64(exactly: (self * 1e6).rounded(.toNearestOrEven)) else { return promQLText }
        let decimals = String(millionths.magnitude % 1_000_000 + 1_000_000).dropFirst()
        return "\(self < 0 ? "-" : "")\(millionths.magnitude / 1_000_000).\(decimals)"
    }
}
