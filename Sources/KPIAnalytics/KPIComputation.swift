import PromQLEngine
import TelemetryModel
import TimeSeriesStore

/// One report in the making: what the figures share is read once.
final class KPIComputation {
    private let calculator: KPICalculator
    private let from: Int64
    private let through: Int64
    private let source: String?
    private let budget: QueryBudget
    private let placeholders: KPIPlaceholders
    private var scans: [ScanKey: SourceScan] = [:]
    private var pools: [String: SortedPools] = [:]
    private(set) var warnings: [String] = []

    private struct ScanKey: Hashable {
        let selector: String
        let interval: Int64
    }

    init(_ calculator: KPICalculator, window: Int64, through: Int64, source: String?, budget: QueryBudget) {
        self.calculator = calculator
        self.from = through - window
        self.through = through
        self.source = source
        self.budget = budget
        self.placeholders = KPIPlaceholders(window: window, source: source)
    }

    private var windowSeconds: Double { Double(through - from) / 1000 }

    func figure(_ definition: KPIDefinition) throws -> KPIReport.Figure {
        let values: (overall: Double?, bySource: [String: Double])
        switch definition.measure {
        case .presence(let selector, let interval): values = try presence(selector, interval)
        case .ratio(let numerator, let denominator): values = try ratio(definition.name, numerator, denominator)
        case .quantile(let selector, let q): values = try quantile(selector, q)
        case .sampleRate(let selector): values = try sampleRate(selector)
        case .expression(let perSource, let overall): values = try expression(definition.name, perSource, overall)
        }
        let bySource = values.bySource.filter { !$0.key.isEmpty && $0.value.isFinite }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { KPIReport.SourceValue(sourceID: $0.key, value: $0.value) }
        return KPIReport.Figure(
            definition: definition, overall: values.overall.flatMap { $0.isFinite ? $0 : nil }, bySource: bySource)
    }

    /// How many sources there are, and how many of them reported within the last two intervals.
    func sources() throws -> (known: Int, up: Int) {
        var selector = #"{source_id!="",__name__!~"ALERTS|ALERTS_FOR_STATE|.*:.*",$source}"#
        var interval = KPIDefinition.defaultInterval
        for case .presence(let ownSelector, let ownInterval) in calculator.definitions.map(\.measure) {
            (selector, interval) = (ownSelector, ownInterval)
            break
        }
        let matchers = try matchers(selector)
        let recent = TimeRange(from: through - 2 * interval + 1, through: through)
        let selected = try calculator.store.select(
            SeriesSelection(matchers: matchers, range: recent), budget: budget)
        let up = Set(selected.compactMap { $0.labels[KPIPlaceholders.sourceLabel] })
        let span = TimeRange(from: from - (through - from) + 1, through: through)
        return (try sourceIDs(matchers, in: span).union(up).count, up.count)
    }

    // MARK: Measures

    private func presence(_ selector: String, _ interval: Int64) throws -> (Double?, [String: Double]) {
        let scan = try scan(selector, interval: interval)
        guard scan.intervalCount > 0 else { return (nil, [:]) }
        let before = try sourceIDs(
            matchers(selector), in: TimeRange(from: from - (through - from) + 1, through: from))
        var reported = 0
        var expected = 0
        var bySource: [String: Double] = [:]
        for id in before.union(scan.sources.keys) {
            let own = scan.sources[id] ?? SourceScan.Source()
            guard let first = before.contains(id) ? 0 : own.firstInterval else { continue }
            bySource[id] = Double(own.reportedIntervals) / Double(scan.intervalCount - first)
            reported += own.reportedIntervals
            expected += scan.intervalCount - first
        }
        return (expected > 0 ? Double(reported) / Double(expected) : nil, bySource)
    }

    private func sampleRate(_ selector: String) throws -> (Double?, [String: Double]) {
        let known = scans.first { $0.key.selector == selector }?.value
        let scan = try known ?? scan(selector, interval: KPIDefinition.defaultInterval)
        let bySource = scan.sources.mapValues { Double($0.samples) / windowSeconds }
        let total = scan.sources.values.reduce(0) { $0 + $1.samples }
        return (scan.sources.isEmpty ? nil : Double(total) / windowSeconds, bySource)
    }

