import TimeSeriesStore

/// How finely a rollup tells times apart.
enum RollupTier: Int64, CaseIterable, Sendable {
    case fiveMinutes = 300_000
    case hour = 3_600_000

    /// Milliseconds; a day is a whole number of buckets.
    var bucket: Int64 { rawValue }

    /// Under the store's folder.
    var folder: String {
        switch self {
        case .fiveMinutes: "rollups/5m"
        case .hour: "rollups/1h"
        }
    }
}

/// One series by buckets that are open on the left, as a query's windows are: a bucket has the samples in
/// `(end - length, end]`, so that windows on full buckets come out exactly. Buckets without samples are not there, and samples
/// that are NaN (stale markers are) do not count. Columns of equal length, ascending by `ends`.
struct RollupColumns: Sendable, Equatable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var ends: [Int64] = []
    var count: [Double] = []
    /// Compensated (Neumaier 1974).
    var sum: [Double] = []
    var minimum: [Double] = []
    var maximum: [Double] = []
    var first: [Double] = []
    var last: [Double] = []
    /// How much a counter rose from the bucket's first sample to its last, resets taken into account. From one bucket to the
    /// next it rose by `first - last`, or by `first` if that is a fall.
    var increase: [Double] = []

    init() {}

    /// Sums up samples that ascend.
    init(_ columns: SampleColumns, tier: RollupTier) {
        var end = Int64.min
        var compensation = 0.0
        for (time, value) in zip(columns.timestamps, columns.values) where !value.isNaN {
            if time > end {
                finish(compensation)
                compensation = 0
                end = RollupColumns.end(of: time, tier)
                ends.append(end)
                count.append(1)
                sum.append(value)
                minimum.append(value)
                maximum.append(value)
                first.append(value)
                last.append(value)
                increase.append(0)
                continue
            }
            let index = ends.count - 1
            count[index] += 1
            let total = sum[index]
            let next = total + value
            compensation += total.magnitude >= value.magnitude ? (total - next) + value : (value - next) + total
            sum[index] = next
            minimum[index] = min(minimum[index], value)
            maximum[index] = max(maximum[index], value)
            increase[index] += value < last[index] ? value : value - last[index]
            last[index] = value
        }
        finish(compensation)
    }

    /// What rounding took from the last bucket's sum; an infinite sum has none.
    private mutating func finish(_ compensation: Double) {
        if !sum.isEmpty, compensation.isFinite { sum[sum.count - 1] += compensation }
    }

    /// The end of the bucket that a time is in.
    private static func end(of time: Int64, _ tier: RollupTier) -> Int64 {
        let start = BlockTime.floor(time, to: tier.bucket)
        return start == time ? time : start + tier.bucket
    }

    /// In the order in which they are stored.
    var aggregates: [[Double]] { [count, sum, minimum, maximum, first, last, increase] }

    static let aggregateNames = ["count", "sum", "min", "max", "first", "last", "increase"]

    /// Nil if the columns are not as many and as long as `aggregates`.
    init?(ends: [Int64], aggregates: [[Double]]) {
        guard aggregates.count == RollupColumns.aggregateNames.count,
            aggregates.allSatisfy({ $0.count == ends.count })
        else { return nil }
        self.ends = ends
        (count, sum, minimum, maximum) = (aggregates[0], aggregates[1], aggregates[2], aggregates[3])
        (first, last, increase) = (aggregates[4], aggregates[5], aggregates[6])
    }

    /// Together with what came in `later`: buckets of both are put together as if all samples of `later` came after those
    /// here, which for `first`, `last` and `increase` is the best that can be known.
    func merged(with later: RollupColumns) -> RollupColumns {
        var all = RollupColumns()
        var i = 0
        var j = 0
        while i < ends.count || j < later.ends.count {
            if j == later.ends.count || i < ends.count && ends[i] < later.ends[j] {
                all.append(self, i)
                i += 1
            } else if i == ends.count || later.ends[j] < ends[i] {
                all.append(later, j)
                j += 1
            } else {
                all.append(self, i)
                all.add(later, j)
                i += 1
                j += 1
            }
        }
        return all
    }

    private mutating func append(_ other: RollupColumns, _ index: Int) {
        ends.append(other.ends[index])
        count.append(other.count[index])
        sum.append(other.sum[index])
        minimum.append(other.minimum[index])
        maximum.append(other.maximum[index])
        first.append(other.first[index])
        last.append(other.last[index])
        increase.append(other.increase[index])
    }

    private mutating func add(_ other: RollupColumns, _ index: Int) {
        let own = ends.count - 1
        count[own] += other.count[index]
        sum[own] += other.sum[index]
        minimum[own] = min(minimum[own], other.minimum[index])
        maximum[own] = max(maximum[own], other.maximum[index])
        let step = other.first[index] < last[own] ? other.first[index] : other.first[index] - last[own]
        increase[own] += step + other.increase[index]
        last[own] = other.last[index]
    }

    /// Buckets as summaries for windows.
    ///
    /// - Parameter windows: if no window cuts a bucket, the summary spans it; otherwise all of its samples are taken to lie at
    ///   its end, as nothing better is known.
    func summaries(length: Int64, windows: WindowGrid) -> [SampleSummary] {
        ends.indices.map { index in
            let start = ends[index] - length + 1
            let isCut = windows.separates(start, ends[index])
            return SampleSummary(
                firstTimestamp: isCut ? ends[index] : start, lastTimestamp: ends[index], count: Int(count[index]),
                sum: sum[index], minimum: minimum[index], maximum: maximum[index])
        }
    }
}
