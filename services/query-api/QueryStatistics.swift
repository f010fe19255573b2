import PromQLEngine
import PromQLSyntax
import TimeSeriesStore

/// What a query cost, in the form of Prometheus' `stats` parameter.
struct QueryStatistics: Sendable {
    /// Seconds from the first wait for a thread until evaluation began, and of evaluation.
    var queued: Double = 0
    var evaluated: Double = 0
    /// Samples that the selectors of the query gave, by step (milliseconds since 1970) and in all.
    var perStep: [(timestamp: Int64, samples: Int)] = []
    var total = 0
    /// What the query was charged for against `query.max_samples`: at least as many as were in memory at any time, which is
    /// what Prometheus calls the peak.
    var charged = 0
    /// Whether the answer lists every step.
    var listsSteps = false

    func write(to writer: inout AnswerWriter) {
        writer.raw(#","stats":{"timings":{"evalTotalTime":"#)
        writer.number(evaluated)
        writer.raw(#","resultSortTime":0,"queryPreparationTime":0,"innerEvalTime":"#)
        writer.number(evaluated)
        writer.raw(#","execQueueTime":"#)
        writer.number(queued)
        writer.raw(#","execTotalTime":"#)
        writer.number(queued + evaluated)
        writer.raw(#"},"samples":{"#)
        if listsSteps {
            writer.raw(#""totalQueryableSamplesPerStep":["#)
            var isFirst = true
            for step in perStep {
                writer.raw(isFirst ? "[" : ",[")
                isFirst = false
                SampleText.append(timestamp: step.timestamp, to: &writer.text)
                writer.raw(",")
                writer.number(step.samples)
                writer.raw("]")
            }
            writer.raw("],")
        }
        writer.raw(#""totalQueryableSamples":"#)
        writer.number(total)
        writer.raw(#","peakSamples":"#)
        writer.number(charged)
        writer.raw("}}")
    }
}

/// Counts what a query's selectors give, as Prometheus counts: one sample per series and step for an instant vector, all
/// samples of the window for a range. It asks the engine, so it costs about as much as the query.
struct SampleCount {
    let query: String
    let engine: PromQLEngine
    /// The query's own. Each selector is counted with the same limits anew: what the query itself used says nothing of that.
    let budget: QueryBudget

    /// Per step of the range, in order of time; steps without samples are 0.
    func perStep(
        of expression: PromQLExpression, from: Int64, through: Int64, step: Int64
    ) throws -> [(timestamp: Int64, samples: Int)] {
        var counts: [Int64: Int] = [:]
        for counting in countingQueries(expression) {
            let result = try engine.range(counting, from: from, through: through, step: step, budget: budget.renewed())
            guard case .matrix(let series) = result.value else { continue }
            for one in series {
                for (timestamp, value) in zip(one.samples.timestamps, one.samples.values) {
                    counts[timestamp, default: 0] += Int(exactly: value.rounded()) ?? 0
                }
            }
        }
        return stride(from: from, through: through, by: Int(step)).map { ($0, counts[$0] ?? 0) }
    }

    private func countingQueries(_ expression: PromQLExpression) -> [String] {
        let text = String(decoding: Array(query.utf8)[clamped(expression.range)], as: UTF8.self)
        if expression.type == .rangeVector { return ["sum(count_over_time(\(text)))"] }
        if case .selector = expression.node { return ["count(\(text))"] }
        return expression.children.flatMap(countingQueries)
    }

    private func clamped(_ range: Range<Int>) -> Range<Int> { range.clamped(to: 0..<query.utf8.count) }
}
