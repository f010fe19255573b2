package import TelemetryModel

extension PipelineRun {
    /// What the steps of a series make of one of its exemplars; nil if it goes. Values get other units, and wrong clocks are put
    /// right, as those of its samples; bounds of values and thinning out are about samples only. Nothing is counted.
    ///
    /// - Parameters:
    ///   - arrival: milliseconds since 1970, as is `newest`, the newest time that the series' source has in its request.
    package static func process(
        _ exemplar: Exemplar, _ steps: some Sequence<BoundStep>, arrivedAt arrival: Int64, newest: () -> Int64
    ) -> Exemplar? {
        var (value, timestamp) = (exemplar.value, exemplar.timestamp)
        for step in steps {
            switch step {
            case .scale(let transform, _): value = transform(value)
            case .clock(let bounds, _):
                guard let moved = moved(timestamp, bounds, arrival, newest) else { return nil }
                timestamp = moved
            case .notFinite, .bounds, .deduplicate, .aggregate: break
            }
        }
        return Exemplar(labels: exemplar.labels, value: value, timestamp: timestamp)
    }

    private static func moved(
        _ timestamp: Int64, _ bounds: ClockBounds, _ arrival: Int64, _ newest: () -> Int64
    ) -> Int64? {
        switch bounds.outside {
        case .shift:
            let newest = newest()
            guard !bounds.contains(newest, arrivedAt: arrival) else { return timestamp }
            return timestamp.addingReportingOverflow(arrival &- newest).partialValue
        case .arrival: return bounds.contains(timestamp, arrivedAt: arrival) ? timestamp : arrival
        case .drop, .refuse: return bounds.contains(timestamp, arrivedAt: arrival) ? timestamp : nil
        }
    }
}
