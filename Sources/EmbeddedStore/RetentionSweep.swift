import TelemetryModel

/// Turns samples that are no longer kept into rollups, before they go.
///
/// Steps, so that a crash between any two loses nothing and counts nothing twice: (1) rollups that name one of the day's
/// blocks are left by an interrupted sweep and are removed; (2) rollups of what expires are published; (3) the caller removes
/// the blocks, or rewrites them without what expired. From (3) on no block has a name that a rollup gives.
struct RetentionSweep {
    let files: any StoreFiles
    /// Of the store: blocks and rollups are in folders below.
    let dataFolder: String
    let samples: Retention
    /// Tiers that are written, each with what it keeps.
    let tiers: [RollupTier: Retention]

    /// Sums up the series of a day that expire.
    ///
    /// - Parameters:
    ///   - blocks: all of the day, ascending.
    ///   - rollups: the tiers' files of the day that there are.
    ///   - deletedThrough: the number of the newest tombstone that has been applied to all blocks.
    /// - Returns: by tier, the new files, and which of `rollups` are gone.
    func rollUp(
        day: Int64, _ blocks: [Block], rollups: [RollupTier: [Block]], deletedThrough: Int64, now: Int64,
        step: (BlockMerge.Progress) throws -> Void = { _ in }
    ) throws -> (written: [RollupTier: BlockName], removed: [RollupTier: [BlockName]]) {
        var written: [RollupTier: BlockName] = [:]
        var removed: [RollupTier: [BlockName]] = [:]
        let end = day + BlockTime.day
        for (tier, kept) in tiers.sorted(by: { $0.key.bucket < $1.key.bucket }) {
            let folder = "\(dataFolder)/\(tier.folder)"
            try files.makeFolder(folder)
            let existing = rollups[tier] ?? []
            for rollup in existing where Rollup.isMade(rollup, of: blocks) {
                try files.remove(rollup.path)
                removed[tier, default: []].append(rollup.name)
            }
            if removed[tier] != nil { try files.syncFolder(folder) }
            let through = blocks.map(\.name.through).max() ?? 0
            let generation = existing.filter { $0.name.through == through }.map { $0.name.generation + 1 }.max() ?? 0
            let name = BlockName(from: day, to: end, through: through, generation: generation)
            var windows: [Int64: Int64] = [:]
            for block in blocks { windows.merge(block.windowsThrough) { max($0, $1) } }
            _ = try Rollup.write(
                blocks, tier: tier, files: files, folder: folder, name: name, windowsThrough: windows,
                deletedThrough: deletedThrough,
                keeps: { labels in
                    samples.isExpired(labels, before: end, now: now) && !kept.isExpired(labels, before: end, now: now)
                }, step: step)
            written[tier] = name
        }
        return (written, removed)
    }
}
