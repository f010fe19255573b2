import Synchronization
import TelemetryModel

/// Rewriting blocks in the background. Reads and appends go on meanwhile; memory is bound by one series' samples of a day.
extension EmbeddedStore {
    /// What one merge did.
    package struct CompactionReport: Sendable {
        package let inputs: [String]
        package let output: String
        package let inputBytes: Int
        package let outputBytes: Int
        package let samples: Int
        /// Samples that had the timestamp of a later one.
        package let duplicates: Int
        package let expired: Int
    }

    /// Carries out the next merge that is due: a day that is over into one block, late blocks into those that they touch, and
    /// what was deleted out of the files.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970-01-01T00:00:00Z.
    ///   - isCancelled: asked every few thousand samples; a cancelled merge leaves everything as it was.
    /// - Returns: nil if there is nothing to do now.
    /// - Throws: `BlockDamage` if an input cannot be read: it is set aside then, and the next call goes on with
    ///   what of it can; what the
    ///   disk says; `CancellationError`.
    package func compactNext(now: Int64, isCancelled: () -> Bool = { false }) throws -> CompactionReport? {
        try compactionTurn.withLock { _ in
            let candidates = candidates(now: now) { $0.deletions != nil }
            guard let job = CompactionPlan().nextJob(candidates, now: now) else {
                try finishTombstones(now: now)
                return nil
            }
            return try run(job, isCancelled: isCancelled)
        }
    }

    func candidates(now: Int64, isRewriteDue: (Block) -> Bool) -> [CompactionPlan.Candidate] {
        state.withLock { state in
            state.blocks.map { block in
                CompactionPlan.Candidate(
                    name: block.name, windowsThrough: block.windowsThrough, byteCount: block.byteCount,
                    knownSince: state.knownSince[block.name] ?? .min, isRewriteDue: isRewriteDue(block))
            }
        }
    }

    /// To be called in `compactionTurn`.
    func run(
        _ job: CompactionPlan.Job, keeps: (LabelSet) -> Bool = { _ in true }, isCancelled: () -> Bool
    ) throws -> CompactionReport {
        if isCancelled() { throw CancellationError() }
        let (inputs, tombstones) = state.withLock { state in
            (state.blocks.filter { job.inputs.contains($0.name) }, state.tombstones)
        }
        do {
            for block in inputs { try block.delete(tombstones) }
            let (result, report) = try Compaction.run(
                job, inputs: inputs, files: files, folder: blockFolder, cache: labelCache,
                deletedThrough: tombstones.map(\.id).max() ?? 0, keeps: keeps
            ) { _ in
                if isCancelled() { throw CancellationError() }
            }
            try replace(inputs, with: result)
            return CompactionReport(
                inputs: inputs.map(\.name.fileName), output: result.name.fileName,
                inputBytes: inputs.reduce(0) { $0 + $1.byteCount }, outputBytes: result.byteCount,
                samples: report.samples, duplicates: report.duplicates, expired: report.expired)
        } catch let damage as BlockDamage {
            for block in inputs where block.name.fileName == damage.file { try setAside(block, because: damage) }
            throw damage
        }
    }

    /// Puts the result in the inputs' place for queries that begin from now on, and lets go of the inputs: their files go when
    /// the last query has.
    private func replace(_ inputs: [Block], with result: Block) throws {
        while true {
            let tombstones = state.withLock { $0.tombstones }
            // Deletes that came while the merge ran.
            try result.delete(tombstones)
            let isDone = state.withLock { state in
                guard state.tombstones == tombstones else { return false }
                state.remove(inputs)
                state.add(result, now: inputs.compactMap { state.knownSince[$0.name] }.max() ?? .min)
                return true
            }
            if isDone { break }
        }
        for block in inputs { block.retire() }
    }

    /// Forgets deletes that neither a block nor the log can have samples of any more. Their receipts stay.
    private func finishTombstones(now: Int64) throws {
        let ofExemplars = exemplars.firstOffset ?? .max
        let (blocks, rollups, tombstones, oldest) = state.withLock { state in
            let offsets =
                [ofExemplars] + state.windows.values.map(\.firstOffset)
                + (state.leaving.map { [$0.firstOffset] } ?? [])
            return (state.blocks, state.rollups.values.flatMap { $0 }, state.tombstones, offsets.min() ?? .max)
        }
        let done = tombstones.filter { tombstone in
            oldest > tombstone.offset && !(blocks + rollups).contains { tombstone.concerns($0) }
        }
        guard !done.isEmpty else { return }
        try self.tombstones.finish(done.map(\.id), now: now)
        state.withLock { state in state.tombstones.removeAll { done.contains($0) } }
    }
}

extension EmbeddedStore.State {
    mutating func remove(_ gone: [Block]) {
        blocks.removeAll { block in gone.contains { $0 === block } }
        for block in gone { knownSince[block.name] = nil }
    }
}
