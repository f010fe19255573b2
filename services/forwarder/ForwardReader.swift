import IngestLog
import TelemetryModel
import TimeSeriesStore
import WireFormats

/// Takes what the log holds for one receiver, request by request. One thread at a time.
struct ForwardReader {
    /// What one request has, and where the log is when it is done with.
    struct Portion: Sendable {
        var request = RemoteWriteEncoder()
        /// All batches through it, and so many records of the next.
        var offset: Int64
        var records: Int
        /// Of records that cannot be read.
        var missed = 0
        var damages: [String] = []
        /// When the newest record of it came, milliseconds since 1970-01-01T00:00:00Z.
        var receivedAt: Int64?
    }

    /// Records that are read from the log at a time, about.
    private static let recordsAhead = 50_000

    let log: IngestLog
    let receiver: ForwardReceiver
    private var entries: ArraySlice<LogEntry> = []
    private var offset: Int64
    private var records: Int
    private var series: ForwardSeries

    init(log: IngestLog, receiver: ForwardReceiver) {
        self.log = log
        self.receiver = receiver
        series = ForwardSeries(of: receiver, in: log.registry)
        let position = log.forwardPosition(of: receiver.name)
        (offset, records) = (position.offset, position.records)
    }

    /// The next portion; nil at the end of the log.
    mutating func next() throws -> Portion? {
        let start = log.forwardPosition(of: receiver.name)
        // What trimming has moved the position over is missed, also what of it is in memory.
        if start.offset > offset { (entries, offset, records) = ([], start.offset, 0) }
        var portion = Portion(offset: offset, records: records)
        while !isFull(portion) {
            if entries.isEmpty {
                entries = try log.entries(after: offset, maximumRecords: ForwardReader.recordsAhead)[...]
            }
            guard let entry = entries.first else { break }
            switch entry {
            case .damaged(let damage):
                portion.missed += max(0, (damage.records?.sum ?? 0) - records)
                portion.damages.append(damage.description)
                (offset, records) = (damage.last, 0)
                entries.removeFirst()
            case .batch(let batch):
                take(batch, into: &portion)
                if records == batch.batch.count {
                    (offset, records) = (batch.offset, 0)
                    entries.removeFirst()
                }
            }
            let isMoved = (portion.offset, portion.records) != (offset, records)
            (portion.offset, portion.records) = (offset, records)
            // What nobody wants is passed over in steps, too.
            if !isMoved || portion.request.isEmpty && entries.isEmpty { break }
        }
        guard (portion.offset, portion.records) > (start.offset, start.records) else { return nil }
        // If trimming came first, the next call begins behind it.
        let isHeld = log.takeForForwarding(receiver.name, from: start, through: (portion.offset, portion.records))
        return isHeld ? portion : Portion(offset: 0, records: 0)
    }

    private mutating func take(_ committed: CommittedBatch, into portion: inout Portion) {
        let batch = committed.batch
        portion.receivedAt = committed.receivedAt
        let isOwn = committed.ingestProtocol == .rules || committed.ingestProtocol == .aggregation
        guard receiver.sendsOwnResults || !isOwn else {
            records = batch.count
            return
        }
        // Ascending by index.
        var histograms = batch.histograms.drop { $0.sampleIndex < records }
        while records < batch.count, !isFull(portion) {
            let index = records
            records += 1
            let histogram = histograms.first.flatMap { $0.sampleIndex == index ? $0.histogram : nil }
            if histogram != nil { histograms.removeFirst() }
            let reference = batch.references[index]
            guard series.isWanted(reference) else { continue }
            if let histogram {
                portion.request.append(
                    reference, series.labels(of: reference), at: batch.timestamps[index], histogram: histogram)
            } else {
                portion.request.append(
                    reference, series.labels(of: reference), at: batch.timestamps[index], value: batch.values[index])
            }
        }
        // Behind all samples of the batch: a receiver knows the series of an exemplar by its samples.
        guard records == batch.count, receiver.sendsExemplars else { return }
        for exemplar in batch.exemplars where series.isWanted(exemplar.series) {
            portion.request.append(
                exemplar.series, series.labels(of: exemplar.series), exemplar: exemplar.exemplar)
        }
    }

    private func isFull(_ portion: Portion) -> Bool {
        portion.request.sampleCount + portion.request.exemplarCount >= receiver.mostSamples
    }
}
