import NativeHistograms
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

extension Evaluation {
    /// What `evaluate` makes of the native histograms of a vector; numbers are left out.
    func ofHistograms(
        _ operand: PromQLExpression, _ grid: StepGrid, _ evaluate: (NativeHistogram) -> Double
    ) throws -> [StepSeries] {
        var meter = BudgetMeter(budget)
        return try vector(operand, grid).compactMap { element in
            try meter.add(BudgetMeter.element * (1 + (element.histograms?.count ?? 0)))
            return element.histograms.map { column in
                element.mapping(column.map { $0.map(evaluate) ?? .absent })
            }
        }
    }

    func histogramQuantile(_ arguments: [PromQLExpression], _ grid: StepGrid) throws -> [StepSeries] {
        let quantile = try scalar(arguments[0], grid)
        warnAboutQuantiles(quantile, at: arguments[0].range)
        return try quantiles(histograms(arguments[1], grid), quantile, at: arguments[1].range)
    }

    /// `histogram_quantiles(v, label, q…)`: one element per histogram and quantile, told apart by `label`, which replaces one
    /// that is there already.
    func histogramQuantiles(
        _ arguments: [PromQLExpression], at call: PromQLExpression, _ grid: StepGrid
    ) throws -> [StepSeries] {
        let label = try string(arguments[1])
        guard !label.isEmpty else {
            throw PromQLError(execution: "invalid label name \(label.promQLQuoted)", range: arguments[1].range)
        }
        var out: [StepSeries] = []
        let histograms = try histograms(arguments[0], grid)
        for argument in arguments.dropFirst(2) {
            let quantile = try scalar(argument, grid)
            warnAboutQuantiles(quantile, at: argument.range)
            let texts = labelTexts(quantile)
            for series in try quantiles(histograms, quantile, at: arguments[0].range) {
                // The scalar may differ from step to step, and with it the label.
                var columns: [String: [Double]] = [:]
                for (step, value) in series.values.enumerated() where value.isPresent {
                    columns[texts[step], default: [Double](repeating: .absent, count: grid.count)][step] = value
                }
                try budget.hold(columns: columns.count, of: grid.count)
                for (text, column) in columns.sorted(by: { $0.key < $1.key }) {
                    out.append(
                        StepSeries(
                            labels: series.labels.setting(label, to: text), dropsName: true, values: column))
                }
            }
        }
        return try merged(out, at: call.range)
    }

    /// Of each quantile, written once while it stays the same.
    private func labelTexts(_ quantiles: [Double]) -> [String] {
        var previous: (bits: UInt64, text: String)?
        return quantiles.map { quantile in
            if let previous, previous.bits == quantile.bitPattern { return previous.text }
            let text = quantile.openMetricsText
            previous = (quantile.bitPattern, text)
            return text
        }
    }

    private func quantiles(
        _ histograms: HistogramVector, _ quantile: [Double], at range: Range<Int>
    ) throws -> [StepSeries] {
        var meter = BudgetMeter(budget)
        let native = try histograms.native.map { element in
            try meter.add(BudgetMeter.element * (1 + quantile.count))
            var effects: Set<HistogramEstimate.NaNEffect> = []
            let values = estimates(element) { histogram, step in
                let estimate = histogram.quantile(quantile[step])
                if estimate.nanEffect != .none, effects.insert(estimate.nanEffect).inserted,
                    let remark = HistogramRemark.nansInQuantile(estimate.nanEffect, element.labels.metricName ?? "")
                {
                    annotations.inform(remark, at: range)
                }
                return estimate.value
            }
            return element.mapping(values)
        }
        let classic = try histograms.classic.map { group in
            try meter.add(quantile.count * (1 + group.buckets.count))
            var wasForced = false
            let series = series(of: group, count: quantile.count) { histogram, step in
                if histogram.wasForcedMonotonic { wasForced = true }
                return histogram.quantile(quantile[step])
            }
            if wasForced {
                annotations.inform(HistogramRemark.forcedMonotonic(group.labels.metricName ?? ""), at: range)
            }
            return series
        }
        return native + classic
    }

    func histogramFraction(_ arguments: [PromQLExpression], _ grid: StepGrid) throws -> [StepSeries] {
        let lower = try scalar(arguments[0], grid)
        let upper = try scalar(arguments[1], grid)
        let range = arguments[2].range
        let histograms = try histograms(arguments[2], grid)
        var meter = BudgetMeter(budget)
        let native = try histograms.native.map { element in
            try meter.add(BudgetMeter.element * (1 + grid.count))
            var hasNaNs = false
            let values = estimates(element) { histogram, step in
                let estimate = histogram.fraction(from: lower[step], to: upper[step])
                if estimate.nanEffect != .none { hasNaNs = true }
                return estimate.value
            }
            if hasNaNs {
                annotations.inform(HistogramRemark.nansInFraction(element.labels.metricName ?? ""), at: range)
            }
            return element.mapping(values)
        }
        let classic = try histograms.classic.map { group in
            try meter.add(grid.count * (1 + group.buckets.count))
            return series(of: group, count: grid.count) { $0.fraction(from: lower[$1], to: upper[$1]) }
        }
        return native + classic
    }

    private func histograms(_ operand: PromQLExpression, _ grid: StepGrid) throws -> HistogramVector {
        try HistogramVector(vector(operand, grid), at: operand.range, annotations, budget)
    }

    private func estimates(_ element: StepSeries, _ evaluate: (NativeHistogram, Int) -> Double) -> [Double] {
        (element.histograms ?? []).enumerated().map { step, histogram in
            histogram.map { evaluate($0, step) } ?? .absent
        }
    }

    private func series(
        of group: BucketGroup, count: Int, _ evaluate: (ClassicHistogram, Int) -> Double
    ) -> StepSeries {
        let values = (0..<count).map { step in group.histogram(at: step).map { evaluate($0, step) } ?? .absent }
        return StepSeries(labels: group.labels, dropsName: true, values: values)
    }
}

extension Double {
    /// Whole numbers keep a decimal, as OpenMetrics wants label values such as `quantile` to be written.
    fileprivate var openMetricsText: String {
        let text = promQLText
        return isFinite && !text.contains(".") ? text + ".0" : text
    }
}
