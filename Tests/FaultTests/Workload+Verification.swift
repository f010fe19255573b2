import IngestLog
import TelemetryModel
import Testing
import TimeSeriesStore

@testable import Processor

extension Workload {
    /// Holds what the node serves against what is known, and settles what was in doubt: what was seen once must stay.
    mutating func verify(_ node: Node, _ when: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        await node.processor.waitUntilVisible()
        let found = try foundSamples(node)
        var wrong: [String] = []
        for (sample, choices) in possible where !choices.contains(found[sample]) {
            wrong.append(describe(sample, found[sample], expected: choices))
        }
        for (sample, content) in found where possible[sample] == nil {
            wrong.append(describe(sample, content, expected: [nil]))
        }
        #expect(
            wrong.isEmpty, "\(when): \(wrong.count) wrong of \(possible.count): \(wrong.prefix(5))",
            sourceLocation: sourceLocation)

        let letters = try node.deadLetters().map { String(decoding: $0.payload, as: UTF8.self) }
        #expect(Set(letters).count == letters.count, "\(when): a dead letter twice", sourceLocation: sourceLocation)
        let doubtfulLetters = doubts.reduce(into: Set<String>()) { $0.formUnion($1.deadLetters) }
        #expect(deadLetters.isSubset(of: letters), "\(when): a dead letter is missing", sourceLocation: sourceLocation)
        #expect(
            deadLetters.union(doubtfulLetters).isSuperset(of: letters), "\(when): an unknown dead letter",
            sourceLocation: sourceLocation)
        for doubt in doubts { verifyWhole(doubt, found, Set(letters), when, sourceLocation) }

        let ledger = node.processor.ledger.snapshot(of: node.log)
        #expect(ledger.isBalanced, "\(when): \(ledger)", sourceLocation: sourceLocation)
        #expect(ledger.pending == 0, "\(when)", sourceLocation: sourceLocation)
        let most = acknowledgedRecords + doubts.reduce(0) { $0 + $1.records }
        #expect(
            (acknowledgedRecords...most).contains(ledger.receivedTotal), "\(when): received records",
            sourceLocation: sourceLocation)
        #expect(ledger.totals.deadLettered == letters.count, "\(when)", sourceLocation: sourceLocation)
        settle(found, deadLetters: Set(letters), received: ledger.receivedTotal)
    }

    /// A request is there as a whole or not at all.
    private func verifyWhole(
        _ doubt: Doubt, _ found: [Sample: Content], _ letters: Set<String>, _ when: String,
        _ sourceLocation: SourceLocation
    ) {
        var isThere = doubt.deadLetters.map(letters.contains)
        // Only samples that no other request has sent can tell.
        isThere += doubt.samples.keys.filter { possible[$0]?.count == 2 && possible[$0]?[0] == nil }
            .map { found[$0] != nil }
        #expect(Set(isThere).count <= 1, "\(when): half a request", sourceLocation: sourceLocation)
    }

    private func foundSamples(_ node: Node) throws -> [Sample: Content] {
        var found: [Sample: Content] = [:]
        for (labels, series) in try node.samples() {
            #expect(zip(series.samples.timestamps, series.samples.timestamps.dropFirst()).allSatisfy(<))
            for (time, content) in series.contents { found[Sample(labels: labels, time: time)] = content }
        }
        return found
    }

    private func describe(_ sample: Sample, _ content: Content?, expected: [Content?]) -> String {
        let text = { (content: Content?) in content.map { "\($0)" } ?? "nothing" }
        return "\(sample.labels.json) at \(sample.time): \(text(content)), expected \(expected.map(text))"
    }
}

extension SelectedSeries {
    /// All samples, in no particular order.
    var contents: [(time: Int64, content: Workload.Content)] {
        let starts = Dictionary(uniqueKeysWithValues: zip(starts.timestamps, starts.starts))
        let numbers = zip(samples.timestamps, samples.values).map { time, value in
            (time, Workload.Content(value: value, start: starts[time]))
        }
        return numbers
            + zip(histograms.timestamps, histograms.histograms).map { time, histogram in
                (time, Workload.Content(histogram: histogram, start: starts[time]))
            }
    }
}
