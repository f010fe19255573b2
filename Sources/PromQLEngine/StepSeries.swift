import TelemetryModel

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
    /// One per step; `.absent` where there is none.
    var values: [Double]

    /// Arithmetic makes a value something else than the metric that it came from.
    func mapping(_ values: [Double], dropsName: Bool = true) -> StepSeries {
        StepSeries(labels: labels, dropsName: self.dropsName || dropsName, values: values)
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
