import NativeHistograms
import TimeSeriesStore

/// What samples of one series in one window of the head have beside, or in place of, their values (`SampleDetails`).
struct HeadDetails: Sendable {
    private var histograms = HeadHistograms()
    private var starts = HeadStarts()

    var isEmpty: Bool { histograms.isEmpty && starts.isEmpty }
    /// Beyond the structure itself.
    var byteCount: Int { histograms.byteCount + starts.byteCount }

    /// Of a sample that is after all of the window.
    ///
    /// - Parameter previous: the time of the sample before it; nil if it is the window's first one.
    mutating func append(_ time: Int64, _ detail: SampleDetail, previous: Int64?) {
        if let histogram = detail.histogram { histograms.append(time, histogram) }
        if let start = detail.startTimestamp { starts.append(time, start, previous: previous) }
    }

    /// Of any sample of which nothing is known yet.
    mutating func set(_ time: Int64, _ detail: SampleDetail) {
        if let histogram = detail.histogram { histograms.append(time, histogram) }
        if let start = detail.startTimestamp { starts.set(time, start) }
    }

    func detail(at time: Int64) -> SampleDetail {
        SampleDetail(histogram: histograms.histogram(at: time), startTimestamp: starts.start(at: time))
    }

    /// Forgets what is known of a sample; true if that was anything.
    mutating func clear(at time: Int64) -> Bool {
        let known = detail(at: time)
        if known.histogram != nil { histograms.remove(at: time) }
        if known.startTimestamp != nil { starts.set(time, nil) }
        return !known.isEmpty
    }

    /// Of the samples at these times, which ascend.
    func details(of times: ArraySlice<Int64>) -> SampleDetails {
        guard let first = times.first, let last = times.last else { return .empty }
        return SampleDetails(
            histograms: histograms.column(in: TimeRange(from: first, through: last)),
            starts: starts.column(of: times))
    }
}

/// A window's details, copied out with a series' columns.
struct HeadDetailImage: Sendable {
    let window: Int64
    /// Whether the window is on its way into a block.
    let isLeaving: Bool
    let details: HeadDetails
}

extension HeadImage {
    /// The details of the samples that `decoded` gives.
    func decodedDetails() -> SampleDetails {
        if details.isEmpty { return .empty }
        // A window may be both: on its way, and begun anew by what came late.
        let parts = [decodedLeaving(), decodedStaying()].map(\.timestamps)
        return SampleDetails.merged([
            (parts[0], details(of: parts[0], isLeaving: true)), (parts[1], details(of: parts[1], isLeaving: false)),
        ])
    }

    /// The details of the samples that `decodedLeaving` gives.
    func decodedLeavingDetails() -> SampleDetails {
        details.isEmpty ? .empty : details(of: decodedLeaving().timestamps, isLeaving: true)
    }

    private func details(of times: [Int64], isLeaving: Bool) -> SampleDetails {
        var found = SampleDetails.empty
        for image in details.sorted(by: { $0.window < $1.window }) where image.isLeaving == isLeaving {
            let from = times.partitioningIndex { $0 >= image.window }
            let to = times.partitioningIndex { $0 > image.window &+ (Head.windowLength - 1) }
            found.append(contentsOf: image.details.details(of: times[from..<to]))
        }
        return found
    }
}
