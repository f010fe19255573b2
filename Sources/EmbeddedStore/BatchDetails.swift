import NativeHistograms
import TelemetryModel

/// What some samples of a batch have beside, or in place of, their values, by their index in the batch.
struct BatchDetails: Sendable {
    /// Index into `details` plus one, by sample; 0: nothing.
    private var positions: [Int32]
    private var details: [SampleDetail] = []

    /// - Parameter count: samples in the batch; what is said of others is passed over.
    init(_ histograms: [RecordHistogram], _ starts: [RecordStart], count: Int) {
        positions = [Int32](repeating: 0, count: count)
        for record in histograms { change(record.sampleIndex) { $0.histogram = record.histogram } }
        for record in starts { change(record.sampleIndex) { $0.startTimestamp = record.startTimestamp } }
    }

    private mutating func change(_ index: Int, _ change: (inout SampleDetail) -> Void) {
        guard positions.indices.contains(index) else { return }
        if positions[index] == 0 {
            details.append(SampleDetail())
            positions[index] = Int32(details.count)
        }
        change(&details[Int(positions[index]) - 1])
    }

    subscript(index: Int) -> SampleDetail? {
        positions[index] == 0 ? nil : details[Int(positions[index]) - 1]
    }

    /// Of a batch that has only the samples with these indices, in this order.
    func only(_ indices: [Int]) -> BatchDetails {
        var part = self
        part.positions = indices.map { positions[$0] }
        return part
    }
}
