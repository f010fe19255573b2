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
        for (sample, value) in found where possible[sample] == nil {
            wrong.append(describe(sample, value, expected: [nil]))
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
        _ doubt: Doubt, _ found: [Sample: Double], _ letters: Set<String>, _ when: String,
        _ sourceLocation: SourceLocation
    ) {
        var isThere = doubt.deadLetters.map(letters.contains)
        // Only samples that no other request has sent can tell.
        isThere += doubt.samples.keys.filter { possible[$0]?.count == 2 && possible[$0]?[0] == nil }
            .map { found[$0] != nil }
        #expect(Set(isThere).count <= 1, "\(when): half a request", sourceLocation: sourceLocation)
    }

    private func foundSamples(_ node: Node) throws -> [Sample: Double] {
        var found: [Sample: Double] = [:]
        for (labels, columns) in try node.samples() {
            #expect(zip(columns.timestamps, columns.timestamps.dropFirst()).allSatisfy(<))
            for (time, value) in zip(columns.timestamps, columns.values) {
                found[Sample(labels: labels, time: time)] = value
            }
        }
        return found
    }

    private func describe(_ sample: Sample, _ value: Double?, expected: [Double?]) -> String {
        let text = { (value: Double?) in value.map { "\($0)" } ?? "nothing" }
        return "\(sample.labels.json) at \(sample.time): \(text(value)), expected \(expected.map(text))"
    }
}
