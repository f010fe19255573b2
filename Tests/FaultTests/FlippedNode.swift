import EmbeddedStore
import FaultDisk
import Foundation
import IngestLog
import TelemetryModel
import TestSupport
import TimeSeriesStore

@testable import Processor

/// What became of a folder in which one bit was turned over.
enum FlipOutcome: Equatable {
    /// Everything is as it was.
    case unharmed
    /// Something is missing or refused, and it was said what.
    case said(String)
    /// A value that nobody ever sent.
    case wrongValue(String)
    /// Something is missing, or older than what was acknowledged, and nobody said so.
    case silentLoss(String)
    /// Said, but what is whole is not served either.
    case restNotServed(String)

    var isPromiseKept: Bool {
        switch self {
        case .unharmed, .said: true
        case .wrongValue, .silentLoss, .restNotServed: false
        }
    }
}

/// Which file is hit.
enum FlippedFile: String, CaseIterable, Sendable, Codable {
    case logDatabase = "log.sqlite"
    case logWAL = "log.sqlite-wal"
    case block = "blocks/"
}

extension Workload {
    /// Opens the node, takes stock, and works on if it can.
    mutating func outcome(inFolderOf disk: FaultDisk) async -> FlipOutcome {
        let node: Node
        do {
            node = try Node(disk.folder, files: disk.files)
        } catch {
            return .said("not started: \(error)")
        }
        let isVisible = await node.becomesVisible()
        var said = node.warnings + node.store.damagedBlocks.map { "\($0.file): \($0.reason)" }
        var found: [LabelSet: SelectedSeries]?
        // A damaged block may be noticed when it is first read; after that it is out of the way.
        for _ in 0..<3 where found == nil {
            do { found = try node.samples() } catch { said.append("query: \(error)") }
        }
        guard let found else { return .restNotServed(said.joined(separator: "; ")) }
        said = node.warnings + said
        let ledger = node.processor.ledger.snapshot(of: node.log)
        if ledger.accounts.contains(where: { $0.id.sourceID.hasPrefix("(") }) { said.append("ledger") }
        let comparison = compare(found)
        if let wrong = comparison.wrong { return .wrongValue(wrong) }
        // It tries again and again, and says so; blocks are served.
        guard isVisible else { return .said(said.joined(separator: "; ")) }
        let letters = Set((try? node.deadLetters())?.map { String(decoding: $0.payload, as: UTF8.self) } ?? [])
        if !letters.isSubset(of: deadLetters) { return .wrongValue("dead letter") }
        if ledger.receivedTotal > acknowledgedRecords { return .wrongValue("\(ledger.receivedTotal) received") }
        var losses: [String] = []
        if comparison.missing > 0 { losses.append("\(comparison.missing) samples") }
        if letters != deadLetters { losses.append("\(deadLetters.count - letters.count) dead letters") }
        if !ledger.isBalanced { said.append("the ledger is not balanced") }
        if ledger.receivedTotal < acknowledgedRecords { losses.append("received records") }

        do { try await append(to: node) } catch { said.append("\(error)") }
        try? node.stop()
        if !failures.isEmpty { said.append("\(failures)") }
        if !said.isEmpty { return .said(said.joined(separator: "; ")) }
        return losses.isEmpty ? .unharmed : .silentLoss(losses.joined(separator: ", "))
    }

    private func compare(_ found: [LabelSet: SelectedSeries]) -> (wrong: String?, missing: Int) {
        var count = 0
        for (labels, series) in found {
            for (time, content) in series.contents {
                let sample = Sample(labels: labels, time: time)
                if possible[sample]?.contains(content) == true {
                    count += 1
                } else if history[sample]?.contains(content) != true {
                    return ("\(labels.json) at \(time): \(content), expected \(possible[sample] ?? [nil])", 0)
                }
            }
        }
        return (nil, possible.count { $0.value != [nil] } - count)
    }
}
