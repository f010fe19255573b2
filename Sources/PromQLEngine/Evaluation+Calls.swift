import NativeHistograms
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

extension Evaluation {
    func call(
        _ function: PromQLFunction, _ arguments: [PromQLExpression], at call: PromQLExpression, _ grid: StepGrid
    ) throws -> StepValue {
        if let column = try scalarFunction(function, arguments, grid) { return .scalar(column) }
        if let series = try rangeFunction(function, arguments, grid) { return .vector(series) }
        if let series = try dateFunction(function, arguments, grid) { return .vector(series) }
        if let function = Self.pointwise(function) {
            let operand = try vector(arguments[0], grid)
            return .vector(try mapped(operand) { $0.mapping($0.values.mapPresent(function)) })
        }
        switch function {
        case .vector:
            return .vector([StepSeries(labels: .empty, values: try scalar(arguments[0], grid))])
        case .info: return .vector(try info(arguments, at: call, grid))
        case .startTimestamp: return .vector(try startTimestamps(of: arguments[0], grid))
        case .timestamp: return .vector(try timestamps(of: arguments[0], grid))
        case .absent: return .vector(try absence(of: vector(arguments[0], grid), arguments[0], grid))
        case .clamp, .clampMin, .clampMax: return .vector(try clamped(function, arguments, grid))
        case .round: return .vector(try rounded(arguments, grid))
        case .sort, .sortDescending, .sortByLabel, .sortByLabelDescending:
            return .vector(try sorted(function, arguments, at: call, grid))
        case .labelReplace: return .vector(try labelReplace(arguments, at: call, grid))
        case .labelJoin: return .vector(try labelJoin(arguments, at: call, grid))
        case .histogramQuantile: return .vector(try histogramQuantile(arguments, grid))
        case .histogramQuantiles: return .vector(try histogramQuantiles(arguments, at: call, grid))
        case .histogramFraction: return .vector(try histogramFraction(arguments, grid))
        case .histogramAvg: return .vector(try ofHistograms(arguments[0], grid) { $0.average })
        case .histogramCount: return .vector(try ofHistograms(arguments[0], grid) { $0.count })
        case .histogramSum: return .vector(try ofHistograms(arguments[0], grid) { $0.sum })
        case .histogramStddev: return .vector(try ofHistograms(arguments[0], grid) { $0.variance.squareRoot() })
        case .histogramStdvar: return .vector(try ofHistograms(arguments[0], grid) { $0.variance })
        default:
            throw PromQLError(execution: "\(function.rawValue) cannot be called like this", range: call.range)
        }
    }

    private func scalarFunction(
        _ function: PromQLFunction, _ arguments: [PromQLExpression], _ grid: StepGrid
    ) throws -> [Double]? {
        func constant(_ value: Double) throws -> [Double] {
            try budget.charge(samples: grid.count)
            return [Double](repeating: value, count: grid.count)
        }
        switch function {
        case .pi: return try constant(.pi)
        case .start: return try constant(Double(queryGrid.start) / 1000)
        case .end: return try constant(Double(queryGrid.end) / 1000)
        case .step: return try constant(Double(queryStep) / 1000)
        case .range: return try constant(Double(queryGrid.end - queryGrid.start) / 1000)
        case .time:
            try budget.charge(samples: grid.count)
            return (0..<grid.count).map { Double(grid.time($0)) / 1000 }
        case .minOf, .maxOf:
            let left = try scalar(arguments[0], grid)
            let right = try scalar(arguments[1], grid)
            return zip(left, right).map { function == .minOf ? $0.lesser(of: $1) : $0.greater(of: $1) }
        case .scalar: return try onlyElement(of: vector(arguments[0], grid), grid)
        default: return nil
        }
    }

    /// NaN at steps with no element or more than one.
    private func onlyElement(of series: [StepSeries], _ grid: StepGrid) throws -> [Double] {
        var meter = BudgetMeter(budget)
        var counts = [Int](repeating: 0, count: grid.count)
        var column = [Double](repeating: .nan, count: grid.count)
        for element in series {
            try meter.add(BudgetMeter.element + grid.count)
            for (step, value) in element.values.enumerated() where value.isPresent {
                counts[step] += 1
                column[step] = value
            }
        }
        return zip(column, counts).map { $1 == 1 ? $0 : .nan }
    }

    /// The time of the sample for a selector, otherwise the time of evaluation; seconds.
    private func timestamps(of operand: PromQLExpression, _ grid: StepGrid) throws -> [StepSeries] {
        let bare = operand.withoutParentheses
        if case .selector(let selector) = bare.node {
            return try mapped(instantVector(selector, at: bare.range, grid, givesTimestamps: true)) {
                $0.mapping($0.values)
            }
        }
        return try mapped(vector(operand, grid)) { element in
            element.mapping(
                (0..<grid.count).map { element.isPresent(at: $0) ? Double(grid.time($0)) / 1000 : .absent })
        }
    }

