import EmbeddedStore
import IngestLog
import Processing
import TelemetryModel

/// Takes one batch through the pipeline into the store and says what became of its records.
struct BatchApplier {
    private var series: CompiledSeries
    private let store: EmbeddedStore
    private let ledger: Ledger
    private var tally = AccountTally()
    /// The ledger's slot by account, per protocol; nil until one is asked for.
    private var slots: [IngestProtocol: [Int?]] = [:]

    init(series: CompiledSeries, store: EmbeddedStore, ledger: Ledger) {
        self.series = series
        self.store = store
        self.ledger = ledger
    }

    /// - Returns: counts per account of the ledger.
    mutating func apply(_ committed: CommittedBatch, isReplay: Bool) -> [(slot: Int, counts: LedgerCounts)] {
        let batch = committed.batch
        series.compile(batch.references)
        tally.begin(accounts: series.sources.count)
        if batch.messages.isEmpty, batch.references.allSatisfy({ series.kinds[Int($0.rawValue)] == .plain }) {
            applyPlain(committed, isReplay)
        } else {
            applySpecial(committed, isReplay)
        }
        return tally.finish().map { account, counts in
            (slot: slot(of: Int(account), committed.ingestProtocol), counts: counts)
        }
    }

    private mutating func slot(of account: Int, _ ingestProtocol: IngestProtocol) -> Int {
        var known = slots.removeValue(forKey: ingestProtocol) ?? []
        defer { slots[ingestProtocol] = known }
        if account >= known.count { known.append(contentsOf: repeatElement(nil, count: account + 1 - known.count)) }
        if let slot = known[account] { return slot }
        let slot = ledger.slot(for: Ledger.Key(ingestProtocol: ingestProtocol, sourceID: series.sources[account]))
        known[account] = slot
        return slot
    }

    /// All records are stored as they came: the batch's own columns go to the store.
    private mutating func applyPlain(_ committed: CommittedBatch, _ isReplay: Bool) {
        let batch = committed.batch
        var ids: [StoredSeriesID] = []
        ids.reserveCapacity(batch.count)
        for reference in batch.references {
            let index = Int(reference.rawValue)
            // A plain series has an id.
            if let id = series.ids[index] { ids.append(id) }
            tally.accepted(series.accounts[index], isStored: true)
        }
        let duplicates = store.append(
            ids, timestamps: batch.timestamps, values: batch.values, histograms: batch.histograms,
            starts: batch.starts, events: [], offset: committed.offset, arrivedAt: committed.receivedAt,
            isReplay: isReplay)
        for index in duplicates { tally.duplicate(series.accounts[Int(batch.references[index].rawValue)]) }
    }

    private mutating func applySpecial(_ committed: CommittedBatch, _ isReplay: Bool) {
        let batch = committed.batch
        var ids: [StoredSeriesID] = []
        var accounts: [Int32] = []
        /// Of the records that are kept.
        var indices: [Int] = []
        var timestamps: [Int64] = []
        var values: [Double] = []
        var events: [(index: Int, event: OperationalEvent)] = []
        var nextMessage = 0
        // What rules make of a source's samples is no event of that source, whatever severity its labels have.
        let isObserved = committed.ingestProtocol != .rules
        for index in 0..<batch.count {
            let reference = Int(batch.references[index].rawValue)
            let account = series.accounts[reference]
            var message: String?
            if nextMessage < batch.messages.count, batch.messages[nextMessage].sampleIndex == index {
                message = batch.messages[nextMessage].text
                nextMessage += 1
            }
            guard let target = series.targets[reference], let id = series.ids[reference] else {
                tally.accepted(account, isStored: false)
                continue
            }
            let value = target.transform.isIdentity ? batch.values[index] : target.transform(batch.values[index])
            if message != nil || (target.isOperational && isObserved) {
                let event = OperationalEvent(
                    timestamp: batch.timestamps[index], labels: target.labels, value: value, message: message)
                events.append((ids.count, event))
            }
            ids.append(id)
            accounts.append(account)
            indices.append(index)
            timestamps.append(batch.timestamps[index])
            values.append(value)
            tally.accepted(account, isStored: true)
        }
        let duplicates = store.append(
            ids, timestamps: timestamps, values: values, histograms: batch.histograms(of: indices),
            starts: batch.starts(of: indices), events: events, offset: committed.offset,
            arrivedAt: committed.receivedAt, isReplay: isReplay)
        for index in duplicates { tally.duplicate(accounts[index]) }
    }
}

extension TelemetryBatch {
    /// The histograms of a part of the records, whose indices ascend. As they came: a change of unit is one of numbers.
    fileprivate func histograms(of indices: [Int]) -> [RecordHistogram] {
        TelemetryBatch.positions(of: histograms.map(\.sampleIndex), in: indices).map { entry, position in
            RecordHistogram(sampleIndex: position, histogram: histograms[entry].histogram)
        }
    }

    fileprivate func starts(of indices: [Int]) -> [RecordStart] {
        TelemetryBatch.positions(of: starts.map(\.sampleIndex), in: indices).map { entry, position in
            RecordStart(sampleIndex: position, startTimestamp: starts[entry].startTimestamp)
        }
    }

    /// Where the wanted indices, which ascend, stand in another list that does; those that do not are left out.
    private static func positions(of wanted: [Int], in indices: [Int]) -> [(entry: Int, position: Int)] {
        var found: [(entry: Int, position: Int)] = []
        var position = 0
        for (entry, index) in wanted.enumerated() {
            while position < indices.count, indices[position] < index { position += 1 }
            if position < indices.count, indices[position] == index { found.append((entry, position)) }
        }
        return found
    }
}

/// Counts per account for one batch, in memory that is kept from batch to batch: what was not touched costs nothing.
struct AccountTally {
    private var counts: [LedgerCounts] = []
    private var touched: [Int32] = []

    mutating func begin(accounts: Int) {
        if counts.count < accounts {
            counts.append(contentsOf: repeatElement(LedgerCounts(), count: accounts - counts.count))
        }
    }

    mutating func accepted(_ account: Int32, isStored: Bool) {
        let index = Int(account)
        if counts[index].accepted == 0 { touched.append(account) }
        counts[index].accepted += 1
        if isStored { counts[index].stored += 1 } else { counts[index].dropped += 1 }
    }

    /// Of a record that was counted as stored.
    mutating func duplicate(_ account: Int32) {
        counts[Int(account)].stored -= 1
        counts[Int(account)].duplicate += 1
    }

    /// What was counted since `begin`; starts anew.
    mutating func finish() -> [(account: Int32, counts: LedgerCounts)] {
        let result = touched.map { account in (account: account, counts: counts[Int(account)]) }
        for account in touched { counts[Int(account)] = LedgerCounts() }
        touched.removeAll(keepingCapacity: true)
        return result
    }
}
