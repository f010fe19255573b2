import PromQLSyntax
import Synchronization
import TimeSeriesStore

/// Notes what an evaluation does with each node, for `explain`. Nodes are told apart by their places in the query. Belongs to
/// the thread that evaluates; only `Reading` is shared.
final class QueryTracer {
    /// What comes out of the store on several threads.
    final class Reading: Sendable {
        private let series = Atomic<Int>(0)
        private let samples = Atomic<Int>(0)
        private let summaries = Atomic<Int>(0)
        private let summarized = Atomic<Int>(0)

        func add(_ selected: SelectedSeries) {
            series.wrappingAdd(1, ordering: .relaxed)
            samples.wrappingAdd(selected.samples.count + selected.histograms.count, ordering: .relaxed)
            guard !selected.summaries.isEmpty else { return }
            summaries.wrappingAdd(selected.summaries.count, ordering: .relaxed)
            summarized.wrappingAdd(selected.summaries.reduce(0) { $0 + $1.count }, ordering: .relaxed)
        }

        fileprivate func plan(_ selection: SeriesSelection, reads: Int) -> QueryPlan.Selection {
            QueryPlan.Selection(
                matchers: selection.matchers, range: selection.range, isNewestEnough: selection.isNewestEnough,
                allowsSummaries: selection.windows != nil, reads: reads, series: series.load(ordering: .relaxed),
                samples: samples.load(ordering: .relaxed), summaries: summaries.load(ordering: .relaxed),
                summarizedSamples: summarized.load(ordering: .relaxed))
        }
    }

    private struct Record {
        var evaluations = 0
        var steps = 0
        var series: Int?
        var own = Duration.zero
        var total = Duration.zero
        var notes: [String] = []
        var reads = 0
        var selection: SeriesSelection?
        let reading = Reading()
    }

    private struct Frame {
        let place: Range<Int>
        var steps: Int
        let began: ContinuousClock.Instant
        var below = Duration.zero
    }

    private static let maximumNodes = 2000
    /// Readers of JSON have a limit of their own, and this is what people can follow.
    private static let maximumDepth = 100
    private static let maximumTextBytes = 300

    private var records: [Range<Int>: Record] = [:]
    private var frames: [Frame] = []
    private var nodesLeft = 0

    // MARK: While the query is evaluated

    /// A node is evaluated from here to the `end` that gets the result of this.
    func begin(_ place: Range<Int>, steps: Int = 0) -> Int {
        frames.append(Frame(place: place, steps: steps, began: .now))
        return frames.count
    }

    /// - Parameter series: how many came of it; nil if that says somebody else, or nobody.
    func end(_ mark: Int, series: Int? = nil) {
        assert(frames.count == mark, "what is begun last ends first")
        // In a server a wrong figure in a plan is better than no answer.
        if frames.count > mark { frames.removeLast(frames.count - mark) }
        guard let frame = frames.popLast() else { return }
        let time = ContinuousClock.now - frame.began
        let isInner = frames.last?.place == frame.place
        if let last = frames.indices.last {
            frames[last].below += time
            // A node that is evaluated at one step for all of them.
            if isInner, frame.steps > 0 { frames[last].steps = frame.steps }
        }
        var record = records[frame.place] ?? Record()
        record.own += time - frame.below
        if !isInner {
            record.total += time
            record.evaluations += 1
            record.steps += frame.steps
        }
        if let series { record.series = series }
        records[frame.place] = record
    }

    func note(_ text: String, at place: Range<Int>) {
        var record = records[place] ?? Record()
        if !record.notes.contains(text) { record.notes.append(text) }
        records[place] = record
    }

    func read(_ selection: SeriesSelection, at place: Range<Int>) -> Reading {
        var record = records[place] ?? Record()
        if record.reads > 0 { note("read again sample by sample: statistics could not serve", at: place) }
        record.notes = records[place]?.notes ?? []
        record.reads += 1
        record.selection = record.selection ?? selection
        records[place] = record
        return record.reading
    }

    // MARK: Afterwards

    func plan(of expression: PromQLExpression, in query: String) -> QueryPlan {
        nodesLeft = Self.maximumNodes
        return node(expression, Array(query.utf8), depth: 1)
    }

    private func node(_ expression: PromQLExpression, _ query: [UInt8], depth: Int) -> QueryPlan {
        nodesLeft -= 1
        let record = records[expression.range] ?? Record()
        var children: [QueryPlan] = []
        let all = expression.children
        for child in all where nodesLeft > 0 && depth < Self.maximumDepth {
            children.append(node(child, query, depth: depth + 1))
        }
        let selection = record.selection.map { record.reading.plan($0, reads: record.reads) }
        return QueryPlan(
            text: Self.text(expression.range, in: query), kind: expression.kind, notes: record.notes,
            selection: selection, evaluations: record.evaluations, steps: record.steps,
            series: record.series, samples: children.reduce(selection?.samples ?? 0) { $0 + $1.samples },
            ownTime: record.own, totalTime: record.total, children: children,
            omittedChildren: all.count - children.count)
    }

    private static func text(_ range: Range<Int>, in query: [UInt8]) -> String {
        let bytes = query[range.clamped(to: 0..<query.count)]
        guard bytes.count > maximumTextBytes else { return String(decoding: bytes, as: UTF8.self) }
        // Not within a character.
        var end = bytes.startIndex + maximumTextBytes
        while end > bytes.startIndex, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return String(decoding: bytes[..<end], as: UTF8.self) + "…"
    }
}

extension PromQLExpression {
    fileprivate var kind: QueryPlan.Kind {
        switch node {
        case .number: .number
        case .string: .string
        case .selector: .selector
        case .matrix: .matrixSelector
        case .subquery: .subquery
        case .negation: .negation
        case .plus: .plus
        case .binary: .binary
        case .call: .function
        case .aggregation: .aggregation
        case .parentheses: .parentheses
        }
    }
}
