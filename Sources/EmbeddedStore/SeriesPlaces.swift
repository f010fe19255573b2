import TelemetryModel

/// Series in label order, each with the places that have samples of it: a list of sources, merged.
struct SeriesPlaces {
    struct Place {
        /// Which source; a higher one is newer and wins where two have a sample of the same time.
        let source: Int32
        /// In the source's own list of series.
        let position: Int32
    }

    private(set) var labels: [LabelSet]
    /// The places of series i are `places[starts[i] ..< starts[i + 1]]`, ascending by source.
    private var starts: [Int32]
    private var places: [Place]

    var count: Int { labels.count }

    func places(of series: Int) -> ArraySlice<Place> { places[Int(starts[series])..<Int(starts[series + 1])] }

    private init(capacity: Int, places placeCount: Int) {
        labels = []
        labels.reserveCapacity(capacity)
        starts = [0]
        starts.reserveCapacity(capacity + 1)
        places = []
        places.reserveCapacity(placeCount)
    }

    /// All series of one source, whose labels are ascending.
    private init(_ source: Int, _ labels: [LabelSet]) {
        self.labels = labels
        starts = (0...labels.count).map { Int32($0) }
        places = labels.indices.map { Place(source: Int32(source), position: Int32($0)) }
    }

    /// - Parameter sources: each one's series, ascending. O(series · log sources) comparisons.
    init(_ sources: [[LabelSet]]) {
        var merged = sources.enumerated().filter { !$0.element.isEmpty }.map { SeriesPlaces($0.offset, $0.element) }
        // Neighbours pairwise, so that the places of a series stay in the sources' order.
        while merged.count > 1 {
            merged = stride(from: 0, to: merged.count, by: 2).map { index in
                index + 1 < merged.count ? SeriesPlaces(merged[index], merged[index + 1]) : merged[index]
            }
        }
        self = merged.first ?? SeriesPlaces(capacity: 0, places: 0)
    }

    private init(_ a: SeriesPlaces, _ b: SeriesPlaces) {
        self.init(capacity: max(a.count, b.count), places: a.places.count + b.places.count)
        var i = 0
        var j = 0
        while i < a.count, j < b.count {
            if a.labels[i] == b.labels[j] {
                append(a.labels[i], a.places(of: i), b.places(of: j))
                i += 1
                j += 1
            } else if a.labels[i] < b.labels[j] {
                append(a.labels[i], a.places(of: i), [])
                i += 1
            } else {
                append(b.labels[j], b.places(of: j), [])
                j += 1
            }
        }
        for index in i..<a.count { append(a.labels[index], a.places(of: index), []) }
        for index in j..<b.count { append(b.labels[index], b.places(of: index), []) }
    }

    private mutating func append(_ series: LabelSet, _ older: ArraySlice<Place>, _ newer: ArraySlice<Place>) {
        labels.append(series)
        places.append(contentsOf: older)
        places.append(contentsOf: newer)
        starts.append(Int32(places.count))
    }
}
