import LabelPattern
import NativeHistograms
import PromQLEngine
import PromQLSyntax
import TelemetryModel
import TimeSeriesStore

/// Runs a script and says, for every `eval`, what went other than expected.
struct ScriptRunner {
    struct Failure: CustomStringConvertible {
        let line: Int
        let query: String
        let reason: String
        /// The expectation or the data has native histograms.
        let concernsHistograms: Bool
        var description: String { "line \(line): \(query)\n        \(reason)" }
    }

    private(set) var passed = 0
    private(set) var failures: [Failure] = []
    private var store = InMemoryStore()
    private var hasHistograms = false

    var total: Int { passed + failures.count }

    mutating func run(_ script: Script) {
        for command in script.commands {
            switch command {
            case .clear:
                store = InMemoryStore()
                hasHistograms = false
            case .load(let interval, let series, let starts, let addsHistograms):
                load(series, interval)
                for description in starts { store.add(description.labels, description.columns(interval)) }
                if addsHistograms { load(SeriesDescription.nativeHistograms(of: series), interval) }
            case .evaluate(let evaluation):
                if let reason = mismatch(evaluation) {
                    failures.append(
                        Failure(
                            line: evaluation.line, query: evaluation.query, reason: reason,
                            concernsHistograms: evaluation.expectsHistograms || hasHistograms))
                } else {
                    passed += 1
                }
            }
        }
    }

    private mutating func load(_ series: [SeriesDescription], _ interval: Int64) {
        for description in series {
            if description.hasHistograms { hasHistograms = true }
            var sequence = SampleSequence()
            for (index, point) in description.points.enumerated() {
                sequence.append(point, at: Int64(index) * interval)
            }
            store.add(description.labels, sequence.samples)
            if !sequence.histograms.isEmpty { store.add(description.labels, sequence.histograms) }
        }
    }

    // MARK: Evaluation

    private func mismatch(_ evaluation: Script.Evaluation) -> String? {
        let result: QueryResult
        do {
            let engine = PromQLEngine(store: store)
            let budget = QueryBudget()
            switch evaluation.moment {
            case .instant(let time): result = try engine.instant(evaluation.query, at: time, budget: budget)
            case .range(let from, let through, let step):
                result = try engine.range(evaluation.query, from: from, through: through, step: step, budget: budget)
            }
        } catch {
            guard let failure = evaluation.failure else { return "failed: \(error)" }
            return failure.accepts("\(error)") ? nil : "failed otherwise than expected: \(error)"
        }
        if evaluation.failure != nil { return "expected to fail" }
        return annotationMismatch(evaluation, result.annotations) ?? valueMismatch(evaluation, result.value)
    }

    private func annotationMismatch(_ evaluation: Script.Evaluation, _ all: [QueryAnnotation]) -> String? {
        let kinds: [(QueryAnnotation.Kind, [Script.TextMatch], Bool)] = [
            (.warning, evaluation.warnings, evaluation.forbidsWarnings),
            (.info, evaluation.infos, evaluation.forbidsInfos),
        ]
        for (kind, wanted, isForbidden) in kinds {
            let texts = all.filter { $0.kind == kind }.map(\.description)
            if isForbidden, let text = texts.first { return "unexpected annotation \(text)" }
            for match in wanted where !texts.contains(where: match.accepts) {
                return "no \(kind.rawValue) \(match), only \(texts)"
            }
            if !wanted.isEmpty, let other = texts.first(where: { text in !wanted.contains { $0.accepts(text) } }) {
                return "unexpected annotation \(other)"
            }
        }
        return nil
    }

    private func valueMismatch(_ evaluation: Script.Evaluation, _ value: QueryValue) -> String? {
        switch value {
        case .scalar(_, let number):
            guard let expected = evaluation.scalar else { return "unexpected scalar \(number)" }
            return number.isClose(to: expected) ? nil : "expected \(expected), got \(number)"
        case .string(_, let text):
            return evaluation.string == text ? nil : "expected string \(evaluation.string ?? "none"), got \(text)"
        case .vector(let samples):
            let got = samples.map { sample in
                (
                    sample.labels,
                    [(0, sample.histogram.map(Outcome.histogram) ?? .number(sample.value))] as [TimedOutcome]
                )
            }
            let expected = evaluation.series.map { ($0.labels, $0.samples(at: [0])) }
            if evaluation.isOrdered, expected.map(\.0) != got.map(\.0) {
                return "expected order \(expected.map(\.0)), got \(got.map(\.0))"
            }
            return Self.compare(expected, got)
        case .matrix(let series):
            let got = series.map { series in
                let numbers = zip(series.samples.timestamps, series.samples.values.map(Outcome.number))
                let histograms = zip(series.histograms.timestamps, series.histograms.histograms.map(Outcome.histogram))
                return (series.labels, (Array(numbers) + Array(histograms)).sorted { $0.0 < $1.0 })
            }
            let times: [Int64]
            switch (evaluation.moment, evaluation.rangeVector) {
            case (.range(let from, let through, let step), _):
                times = Array(stride(from: from, through: through, by: Int(step)))
            case (_, let window?):
                times = Array(stride(from: window.from, through: window.through, by: Int(window.step)))
            default: times = []
            }
            return Self.compare(evaluation.series.map { ($0.labels, $0.samples(at: times)) }, got)
        }
    }

    private enum Outcome {
        case number(Double)
        case histogram(NativeHistogram)
    }

    private typealias TimedOutcome = (Int64, Outcome)

    private static func compare(
        _ expected: [(LabelSet, [(Int64, SeriesDescription.Point)])], _ got: [(LabelSet, [TimedOutcome])]
    ) -> String? {
        var rest = Dictionary(got) { first, _ in first }
        guard rest.count == got.count else { return "the result repeats labels" }
        for (labels, samples) in expected where !samples.isEmpty {
            guard let found = rest.removeValue(forKey: labels) else {
                return "no \(labels), only \(got.prefix(8).map { "\($0.0) \($0.1)" })"
            }
            let isEqual =
                found.count == samples.count
                && zip(found, samples).allSatisfy { $0.0 == $1.0 && isClose($0.1, to: $1.1) }
            if !isEqual { return "\(labels): expected \(samples), got \(found)" }
        }
        return rest.first.map { "unexpected \($0.key) \($0.value)" }
    }

    private static func isClose(_ found: Outcome, to point: SeriesDescription.Point) -> Bool {
        switch (found, point) {
        case (.number(let found), .number(let wanted)): found.isClose(to: wanted)
        case (.histogram(let found), .histogram(let wanted)): wanted.isClose(to: found)
        default: false
        }
    }
}

extension SeriesDescription {
    fileprivate func samples(at times: [Int64]) -> [(Int64, Point)] {
        zip(times, points).filter { $1 != .missing && $1 != .stale }
    }
}

extension Script.TextMatch {
    func accepts(_ text: String) -> Bool {
        switch self {
        case .any: true
        case .exact(let wanted): text.contains(wanted)
        case .pattern(let pattern): (try? LabelPattern(".*(?:\(pattern)).*"))?.matchesWhole(text) ?? false
        }
    }
}

extension Double {
    /// Equal to six digits, which is what the scripts' expectations are written to.
    func isClose(to other: Double, within tolerance: Double = 1e-6) -> Bool {
        if self == other || (isNaN && other.isNaN) { return true }
        if isInfinite || other.isInfinite { return false }
        return (self - other).magnitude <= tolerance * Swift.max(magnitude, other.magnitude)
    }
}
