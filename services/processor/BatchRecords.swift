import EmbeddedStore
import NativeHistograms
import Processing
import TelemetryModel

/// What a record of a batch has beside its number.
struct RecordDetails {
    var message: String?
    var histogram: NativeHistogram?
    var startTimestamp: Int64?
}

/// The details of a batch's records, asked for in ascending order.
struct BatchRecords {
    private let batch: TelemetryBatch
    private var message = 0
    private var histogram = 0
    private var start = 0

    init(_ batch: TelemetryBatch) { self.batch = batch }

    mutating func details(of index: Int) -> RecordDetails {
        var details = RecordDetails()
        if message < batch.messages.count, batch.messages[message].sampleIndex == index {
            details.message = batch.messages[message].text
            message += 1
        }
        if histogram < batch.histograms.count, batch.histograms[histogram].sampleIndex == index {
            details.histogram = batch.histograms[histogram].histogram
            histogram += 1
        }
        if start < batch.starts.count, batch.starts[start].sampleIndex == index {
            details.startTimestamp = batch.starts[start].startTimestamp
            start += 1
        }
        return details
    }
}

/// Records that are stored, as the columns that the store takes.
struct KeptRecords {
    private(set) var ids: [StoredSeriesID] = []
    /// Of the ledger.
    private(set) var accounts: [Int32] = []
    private(set) var timestamps: [Int64] = []
    private(set) var values: [Double] = []
    private(set) var histograms: [RecordHistogram] = []
    private(set) var starts: [RecordStart] = []
    var events: [(index: Int, event: OperationalEvent)] = []

    init(capacity: Int) {
        ids.reserveCapacity(capacity)
        accounts.reserveCapacity(capacity)
        timestamps.reserveCapacity(capacity)
        values.reserveCapacity(capacity)
    }

    mutating func append(_ sample: PipelineSample, id: StoredSeriesID, account: Int32, histogram: NativeHistogram?) {
        if let histogram { histograms.append(RecordHistogram(sampleIndex: ids.count, histogram: histogram)) }
        if let start = sample.startTimestamp {
            starts.append(RecordStart(sampleIndex: ids.count, startTimestamp: start))
        }
        ids.append(id)
        accounts.append(account)
        timestamps.append(sample.timestamp)
        values.append(sample.value)
    }
}
