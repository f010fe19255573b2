import NativeHistograms
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// What an aggregation does with native histograms among its elements.
enum HistogramRule {
    /// They count like numbers.
    case counted
    /// They are left out, with a remark.
    case ignored
    case summed
    case averaged
}

/// A sum or a mean of histograms at one step.
private enum HistogramTotal {
    case none
    case sum(HistogramSum)
    case mean(HistogramMean)
    /// The histograms do not go together.
    case incompatible

    mutating func add(_ histogram: NativeHistogram, _ rule: HistogramRule) throws(HistogramMismatch) {
        switch self {
        case .none: self = rule == .summed ? .sum(HistogramSum(histogram)) : .mean(HistogramMean(histogram))
        case .sum(var sum):
            // Otherwise there would be two owners, and a copy for every histogram.
            self = .none
            try sum.add(histogram)
            self = .sum(sum)
        case .mean(var mean):
            self = .none
            try mean.add(histogram)
            self = .mean(mean)
        case .incompatible: break
        }
    }

    /// Nil if there is none.
    var result: (histogram: NativeHistogram, remarks: HistogramCombination)? {
        switch self {
        case .none, .incompatible: nil
        case .sum(let sum): (sum.value.compacted, sum.remarks)
        case .mean(let mean): (mean.value.compacted, mean.remarks)
        }
    }

    var isEmpty: Bool { if case .none = self { true } else { false } }
}

extension AggregationGroup {
    var hasHistograms: Bool { members.contains { $0.histograms != nil } }
}

extension Evaluation {
    /// One group's aggregation where some elements are histograms.
    func accumulateBoth<A: Accumulator>(
        _ group: AggregationGroup, _ grid: StepGrid, _: A.Type, _ aggregation: Aggregation, _ rule: HistogramRule
    ) throws -> StepSeries {
        let range = aggregation.operand.range
        var cells = [A](repeating: A(), count: grid.count)
        var isSeen = [Bool](repeating: false, count: grid.count)
        var totals = [HistogramTotal](repeating: .none, count: grid.count)
        var totalBytes = 0
        var hasIgnored = false
        for member in group.members {
            try budget.check()
            var hasMixedSchemas = false
            for step in 0..<grid.count {
                switch member.point(at: step) {
                case .absent: continue
                case .number(let value):
                    cells[step].add(value)
                    isSeen[step] = true
                case .histogram(let histogram):
                    switch rule {
                    case .counted:
                        cells[step].add(0)
                        isSeen[step] = true
                    case .ignored: hasIgnored = true
                    case .summed, .averaged:
                        if totals[step].isEmpty {
                            // Each cell is a sum and a correction.
                            let bytes = 2 * histogram.byteCount
                            totalBytes += bytes
                            try budget.hold(bytes: bytes)
                        }
                        do {
                            try totals[step].add(histogram, rule)
                        } catch {
                            totals[step] = .incompatible
                            hasMixedSchemas = true
                        }
                    }
                }
            }
            if hasMixedSchemas {
                annotations.warn(HistogramRemark.mixedSchemas(member.labels.metricName ?? ""), at: range)
            }
        }
        if hasIgnored {
            annotations.inform(HistogramRemark.ignored(in: aggregation.operator.rawValue), at: range)
        }
        var column = StepColumn(count: grid.count)
        var memory = HistogramMemory(budget, steps: grid.count)
        var isMixed = false
        var remarks: HistogramCombination = []
        for step in 0..<grid.count {
            switch (isSeen[step], totals[step].isEmpty) {
            case (true, false): isMixed = true
            case (true, true): column.set(.number(cells[step].value), at: step)
            case (false, _):
                guard let total = totals[step].result else { continue }
                remarks.formUnion(total.remarks)
                try memory.hold(total.histogram)
                column.set(.histogram(total.histogram), at: step)
            }
        }
        budget.release(bytes: totalBytes)
        if isMixed { annotations.warn(HistogramRemark.mixedInAggregation, at: range) }
        annotations.note(remarks, .aggregation, at: range)
        return StepSeries(labels: group.labels, dropsName: group.dropsName, column: column)
    }

    /// Says so if an aggregation leaves out histograms.
    func informAboutIgnored(_ groups: [AggregationGroup], _ aggregation: Aggregation) {
        let isAny = groups.contains { group in
            group.members.contains { $0.histograms?.contains { $0 != nil } ?? false }
        }
        guard isAny else { return }
        annotations.inform(
            HistogramRemark.ignored(in: aggregation.operator.rawValue), at: aggregation.operand.range)
    }

    /// `limitk` where some elements are histograms: at every step the first ones.
    static func firstMembers(of group: AggregationGroup, _ limits: [Double]) -> [StepSeries] {
        var left = limits.map { Int(max(0, min($0, Double(group.members.count)))) }
        return group.members.map { member in
            member.keeping { step in
                guard left[step] > 0, member.isPresent(at: step) else { return false }
                left[step] -= 1
                return true
            }
        }
    }
}
