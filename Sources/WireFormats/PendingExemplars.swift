import TelemetryModel

/// Exemplars that wait for the look-up of their series.
struct PendingExemplars {
    /// By position of the series in the look-up, ascending.
    private var waiting: [(series: Int, exemplar: Exemplar)] = []

    var count: Int { waiting.count }

    mutating func append(_ exemplar: Exemplar, ofSeries position: Int) { waiting.append((position, exemplar)) }

    /// Puts them into a request whose series have been looked up; those of series that there cannot be are counted.
    mutating func move(to request: inout DecodedRequest, _ references: [SeriesReference?]) {
        for (position, exemplar) in waiting { request.take(exemplar, of: references[position]) }
        waiting.removeAll(keepingCapacity: true)
    }
}

extension DecodedRequest {
    /// - Parameters:
    ///   - exemplar: nil for one with something wrong with it.
    ///   - series: nil for one that there cannot be. What is left out of purpose takes its exemplars along.
    mutating func take(_ exemplar: Exemplar?, of series: SeriesReference?) {
        guard series != .dropped else { return }
        guard let exemplar, let series else {
            rejectedExemplars += 1
            return
        }
        batch.exemplars.append(SeriesExemplar(series: series, exemplar: exemplar))
    }
}
