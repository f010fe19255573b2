import NativeHistograms
import TelemetryModel
import TimeSeriesStore

extension Double {
    /// Prometheus' stale marker, a NaN that arithmetic never yields. In stored samples it says that the series ended;
    /// in columns of the engine it says that there is no value at this step.
    static let absent = Double(bitPattern: 0x7ff0_0000_0000_0002)

    var isAbsent: Bool { bitPattern == Self.absent.bitPattern }
    var isPresent: Bool { bitPattern != Self.absent.bitPattern }
}

/// One element of an instant vector over all steps of a grid.
struct StepSeries: Sendable {
    var labels: LabelSet
    /// The metric name is no longer true of the values: it goes when the query is done (Prometheus' delayed removal).
    var dropsName = false
    /// One per step; `.absent` where there is no number.
    var values: [Double]
    /// One per step for an element that is a native histogram somewhere; nil, as for most, if it never is. Where there is
    /// a histogram, `values` has `.absent`.
    var histograms: [NativeHistogram?]?

    /// Arithmetic makes a value something else than the metric that it came from. Histograms are left out.
    func mapping(_ values: [Double], dropsName: Bool = true) -> StepSeries {
        StepSeries(labels: labels, dropsName: self.dropsName || dropsName, values: values)
    }

    func mapping(_ column: StepColumn, dropsName: Bool = true) -> StepSeries {
        StepSeries(labels: labels, dropsName: self.dropsName || dropsName, column: column)
    }

    var withoutHistograms: StepSeries { mapping(values, dropsName: false) }

    var negated: StepSeries {
        var negated = mapping(values.mapPresent { -$0 })
        negated.histograms = histograms.map { column in
            column.map { histogram in
                var negated = histogram
                negated?.multiply(by: -1)
                return negated
            }
        }
        return negated
    }

    /// The same without the values at the steps that are not kept.
    func keeping(_ isKept: (Int) -> Bool) -> StepSeries {
        var kept = self
        for step in values.indices where !isKept(step) {
            kept.values[step] = .absent
            kept.histograms?[step] = nil
        }
        return kept
    }

    func isPresent(at step: Int) -> Bool {
        values[step].isPresent || (histograms.map { $0[step] != nil } ?? false)
    }

    /// What there is at a step, number or histogram.
    func point(at step: Int) -> StepPoint {
        if values[step].isPresent { return .number(values[step]) }
        if let histogram = histograms?[step] { return .histogram(histogram) }
        return .absent
    }

    /// The histograms with the times of their steps.
    func histograms(on grid: StepGrid) -> HistogramColumns {
        var columns = HistogramColumns()
        for (step, histogram) in (histograms ?? []).enumerated() {
            guard let histogram else { continue }
            columns.timestamps.append(grid.time(step))
            columns.histograms.append(histogram)
        }
        return columns
    }
}

/// The value of one element at one step.
enum StepPoint: Sendable {
    case absent
    case number(Double)
    case histogram(NativeHistogram)
}

/// One value per step while they are computed. Histograms get a place only when the first of them comes.
struct StepColumn: Sendable {
    private(set) var values: [Double]
    private(set) var histograms: [NativeHistogram?]?

    init(count: Int) { values = [Double](repeating: .absent, count: count) }

    mutating func set(_ point: StepPoint, at step: Int) {
        switch point {
        case .absent:
            values[step] = .absent
            histograms?[step] = nil
        case .number(let value):
            values[step] = value
            histograms?[step] = nil
        case .histogram(let histogram):
            if histograms == nil { histograms = [NativeHistogram?](repeating: nil, count: values.count) }
            values[step] = .absent
            histograms?[step] = histogram
        }
    }

    var isEmpty: Bool {
        values.allSatisfy(\.isAbsent) && (histograms?.allSatisfy { $0 == nil } ?? true)
    }
}

extension StepSeries {
    init(labels: LabelSet, dropsName: Bool = false, column: StepColumn) {
        self.init(labels: labels, dropsName: dropsName, values: column.values, histograms: column.histograms)
    }
}

/// What an expression gave over a grid.
enum StepValue {
    /// One per step, all present.
    case scalar([Double])
    case string(String)
    case vector([StepSeries])
}

extension LabelSet {
    /// Labels that describe the metric, not the thing measured; arithmetic makes them untrue.
    static func isMetadata(_ name: String) -> Bool {
        name == metricNameLabel || name == "__type__" || name == "__unit__"
    }

    var withoutMetadata: LabelSet { filtered { !LabelSet.isMetadata($0) } }

    func filtered(_ keeps: (String) -> Bool) -> LabelSet {
        let kept = labels.filter { keeps($0.name) }
        return kept.count == labels.count ? self : LabelSet(kept)
    }

    func keeping(_ names: [String]) -> LabelSet { filtered(names.contains) }

    func dropping(_ names: [String]) -> LabelSet { filtered { !names.contains($0) } }

    /// An empty value removes the label.
    func setting(_ name: String, to value: String) -> LabelSet {
        LabelSet(labels.filter { $0.name != name } + [Label(name, value)])
    }
}
