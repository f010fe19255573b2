import Synchronization
import TelemetryModel

/// Letting go of what is older than it is to be kept.
extension EmbeddedStore {
    /// What one sweep removed.
    package struct RetentionReport: Sendable {
        package var removedBlocks: [String] = []
        package var rewrittenBlocks: [String] = []
        package var writtenRollups: [String] = []
        package var removedRollups: [String] = []

        package var isEmpty: Bool {
            removedBlocks.isEmpty && rewrittenBlocks.isEmpty && writtenRollups.isEmpty && removedRollups.isEmpty
        }
    }

    /// Removes blocks and rollups of which nothing is to be kept, and rewrites those that have many series that are not. Before
    /// samples go, their summaries are made, if the tiers are kept for longer. Exemplars have a retention of their own
    /// (`expireExemplars`).
    ///
    /// - Parameters: as of `compactNext`.
    package func sweepRetention(now: Int64, isCancelled: () -> Bool = { false }) throws -> RetentionReport {
        do {
            return try sweepOnce(now: now, isCancelled)
        } catch let damage as BlockDamage {
            // The next sweep goes on with what can be read.
            try salvage(damage)
            throw damage
        }
    }

    private func sweepOnce(now: Int64, _ isCancelled: () -> Bool) throws -> RetentionReport {
        try compactionTurn.withLock { _ in
            var report = RetentionReport()
            let days = Dictionary(grouping: state.withLock { $0.blocks }) { BlockTime.dayStart(of: $0.name.from) }
            for (day, blocks) in days.sorted(by: { $0.key < $1.key }) {
                let verdicts = try blocks.map { try retention.samples.verdict(on: $0, now: now) }
                guard verdicts.contains(where: { $0 != .keep }), day + BlockTime.day <= now else { continue }
                try rollUp(day, blocks, now: now, &report, isCancelled)
                if verdicts.allSatisfy({ $0 == .remove }) {
                    state.withLock { $0.remove(blocks) }
                    for block in blocks { block.retire() }
                    report.removedBlocks += blocks.map(\.name.fileName)
                } else {
                    try rewrite(day, blocks, now: now, isCancelled)
                    report.rewrittenBlocks += blocks.map(\.name.fileName)
                }
            }
            try removeExpiredRollups(now: now, &report)
            return report
        }
    }

    private func rollUp(
        _ day: Int64, _ blocks: [Block], now: Int64, _ report: inout RetentionReport, _ isCancelled: () -> Bool
    ) throws {
        guard !retention.tiers.isEmpty else { return }
        let (rollups, tombstones) = state.withLock { ($0.rollups, $0.tombstones) }
        for block in blocks { try block.delete(tombstones) }
        let sweep = RetentionSweep(
            files: files, dataFolder: dataFolder, samples: retention.samples, tiers: retention.tiers)
        let outcome = try sweep.rollUp(
            day: day, blocks, rollups: rollups.mapValues { $0.filter { $0.name.from == day } },
            deletedThrough: tombstones.map(\.id).max() ?? 0, now: now
        ) { _ in
            if isCancelled() { throw CancellationError() }
        }
        for (tier, names) in outcome.removed {
            state.withLock { state in state.rollups[tier]?.removeAll { names.contains($0.name) } }
        }
        for (tier, name) in outcome.written {
            let block = try Block(
                files: files, folder: "\(dataFolder)/\(tier.folder)", name: name, cache: labelCache)
            try block.delete(state.withLock { $0.tombstones })
            state.withLock { state in state.rollups[tier, default: []].append(block) }
            report.writtenRollups.append("\(tier.folder)/\(name.fileName)")
        }
    }

    private func rewrite(_ day: Int64, _ blocks: [Block], now: Int64, _ isCancelled: () -> Bool) throws {
        let ofDay = candidates(now: now) { _ in true }.filter { candidate in
            blocks.contains { $0.name == candidate.name }
        }
        guard let job = CompactionPlan().nextJob(ofDay, now: now) else { return }
        let end = day + BlockTime.day
        _ = try run(
            job, keeps: { !self.retention.samples.isExpired($0, before: end, now: now) }, isCancelled: isCancelled)
    }

    private func removeExpiredRollups(now: Int64, _ report: inout RetentionReport) throws {
        for (tier, blocks) in state.withLock({ $0.rollups }) {
            guard let kept = retention.tiers[tier] else { continue }
            for block in blocks where try kept.verdict(on: block, now: now) == .remove {
                state.withLock { state in state.rollups[tier]?.removeAll { $0 === block } }
                block.retire()
                report.removedRollups.append("\(tier.folder)/\(block.name.fileName)")
            }
        }
    }
}
