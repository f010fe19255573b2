import PromQLEngine
import TelemetryModel
import TimeSeriesStore

/// Runs a script and says, for every `eval`, what went other than expected.
///
/// As Prometheus' own runner does, an instant query is also evaluated with its selectors pinned by `@` at other times, and
/// every one of those in the middle of a range query; all must give the same.
package struct ScriptRunner<Storage: ScriptStorage> {
    package struct Failure: CustomStringConvertible {
        package let line: Int
        package let query: String
        package let reason: String
        package var description: String { "line \(line): \(query)\n        \(reason)" }
    }

    package private(set) var passed = 0
    package private(set) var failures: [Failure] = []
    private var storage: Storage
    /// What was loaded last, for what storages know of counter resets.
    private var sequences: [LabelSet: SampleSequence] = [:]

    package init(_ storage: Storage) { self.storage = storage }

    package var total: Int { passed + failures.count }

    package mutating func run(_ script: Script) {
        for numbered in script.commands {
            var (query, reason): (String, String?) = ("", nil)
            do {
                switch numbered.command {
                case .clear:
                    query = "clear"
                    try storage.clear()
                    sequences = [:]
                case .load(let interval, let series, let starts, let addsHistograms):
                    query = "load"
                    let added = addsHistograms ? SeriesDescription.nativeHistograms(of: series) : []
                    try storage.load(loaded(series + added, starts, interval))
                case .unreadable(let text, let problem): (query, reason) = (text, problem)
                case .evaluate(let evaluation):
                    query = evaluation.query
                    reason = mismatch(evaluation)
                    if reason == nil { passed += 1 }
                }
            } catch {
                reason = "failed: \(error)"
            }
            if let reason { failures.append(Failure(line: numbered.line, query: query, reason: reason)) }
        }
    }

    private mutating func loaded(
        _ series: [SeriesDescription], _ starts: [StartDescription], _ interval: Int64
    ) -> [LoadedSeries] {
        var order: [LabelSet] = []
        var loaded: [LabelSet: LoadedSeries] = [:]
        for description in series {
            for (index, point) in description.points.enumerated() {
                sequences[description.labels, default: SampleSequence()].append(point, at: Int64(index) &* interval)
            }
            guard let (samples, histograms) = sequences[description.labels]?.take() else { continue }
            if loaded[description.labels] == nil { order.append(description.labels) }
            var one = loaded[description.labels] ?? LoadedSeries(labels: description.labels)
            one.samples.timestamps += samples.timestamps
            one.samples.values += samples.values
            one.histograms.timestamps += histograms.timestamps
            one.histograms.histograms += histograms.histograms
            loaded[description.labels] = one
        }
        for description in starts { loaded[description.labels]?.starts = description.columns(interval) }
        return order.compactMap { loaded[$0] }
    }

    // MARK: Evaluation

    private func mismatch(_ evaluation: Script.Evaluation) -> String? {
        let engine = PromQLEngine(store: storage.store)
        switch evaluation.moment {
        case .range(let from, let through, let step):
            let times = Script.Times(from: from, through: through, step: step)
            return mismatch(evaluation, times: times.all) {
                try engine.range(
                    evaluation.query, from: from, through: through, step: step, budget: QueryBudget())
            }
        case .instant(let time):
            let asWritten = InstantVariant(query: evaluation.query, time: time)
            for variant in [asWritten] + InstantVariant.pinned(evaluation.query, at: time) {
                let times = evaluation.rangeVector?.all ?? []
                let reason =
                    mismatch(evaluation, times: times) {
                        try engine.instant(variant.query, at: variant.time, budget: QueryBudget())
                    } ?? rangeMismatch(evaluation, variant, engine)
                if let reason { return variant == asWritten ? reason : "as \(variant): \(reason)" }
            }
            return nil
        }
    }

    private func mismatch(
        _ evaluation: Script.Evaluation, times: [Int64], _ evaluate: () throws -> QueryResult
    ) -> String? {
        let result: QueryResult
        do {
            result = try evaluate()
        } catch {
            guard evaluation.expectsFailure else { return "failed: \(error)" }
            let isExpected = evaluation.failures.allSatisfy { $0.accepts("\(error)") }
            return isExpected ? nil : "failed otherwise than expected: \(error)"
        }
        if evaluation.expectsFailure { return "expected to fail" }
        return evaluation.mismatch(result.annotations) ?? evaluation.mismatch(result.value, at: times)
    }

    /// The same in the middle of a range query.
    private func rangeMismatch(
        _ evaluation: Script.Evaluation, _ variant: InstantVariant, _ engine: PromQLEngine
    ) -> String? {
        // Matrices come out in the order of labels; strings and range vectors have no range queries.
        if evaluation.isOrdered || evaluation.expectsFailure || evaluation.string != nil { return nil }
        guard evaluation.rangeVector == nil, variant.hasSameValueInRange else { return nil }
        do {
            let result = try engine.range(
                variant.query, from: variant.time - 60_000, through: variant.time + 60_000, step: 60_000,
                budget: QueryBudget())
            guard case .matrix(let series) = result.value else { return "a range query did not give a matrix" }
            let samples = series.compactMap { $0.sample(at: variant.time) }
            let isScalar = evaluation.scalar != nil && samples.count == 1
            let value: QueryValue =
                isScalar ? .scalar(timestamp: variant.time, value: samples[0].value) : .vector(samples)
            return evaluation.mismatch(value, at: []).map { "in a range query: \($0)" }
        } catch {
            return "in a range query: failed: \(error)"
        }
    }
}

extension ScriptRunner<MemoryStorage> {
    package init() { self.init(MemoryStorage()) }
}

extension MatrixSeries {
    fileprivate func sample(at time: Int64) -> VectorSample? {
        if let index = samples.timestamps.firstIndex(of: time) {
            return VectorSample(labels: labels, timestamp: time, value: samples.values[index])
        }
        return histograms.timestamps.firstIndex(of: time).map {
            VectorSample(labels: labels, timestamp: time, histogram: histograms.histograms[$0])
        }
    }
}