    private func clamped(
        _ function: PromQLFunction, _ arguments: [PromQLExpression], _ grid: StepGrid
    ) throws -> [StepSeries] {
        let operand = try vector(arguments[0], grid)
        let lowest = function == .clampMax ? nil : try scalar(arguments[1], grid)
        let highest =
            switch function {
            case .clampMax: try scalar(arguments[1], grid)
            case .clamp: try scalar(arguments[2], grid)
            default: [Double]?.none
            }
        return try mapped(operand) { element in
            var values = element.values
            for step in values.indices where values[step].isPresent {
                if let lowest, let highest, highest[step] < lowest[step] {
                    values[step] = .absent
                    continue
                }
                if let highest { values[step] = values[step].lesser(of: highest[step]) }
                if let lowest { values[step] = values[step].greater(of: lowest[step]) }
            }
            return element.mapping(values)
        }
    }

    /// To the nearest multiple, halves upwards.
    private func rounded(_ arguments: [PromQLExpression], _ grid: StepGrid) throws -> [StepSeries] {
        let operand = try vector(arguments[0], grid)
        let multiples =
            arguments.count > 1 ? try scalar(arguments[1], grid) : [Double](repeating: 1, count: grid.count)
        return try mapped(operand) { element in
            var values = element.values
            for step in values.indices where values[step].isPresent {
                // Multiplying by the inverse keeps round(x, 0.1) exact where dividing by 0.1 would not be.
                let inverse = 1 / multiples[step]
                values[step] = (values[step] * inverse + 0.5).rounded(.down) / inverse
            }
            return element.mapping(values)
        }
    }

    // MARK: Order

    private func sorted(
        _ function: PromQLFunction, _ arguments: [PromQLExpression], at call: PromQLExpression, _ grid: StepGrid
    ) throws -> [StepSeries] {
        if queryStep > 0 {
            annotations.warn(
                "sort is ineffective for range queries since results are always ordered by labels", at: call.range)
        }
        let operand = try vector(arguments[0], grid)
        guard grid.count == 1 else {
            return [.sort, .sortDescending].contains(function) ? try mapped(operand, \.withoutHistograms) : operand
        }
        var meter = BudgetMeter(budget)
        switch function {
        case .sort, .sortDescending:
            // NaN comes last in both directions; equal values stay in order.
            return try mapped(operand, \.withoutHistograms).stablySorted { left, right in
                try meter.add(4)
                if left.values[0].isNaN || right.values[0].isNaN {
                    return !left.values[0].isNaN && right.values[0].isNaN
                }
                return function == .sort ? left.values[0] < right.values[0] : left.values[0] > right.values[0]
            }
        default:
            let names = try arguments.dropFirst().map(string)
            let ascending = try operand.sorted { left, right in
                try meter.add(BudgetMeter.element * (1 + names.count))
                for name in names {
                    let (a, b) = (left.labels[name] ?? "", right.labels[name] ?? "")
                    if a != b { return a.isNaturallyOrdered(before: b) }
                }
                return left.labels < right.labels
            }
            return function == .sortByLabel ? ascending : ascending.reversed()
        }
    }
}

extension [StepSeries] {
    func stablySorted(_ isOrdered: (StepSeries, StepSeries) throws -> Bool) rethrows -> [StepSeries] {
        try enumerated().sorted { left, right in
            if try isOrdered(left.element, right.element) { return true }
            return try !isOrdered(right.element, left.element) && left.offset < right.offset
        }.map(\.element)
    }
}

extension Double {
    /// As Go's `math.Min`: −∞ if either is that, otherwise NaN if either is that; −0 is below 0.
    func lesser(of other: Double) -> Double {
        if self == -.infinity || other == -.infinity { return -.infinity }
        if isNaN || other.isNaN { return .nan }
        if self == other { return sign == .minus ? self : other }
        return Swift.min(self, other)
    }

    /// As Go's `math.Max`: +∞ if either is that, otherwise NaN if either is that; 0 is above −0.
    func greater(of other: Double) -> Double {
        if self == .infinity || other == .infinity { return .infinity }
        if isNaN || other.isNaN { return .nan }
        if self == other { return sign == .plus ? self : other }
        return Swift.max(self, other)
    }
}

extension String {
    /// Runs of digits compare as numbers, the rest bytewise: `disk2` comes before `disk10`.
    func isNaturallyOrdered(before other: String) -> Bool {
        var left = Substring(self).utf8
        var right = Substring(other).utf8
        while !left.isEmpty, !right.isEmpty {
            let (a, b) = (left.nextRun(), right.nextRun())
            if a.isNumber, b.isNumber {
                let (m, n) = (a.text.drop { $0 == UInt8(ascii: "0") }, b.text.drop { $0 == UInt8(ascii: "0") })
                if m.count != n.count { return m.count < n.count }
                if !m.elementsEqual(n) { return m.lexicographicallyPrecedes(n) }
            }
            if !a.text.elementsEqual(b.text) { return a.text.lexicographicallyPrecedes(b.text) }
        }
        return left.isEmpty && !right.isEmpty
    }
}

extension Substring.UTF8View {
    /// Takes the digits, or the non-digits, that come first.
    fileprivate mutating func nextRun() -> (text: Substring.UTF8View, isNumber: Bool) {
        func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
        let isNumber = first.map(isDigit) ?? false
        let run = prefix { isDigit($0) == isNumber }
        self = self[run.endIndex...]
        return (run, isNumber)
    }
}
