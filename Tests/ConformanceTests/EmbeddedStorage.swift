import EmbeddedStore
import PromQLScripts
import TelemetryModel
import TestSupport
import TimeSeriesStore

/// A script's data in the platform's own store, in a folder that goes with this value.
struct EmbeddedStorage: ScriptStorage {
    enum Place: String, CaseIterable {
        case head, blocks
    }

    private let place: Place
    private var folder: TemporaryFolder
    private var embedded: EmbeddedStore
    /// Of the log that would stand before the store.
    private var offset: Int64 = 0

    init(_ place: Place) throws {
        self.place = place
        folder = try TemporaryFolder()
        embedded = try EmbeddedStore(dataFolder: folder.path)
    }

    var store: any TimeSeriesStore { embedded }

    mutating func clear() throws { self = try EmbeddedStorage(place) }

    mutating func load(_ series: [LoadedSeries]) throws {
        offset += 1
        var batch = LoadedBatch()
        for one in series { batch.add(one, id: embedded.id(for: one.labels)) }
        _ = embedded.append(
            batch.ids, timestamps: batch.timestamps, values: batch.values, histograms: batch.histograms,
            starts: batch.starts, events: [], offset: offset, arrivedAt: 0, isReplay: false)
        if place == .blocks { try flush() }
    }

    /// All into blocks, and those into as few as can be.
    private func flush() throws {
        // A hundred years: every day is over.
        let now: Int64 = 100 * 365 * 86_400_000
        if embedded.detachAll(through: offset) { _ = try embedded.writeDetached(now: now) {} }
        while try embedded.compactNext(now: now) != nil {}
    }
}

/// The columns of one append.
private struct LoadedBatch {
    var ids: [StoredSeriesID] = []
    var timestamps: [Int64] = []
    var values: [Double] = []
    var histograms: [RecordHistogram] = []
    var starts: [RecordStart] = []

    mutating func add(_ series: LoadedSeries, id: StoredSeriesID) {
        let starts = Dictionary(uniqueKeysWithValues: zip(series.starts.timestamps, series.starts.starts))
        func add(_ time: Int64, _ value: Double) {
            if let start = starts[time] {
                self.starts.append(RecordStart(sampleIndex: ids.count, startTimestamp: start))
            }
            ids.append(id)
            timestamps.append(time)
            values.append(value)
        }
        for (time, value) in zip(series.samples.timestamps, series.samples.values) { add(time, value) }
        for (time, histogram) in zip(series.histograms.timestamps, series.histograms.histograms) {
            histograms.append(RecordHistogram(sampleIndex: ids.count, histogram: histogram))
            add(time, .nan)
        }
    }
}
