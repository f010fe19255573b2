import ChunkCodec
import Synchronization
import TelemetryModel
import TimeSeriesStore

/// What a block that turned out damaged cost.
package struct DamagedBlockReport: Sendable {
    package let file: String
    package let reason: String
    /// Of so many samples the store had kept, so many could not be read.
    package let samples: Int
    package let lostSamples: Int
    /// The block with all that could be read; nil if nothing could.
    package let salvagedAs: String?
}

extension EmbeddedStore {
    /// Runs a read. If a block turns out damaged, it is set aside, what is readable of it is kept, and the read runs again.
    func serving<Result>(_ read: () throws -> Result) throws -> Result {
        for _ in 0..<EmbeddedStore.salvageAttempts {
            do {
                return try read()
            } catch let damage as BlockDamage {
                try salvage(damage)
            }
        }
        return try read()
    }

    /// Damaged blocks that one read gets over.
    private static let salvageAttempts = 4

    /// Blocks that were found damaged since the store was opened.
    package var damageReports: [DamagedBlockReport] { lateDamage.withLock { $0 } }

    /// Replaces a block that cannot be read as a whole with one of those of its series that can, and keeps the file under
    /// another name for inspection.
    func salvage(_ damage: BlockDamage) throws {
        try compactionTurn.withLock { _ in
            // Another read may have been here first.
            guard let block = state.withLock({ $0.blocks.first { $0.name.fileName == damage.file } }) else { return }
            try setAside(block, because: damage)
        }
    }

    /// To be called in `compactionTurn`.
    func setAside(_ block: Block, because damage: BlockDamage) throws {
        let salvaged = try? rescue(block)
        // Deletes that the damaged block had not been freed of yet.
        try salvaged?.delete(state.withLock { $0.tombstones })
        state.withLock { state in
            let since = state.knownSince[block.name] ?? .min
            state.remove([block])
            if let salvaged { state.add(salvaged, now: since) }
        }
        try files.rename(block.path, to: block.path + BlockName.damagedSuffix)
        try files.syncFolder(blockFolder)
        note(
            DamagedBlockReport(
                file: block.name.fileName, reason: damage.description, samples: block.sampleCount,
                lostSamples: block.sampleCount - (salvaged?.sampleCount ?? 0), salvagedAs: salvaged?.name.fileName))
    }

    /// A block of the series that can be read.
    ///
    /// - Throws: if not even the list of series can be.
    private func rescue(_ block: Block) throws -> Block {
        let name = BlockName(
            from: block.name.from, to: block.name.to, through: block.name.through, generation: block.name.generation + 1
        )
        var builder = try BlockBuilder(
            files: files, folder: blockFolder, name: name, windowsThrough: block.windowsThrough,
            replaces: [block.name.fileName], deletedThrough: block.deletedThrough, effort: .fast)
        do {
            for id in 0..<block.seriesCount {
                guard let labels = try? block.labels(of: [id]).first else { continue }
                var series: BlockSeries?
                let isRead: Void? = try? block.read([id], in: .all, windows: nil, budget: QueryBudget()) { _, read in
                    series = read
                }
                // A label that was damaged without a trace would break the order; such a series is lost, too.
                if isRead != nil, let series { try? builder.add(labels, series.columns, series.details) }
            }
            let events = (try? block.events(in: .all, limit: block.eventCount, where: { _ in true })) ?? []
            for event in events.reversed() { try builder.add(event) }
            try builder.finish()
            try builder.publish()
            return try Block(files: files, folder: blockFolder, name: name, cache: labelCache)
        } catch {
            builder.discard()
            throw error
        }
    }
}