    private func quantile(_ selector: String, _ q: Double) throws -> (Double?, [String: Double]) {
        if pools[selector] == nil {
            let selected = try calculator.store.select(
                SeriesSelection(matchers: matchers(selector), range: TimeRange(from: from + 1, through: through)),
                budget: budget)
            pools[selector] = try SortedPools(selected, budget: budget)
        }
        guard let pool = pools[selector] else { return (nil, [:]) }
        return (
            SortedPools.quantile(q, of: pool.all), pool.bySource.compactMapValues { SortedPools.quantile(q, of: $0) }
        )
    }

    private func ratio(
        _ name: String, _ numerator: String, _ denominator: String
    ) throws -> (Double?, [String: Double]) {
        let above = try valuesBySource("sum by (source_id) (\(numerator))", of: name)
        let below = try valuesBySource("sum by (source_id) (\(denominator))", of: name)
        var bySource: [String: Double] = [:]
        var sums = (above: 0.0, below: 0.0)
        for (id, divisor) in below {
            let dividend = above[id] ?? 0
            sums.above += dividend
            sums.below += divisor
            if divisor != 0 { bySource[id] = dividend / divisor }
        }
        return (sums.below != 0 ? sums.above / sums.below : nil, bySource)
    }

    private func expression(
        _ name: String, _ perSource: String, _ overall: String
    ) throws -> (Double?, [String: Double]) {
        let bySource = try valuesBySource(perSource, of: name)
        if let source { return (bySource[source], bySource) }
        return (try singleValue(overall, of: name), bySource)
    }

    // MARK: Reading

    /// Values of an expression by the label `source_id` (empty where it is missing), of the source asked for.
    private func valuesBySource(_ expression: String, of name: String) throws -> [String: Double] {
        guard case .vector(let samples) = try evaluate(expression, of: name) else {
            throw KPIError.unexpectedResult(kpi: name, reason: "\(expression) is not an instant vector")
        }
        var values: [String: Double] = [:]
        for sample in samples {
            let id = sample.labels[KPIPlaceholders.sourceLabel] ?? ""
            if let source, id != source { continue }
            guard values.updateValue(sample.value, forKey: id) == nil else {
                throw KPIError.unexpectedResult(
                    kpi: name, reason: "\(expression) gives more than one value for the source \"\(id)\"")
            }
        }
        return values
    }

    private func singleValue(_ expression: String, of name: String) throws -> Double? {
        switch try evaluate(expression, of: name) {
        case .scalar(_, let value): return value
        case .vector(let samples) where samples.count <= 1: return samples.first?.value
        case .vector(let samples):
            throw KPIError.unexpectedResult(
                kpi: name, reason: "\(expression) gives \(samples.count) values, expected one")
        case .string, .matrix:
            throw KPIError.unexpectedResult(kpi: name, reason: "\(expression) does not give a single number")
        }
    }

    private func evaluate(_ expression: String, of name: String) throws -> QueryValue {
        let result = try calculator.engine.instant(placeholders.expand(expression), at: through, budget: budget)
        for annotation in result.annotations {
            let warning = "\(name): \(annotation)"
            if !warnings.contains(warning) { warnings.append(warning) }
        }
        return result.value
    }

    private func scan(_ selector: String, interval: Int64) throws -> SourceScan {
        let key = ScanKey(selector: selector, interval: interval)
        if let known = scans[key] { return known }
        let scan = try SourceScan(
            calculator.store, matchers(selector), from: from, through: through, interval: interval, budget: budget)
        scans[key] = scan
        return scan
    }

    private func matchers(_ selector: String) throws -> [LabelMatcher] {
        let matchers = try PromQLEngine.matchers(placeholders.expand(selector))
        return matchers + (source.map { [KPIPlaceholders.matcher(for: $0)] } ?? [])
    }

    private func sourceIDs(_ matchers: [LabelMatcher], in range: TimeRange) throws -> Set<String> {
        Set(
            try calculator.store.labelValues(of: KPIPlaceholders.sourceLabel, [matchers], in: range, budget: budget))
    }
}
