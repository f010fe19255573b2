import Foundation
import TelemetryModel

/// Feeds a workload to the embedded store in the batches that requests would bring, and measures the store's part only.
struct StoreFeed {
    private let workload: Workload
    private let batchSize: Int
    private var source: WorkloadValues
    private var ids: [StoreDriver.SeriesID] = []
    private var values: [Double] = []
    private var timestamps: [Int64] = []

    /// Nanoseconds of the appending thread.
    private(set) var appendNanoseconds: UInt64 = 0
    private(set) var seriesNanoseconds: UInt64 = 0
    /// Of all threads, while flushing between appends.
    private(set) var flushNanoseconds: UInt64 = 0
    private(set) var flushedSamples = 0

    init(_ workload: Workload, batchSize: Int) {
        self.workload = workload
        self.batchSize = batchSize
        source = WorkloadValues(workload)
        // All memory that feeding needs is taken here, so that what grows later is the store's.
        let count = workload.seriesCount * workload.samplesPerSeriesInRequest
        values = [Double](repeating: 0, count: count)
        timestamps = [Int64](repeating: 0, count: count)
        ids.reserveCapacity(workload.seriesCount)
    }

    mutating func addSeries(to driver: StoreDriver) {
        for first in stride(from: 0, to: workload.seriesCount, by: 1_000) {
            let labels = (first..<min(first + 1_000, workload.seriesCount)).map { LabelSet(workload.labels(of: $0)) }
            let before = CPUClock.thread.nanoseconds
            for one in labels { ids.append(driver.id(for: one)) }
            seriesNanoseconds += CPUClock.thread.nanoseconds - before
        }
    }

    /// Appends everything. If it is flushing, what becomes due on the way is flushed, as in the life of a server.
    mutating func appendAll(to driver: inout StoreDriver, isFlushing: Bool) throws {
        let stepsInBatch = workload.samplesPerSeriesInRequest
        let seriesInBatch = max(1, batchSize / stepsInBatch)
        while true {
            let steps = source.next(steps: stepsInBatch, values: &values, timestamps: &timestamps)
            if steps == 0 { return }
            let newest = timestamps[timestamps.count - 1]
            for first in stride(from: 0, to: workload.seriesCount, by: seriesInBatch) {
                append(first..<min(first + seriesInBatch, workload.seriesCount), steps: steps, at: newest, to: &driver)
            }
            guard isFlushing else { continue }
            let before = CPUClock.process.nanoseconds
            flushedSamples += try driver.flush(at: newest)
            flushNanoseconds += CPUClock.process.nanoseconds - before
        }
    }

    private mutating func append(_ range: Range<Int>, steps: Int, at newest: Int64, to driver: inout StoreDriver) {
        var batchIDs: [StoreDriver.SeriesID] = []
        var batchTimes: [Int64] = []
        var batchValues: [Double] = []
        for series in range {
            for step in 0..<steps {
                batchIDs.append(ids[series])
                batchTimes.append(timestamps[step * workload.sources + series / workload.metrics.count])
                batchValues.append(values[step * workload.seriesCount + series])
            }
        }
        let before = CPUClock.thread.nanoseconds
        driver.append(batchIDs, timestamps: batchTimes, values: batchValues, arrivedAt: newest)
        appendNanoseconds += CPUClock.thread.nanoseconds - before
    }
}
