import PromQLEngine
import SelfMetrics
import TimeSeriesStore

/// Writes how a query was evaluated: what `explain=1` asks for.
extension AnswerWriter {
    mutating func explanation(_ explanation: QueryExplanation) {
        raw(#","explain":{"samples":"#)
        number(explanation.samples)
        raw(#","memory_bytes":"#)
        number(explanation.bytes)
        raw(#","plan":"#)
        plan(explanation.plan)
        raw("}")
    }

    private mutating func plan(_ plan: QueryPlan) {
        raw(#"{"expression":"#)
        string(plan.text)
        raw(#","kind":"#)
        string(plan.kind.rawValue)
        raw(#","notes":"#)
        strings(plan.notes)
        if let selection = plan.selection { self.selection(selection) }
        raw(#","evaluations":"#)
        number(plan.evaluations)
        raw(#","steps":"#)
        number(plan.steps)
        if let series = plan.series {
            raw(#","series":"#)
            number(series)
        }
        raw(#","samples":"#)
        number(plan.samples)
        raw(#","own_ms":"#)
        number(plan.ownTime.milliseconds)
        raw(#","total_ms":"#)
        number(plan.totalTime.milliseconds)
        if plan.omittedChildren > 0 {
            raw(#","children_omitted":"#)
            number(plan.omittedChildren)
        }
        raw(#","children":["#)
        var isFirst = true
        for child in plan.children {
            if !isFirst { raw(",") }
            isFirst = false
            self.plan(child)
        }
        raw("]}")
    }

    private mutating func selection(_ selection: QueryPlan.Selection) {
        raw(#","selection":{"matchers":"#)
        strings(selection.matchers.map(\.description))
        raw(#","start":"#)
        SampleText.append(timestamp: selection.range.from, to: &text)
        raw(#","end":"#)
        SampleText.append(timestamp: selection.range.through, to: &text)
        raw(selection.isNewestEnough ? #","newest_sample_only":true"# : #","newest_sample_only":false"#)
        raw(selection.allowsSummaries ? #","statistics_allowed":true"# : #","statistics_allowed":false"#)
        raw(#","reads":"#)
        number(selection.reads)
        raw(#","series":"#)
        number(selection.series)
        raw(#","samples":"#)
        number(selection.samples)
        raw(#","statistics":"#)
        number(selection.summaries)
        raw(#","statistics_samples":"#)
        number(selection.summarizedSamples)
        raw("}")
    }
}

extension Duration {
    fileprivate var milliseconds: Double { seconds * 1000 }
}
