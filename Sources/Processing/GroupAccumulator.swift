package import NativeHistograms
import PromQLEngine

/// What an output is for a window.
package enum AggregatedValue: Sendable, Equatable {
    case number(Double)
    case histogram(NativeHistogram)
}

/// What the outputs of one group are worked out from. Gets the samples series by series, in the order of time.
struct GroupAccumulator {
    private let outputs: [AggregationRule.Output]
    private let keepsValues: Bool
    private var sum = CompensatedSum()
    private var mean = Mean()
    private var count = 0
    private var least = Double.nan
    private var greatest = Double.nan
    private var newest: (timestamp: Int64, value: Double)?
    private var seriesCount = 0
    private var sumOfLast = CompensatedSum()
    private var increase = CompensatedSum()
    /// Whether any series had two samples to tell an increase from.
    private var hasIncrease = false
    private var values: [Double] = []

    init(_ outputs: [AggregationRule.Output]) {
        self.outputs = outputs
        keepsValues = outputs.contains { output in
            if case .quantile = output { return true }
            return output == .histogram
        }
    }

    /// - Parameter before: the newest value of the series in the window before, if it had any.
    mutating func add(_ samples: [(timestamp: Int64, value: Double)], before: Double?) {
        guard let last = samples.last else { return }
        var previous = before
        for (timestamp, value) in samples {
            sum.add(value)
            mean.add(value)
            count += 1
            if least.isNaN || value < least { least = value }
            if greatest.isNaN || value > greatest { greatest = value }
            if newest.map({ timestamp >= $0.timestamp }) ?? true { newest = (timestamp, value) }
            if let previous {
                // A counter that fell began anew at zero.
                increase.add(value < previous ? value : value - previous)
                hasIncrease = true
            }
            previous = value
            if keepsValues { values.append(value) }
        }
        seriesCount += 1
        sumOfLast.add(last.value)
    }

    /// Nil where there is nothing to tell.
    ///
    /// - Parameter interval: milliseconds.
    mutating func result(of output: AggregationRule.Output, interval: Int64) -> AggregatedValue? {
        switch output {
        case .sum: .number(sum.value)
        case .count: .number(Double(count))
        case .min: .number(least)
        case .max: .number(greatest)
        case .avg: .number(mean.value)
        case .last: newest.map { .number($0.value) }
        case .countSeries: .number(Double(seriesCount))
        case .sumLast: .number(sumOfLast.value)
        case .increase: hasIncrease ? .number(increase.value) : nil
        case .rate: hasIncrease ? .number(increase.value / (Double(interval) / 1000)) : nil
        case .quantile(let q): .number(Quantile.of(q, &values))
        case .histogram: .histogram(histogram)
        }
    }

    /// Of the finite values; others are in no bucket.
    private var histogram: NativeHistogram {
        var observed = ObservedHistogram()
        for value in values where value.isFinite { observed.observe(value) }
        var histogram = observed.histogram
        // Each window is counted for itself: that one has fewer than the one before is no reset of a counter.
        histogram.counterReset = .gauge
        return histogram
    }
}
