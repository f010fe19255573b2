import PromQLSyntax
import TelemetryModel

/// The bucket series that differ in `le` only.
private struct BucketGroup {
    /// Without `le`.
    let labels: LabelSet
    var dropsName: Bool
    /// Sorted by bound after gathering.
    var buckets: [(upperBound: Double, values: [Double])] = []

    /// Nil if there is no bucket at this step.
    func histogram(at step: Int) -> ClassicHistogram? {
        let present = buckets.compactMap { bucket in
            bucket.values[step].isAbsent
                ? nil : ClassicHistogram.Bucket(upperBound: bucket.upperBound, count: bucket.values[step])
        }
        return present.isEmpty ? nil : ClassicHistogram(present)
    }
}

extension Evaluation {
    func histogramQuantile(_ arguments: [PromQLExpression], _ grid: StepGrid) throws -> [StepSeries] {
        let quantile = try scalar(arguments[0], grid)
        warnAboutQuantiles(quantile, at: arguments[0].range)
        return try bucketGroups(arguments[1], grid).map { group in
            series(of: group, arguments[1], grid) { $0.quantile(quantile[$1]) }
        }
    }

    /// `histogram_quantiles(v, label, q…)`: one element per histogram and quantile, told apart by `label`.
    func histogramQuantiles(
        _ arguments: [PromQLExpression], at call: PromQLExpression, _ grid: StepGrid
    ) throws -> [StepSeries] {
        let label = try string(arguments[1])
        guard !label.isEmpty else {
            throw PromQLError(execution: "a label name cannot be empty", range: arguments[1].range)
        }
        var out: [StepSeries] = []
        let groups = try bucketGroups(arguments[0], grid)
        for argument in arguments.dropFirst(2) {
            let quantile = try scalar(argument, grid)
            warnAboutQuantiles(quantile, at: argument.range)
            for group in groups {
                guard group.labels[label] == nil else {
                    throw PromQLError(
                        execution: "the label \(label.promQLQuoted) is already on \(group.labels)",
                        range: arguments[1].range)
                }
                // The scalar may differ from step to step, and with it the label.
                var columns: [String: [Double]] = [:]
                let values = series(of: group, arguments[0], grid) { $0.quantile(quantile[$1]) }.values
                for (step, value) in values.enumerated() where value.isPresent {
                    columns[quantile[step].openMetricsText, default: [Double](repeating: .absent, count: grid.count)][
                        step] =
                        value
                }
                for (text, column) in columns.sorted(by: { $0.key < $1.key }) {
                    out.append(
                        StepSeries(
                            labels: group.labels.setting(label, to: text), dropsName: group.dropsName, values: column))
                }
            }
        }
        return try merged(out, at: call.range)
    }

    func histogramFraction(_ arguments: [PromQLExpression], _ grid: StepGrid) throws -> [StepSeries] {
        let lower = try scalar(arguments[0], grid)
        let upper = try scalar(arguments[1], grid)
        return try bucketGroups(arguments[2], grid).map { group in
            series(of: group, arguments[2], grid) { $0.fraction(from: lower[$1], to: upper[$1]) }
        }
    }

    private func series(
        of group: BucketGroup, _ operand: PromQLExpression, _ grid: StepGrid,
        _ evaluate: (ClassicHistogram, Int) -> Double
    ) -> StepSeries {
        var values = [Double](repeating: .absent, count: grid.count)
        var wasForced = false
        for step in 0..<grid.count {
            guard let histogram = group.histogram(at: step) else { continue }
            wasForced = wasForced || histogram.wasForcedMonotonic
            values[step] = evaluate(histogram, step)
        }
        if wasForced {
            annotations.inform(
                "input to histogram_quantile needed to be fixed for monotonicity "
                    + "for metric name \((group.labels.metricName ?? "").promQLQuoted)", at: operand.range)
        }
        return StepSeries(labels: group.labels, dropsName: group.dropsName, values: values)
    }

    private func bucketGroups(_ operand: PromQLExpression, _ grid: StepGrid) throws -> [BucketGroup] {
        var positions: [LabelSet: Int] = [:]
        var groups: [BucketGroup] = []
        for element in try vector(operand, grid) {
            let bound = element.labels["le"] ?? ""
            guard let upperBound = Double(bucketBound: bound) else {
                annotations.warn(
                    "bucket label \"le\" is missing or has a malformed value of \(bound.promQLQuoted) "
                        + "for metric name \((element.labels.metricName ?? "").promQLQuoted)", at: operand.range)
                continue
            }
            let labels = element.labels.dropping(["le"])
            let position = positions[labels] ?? groups.count
            if position == groups.count {
                positions[labels] = position
                groups.append(BucketGroup(labels: labels, dropsName: true))
            }
            groups[position].buckets.append((upperBound, element.values))
        }
        for index in groups.indices { groups[index].buckets.sort { $0.upperBound < $1.upperBound } }
        return groups
    }
}

extension Double {
    /// Whole numbers keep a decimal, as OpenMetrics wants label values such as `quantile` to be written.
    fileprivate var openMetricsText: String {
        let text = promQLText
        return isFinite && !text.contains(".") ? text + ".0" : text
    }

    /// What Go's `strconv.ParseFloat` reads, as far as bucket bounds are written: `0.1`, `.2`, `1e0`, `+Inf`, `inf`.
    fileprivate init?(bucketBound text: String) {
        let lower = text.lowercased()
        switch lower {
        case "inf", "+inf", "infinity", "+infinity": self = .infinity
        case "-inf", "-infinity": self = -.infinity
        default:
            let sign = lower.prefix { $0 == "-" || $0 == "+" }
            let digits = lower.dropFirst(sign.count)
            guard sign.count <= 1, digits.first?.isNumber == true || digits.first == ".",
                let value = Double(sign + (digits.hasPrefix(".") ? "0" : "") + digits)
            else { return nil }
            self = value
        }
    }
}
