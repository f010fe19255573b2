import EmbeddedStore
import IngestLog
import Processing
import TelemetryModel

/// Takes one batch through the pipeline into the store and says what became of its records.
struct BatchApplier {
    var series: CompiledSeries
    let store: EmbeddedStore

    /// - Returns: counts per account.
    mutating func apply(_ committed: CommittedBatch, isReplay: Bool) -> [Ledger.Key: LedgerCounts] {
        let batch = committed.batch
        var ids: [StoredSeriesID] = []
        var accounts: [Int] = []
        var timestamps: [Int64] = []
        var values: [Double] = []
        var events: [(index: Int, event: OperationalEvent)] = []
        var counts: [LedgerCounts] = []
        ids.reserveCapacity(batch.count)
        accounts.reserveCapacity(batch.count)
        timestamps.reserveCapacity(batch.count)
        values.reserveCapacity(batch.count)
        var nextMessage = 0
        // What rules make of a source's samples is no event of that source, whatever severity its labels have.
        let isObserved = committed.ingestProtocol != .rules
        for index in 0..<batch.count {
            let entry = series.entry(for: batch.references[index])
            if entry.account >= counts.count {
                counts.append(
                    contentsOf: repeatElement(LedgerCounts(), count: entry.account + 1 - counts.count))
            }
            counts[entry.account].accepted += 1
            var message: String?
            if nextMessage < batch.messages.count, batch.messages[nextMessage].sampleIndex == index {
                message = batch.messages[nextMessage].text
                nextMessage += 1
            }
            guard let target = entry.target else {
                counts[entry.account].dropped += 1
                continue
            }
            let value = target.transform.isIdentity ? batch.values[index] : target.transform(batch.values[index])
            if message != nil || (target.isOperational && isObserved) {
                let event = OperationalEvent(
                    timestamp: batch.timestamps[index], labels: target.labels, value: value, message: message)
                events.append((ids.count, event))
            }
            ids.append(target.id)
            accounts.append(entry.account)
            timestamps.append(batch.timestamps[index])
            values.append(value)
            counts[entry.account].stored += 1
        }
        let duplicates = store.append(
            ids, timestamps: timestamps, values: values, events: events, offset: committed.offset,
            arrivedAt: committed.receivedAt, isReplay: isReplay)
        for index in duplicates {
            counts[accounts[index]].stored -= 1
            counts[accounts[index]].duplicate += 1
        }
        var byKey: [Ledger.Key: LedgerCounts] = [:]
        for (account, count) in counts.enumerated() where count.accepted > 0 {
            byKey[Ledger.Key(ingestProtocol: committed.ingestProtocol, sourceID: series.sources[account])] = count
        }
        return byKey
    }
}
