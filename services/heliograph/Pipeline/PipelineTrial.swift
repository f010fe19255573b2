import Foundation
import HTTPSupport
import NativeHistograms
import Processing
import TelemetryModel

/// Takes sample records through a pipeline and tells what each stage did.
struct PipelineTrial {
    /// When the records are taken to have arrived.
    enum Arrival {
        /// Each at its own time.
        case record
        /// Milliseconds since 1970.
        case at(Int64)
    }

    let pipeline: ProcessingPipeline
    let records: PipelineRecords
    let arrival: Arrival
    let style: TerminalStyle

    /// Every record with its way, then the aggregates, then how many records each stage let pass.
    func report() -> String {
        var run = PipelineRun(pipeline, aggregator: Aggregator())
        var text = ""
        var kept = 0
        let batch = records.batch
        for index in 0..<batch.count {
            let labels = records.registry.labels(of: batch.references[index])
            let time = batch.timestamps[index]
            var sample = PipelineSample(
                timestamp: time, value: batch.values[index], receivedAt: arrivalTime(of: time))
            text += style.bold(line(labels, sample)) + "\n"
            let isKept = take(labels, &sample, through: &run, newest: newestTime(of: labels), into: &text)
            if isKept { kept += 1 }
        }
        for record in records.rejected {
            text += style.colored("record \(record.index + 1) refused before the pipeline: \(record.message)\n", .red)
        }
        text += aggregates(&run)
        text += "\n" + summary(run.takeCounts(), kept: kept)
        return text
    }

    private func take(
        _ labels: LabelSet, _ sample: inout PipelineSample, through run: inout PipelineRun, newest: Int64,
        into text: inout String
    ) -> Bool {
        var before = labels
        for (index, after) in pipeline.trace(of: labels).enumerated() {
            guard let after else {
                run.countDropped(by: index)
                note(index, "drops the series", .yellow, into: &text)
                return false
            }
            if after != before { note(index, changes(from: before, to: after), .cyan, into: &text) }
            before = after
        }
        guard case .kept(let plan) = pipeline.disposition(of: labels) else { return false }
        for trace in run.trace(&sample, run.bind(plan), offset: 1, newest: newest) {
            switch trace.fate {
            case .refused(let refusal): note(trace.stage, "refuses it: \(refusal.message)", .red, into: &text)
            case .dropped:
                let isAggregated = pipeline.stages[trace.stage].kind == "aggregate"
                note(
                    trace.stage, isAggregated ? "counts it in, and keeps no raw sample" : "drops it", .yellow,
                    into: &text)
            case .kept:
                if trace.before.value.bitPattern != trace.after.value.bitPattern {
                    note(trace.stage, "value \(trace.before.value) → \(trace.after.value)", .cyan, into: &text)
                }
                if trace.before.timestamp != trace.after.timestamp {
                    let times = [trace.before, trace.after].map { Date(milliseconds: $0.timestamp).iso8601Milliseconds }
                    note(trace.stage, "time \(times[0]) → \(times[1])", .cyan, into: &text)
                }
            }
            guard trace.fate == .kept else { return false }
        }
        text += "  stored as \(line(plan.labels, sample))\n"
        return true
    }

    private func note(_ stage: Int, _ words: String, _ color: TerminalStyle.Ink, into text: inout String) {
        text += "  " + style.colored("\(pipeline.stages[stage].name.printable): \(words.printable)", color) + "\n"
    }

    private func changes(from before: LabelSet, to after: LabelSet) -> String {
        let names = Set((before.labels + after.labels).map(\.name)).sorted()
        return names.filter { before[$0] != after[$0] }.map { name in
            switch (before[name], after[name]) {
            case (nil, let new?): "+\(name)=\"\(new)\""
            case (let old?, nil): "-\(name)=\"\(old)\""
            case (let old, let new): "\(name)=\"\(old ?? "")\" → \"\(new ?? "")\""
            }
        }.joined(separator: ", ")
    }

    private func line(_ labels: LabelSet, _ sample: PipelineSample) -> String {
        "\(labels) \(sample.value) @ \(Date(milliseconds: sample.timestamp).iso8601Milliseconds)".printable
    }

    /// All windows close.
    private func aggregates(_ run: inout PipelineRun) -> String {
        let samples = run.aggregator.close(at: Int64(1) << 60).flatMap(\.samples)
        guard !samples.isEmpty else { return "" }
        var text = "\n" + style.bold("aggregates") + "\n"
        for sample in samples {
            let value =
                switch sample.value {
                case .number(let number): "\(number)"
                case .histogram(let histogram): "histogram of \(histogram.count) with the sum \(histogram.sum)"
                }
            text +=
                "  \(sample.labels) \(value) @ \(Date(milliseconds: sample.timestamp).iso8601Milliseconds)".printable
                + "\n"
        }
        return text
    }

    private func summary(_ counts: [StageCounts], kept: Int) -> String {
        var rows = [["stage", "kind", "dropped", "refused", "changed", "aggregated", "late"]]
        for (stage, counts) in zip(pipeline.stages, counts) {
            rows.append(
                [stage.name.printable, stage.kind]
                    + [counts.dropped, counts.refused, counts.changed, counts.aggregated, counts.late].map { "\($0)" })
        }
        let total = records.batch.count + records.rejected.count
        return AnswerTable.aligned(rows, style, rightFrom: 2) + "\(kept) of \(total) records stored\n"
    }

    private func arrivalTime(of time: Int64) -> Int64 {
        switch arrival {
        case .record: time
        case .at(let moment): moment
        }
    }

    /// Of the source's records, as if all came in one request.
    private func newestTime(of labels: LabelSet) -> Int64 {
        let source = labels["source_id"] ?? ""
        return zip(records.batch.references, records.batch.timestamps).filter {
            (records.registry.labels(of: $0.0)["source_id"] ?? "") == source
        }.map(\.1).max() ?? 0
    }
}
