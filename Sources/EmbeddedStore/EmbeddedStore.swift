import Synchronization
package import TelemetryModel
import TimeSeriesStore

/// The embedded store: the head in memory, immutable blocks on disk, read as one.
///
/// Appends come from one thread, the processor's; reads from any; maintenance (flush, compaction, deletion) from any, one of a
/// kind at a time. What is in the head is not durable here: the log keeps it until it is in a block.
package final class EmbeddedStore: Sendable {
    struct State: Sendable {
        /// Two-hour windows that are in the head.
        var windows: [Int64: WindowState] = [:]
        /// Events of those windows.
        var events = RecentEvents()
        /// Taken out of the head's way, not yet in blocks.
        var leaving: LeavingWindows?
        /// Ascending by the offset through which they hold their windows: later ones win.
        var blocks: [Block] = []
        /// When a block was published, or found at start, milliseconds since 1970-01-01T00:00:00Z.
        var knownSince: [BlockName: Int64] = [:]
        /// Files of days whose samples are no longer kept.
        var rollups: [RollupTier: [Block]] = [:]
        /// Deletes that some block, or the log, may still have samples of.
        var tombstones: [Tombstone] = []
        /// Per two-hour window: the offset through which blocks have it.
        var flushedThrough: [Int64: Int64] = [:]
        var counts = StoreCounts()
    }

    /// What the log must keep for a window of the head, and since when.
    struct WindowState: Sendable {
        var firstOffset: Int64
        /// When its first sample arrived, milliseconds since 1970-01-01T00:00:00Z.
        let openedAt: Int64
        /// What came for it, repeated samples included.
        var amount = HeadAmount()
    }

    /// Windows on their way into blocks; their samples wait in the head's shards.
    struct LeavingWindows: Sendable {
        let windows: Set<Int64>
        /// Empty once they are in blocks.
        var events: [OperationalEvent]
        /// The oldest log offset whose samples are in here.
        let firstOffset: Int64
        /// The offset through which these windows are complete.
        let through: Int64
        /// Whether the head's shards have set all of them apart: nothing can be written before.
        var isDetached = false
    }

    private struct DamageListener: Sendable {
        let tell: @Sendable (DamagedBlockReport) -> Void
    }

    let dataFolder: String
    let files: any StoreFiles
    let retention: StoreRetention
    let head = Head()
    let state: Mutex<State>
    let labelCache: BlockLabelCache
    let tombstones: TombstoneDatabase
    let exemplars: ExemplarStore
    /// Held by whoever moves samples out of the head or removes them from it.
    let flushTurn = Mutex(())
    /// Held by whoever replaces blocks.
    let compactionTurn = Mutex(())
    /// Blocks that could not be read since.
    let lateDamage = Mutex<[DamagedBlockReport]>([])
    private let damageListener = Mutex<DamageListener?>(nil)
    /// Blocks that could not be opened at start, with the reason; they were set aside under another name.
    package let damagedBlocks: [(file: String, reason: String)]

    /// Opens the blocks in `dataFolder` (made if missing), removes what an interrupted flush or compaction left, and takes away
    /// what was deleted.
    ///
    /// - Throws: `FileError` if a folder cannot be read or written, a `DatabaseError` if the list of deletes cannot; a damaged
    ///   block is no error but in `damagedBlocks`.
    package init(
        dataFolder: String, files: any StoreFiles = DiskFiles(), retention: StoreRetention = StoreRetention(),
        exemplars limits: ExemplarLimits = ExemplarLimits()
    ) throws {
        self.dataFolder = dataFolder
        self.files = files
        self.retention = retention
        labelCache = BlockLabelCache(byteLimit: EmbeddedStore.labelCacheBytes)
        let folder = "\(dataFolder)/\(BlockName.folder)"
        if !files.exists(folder) {
            try files.makeFolder(folder)
            try files.syncFolder(dataFolder)
        }
        tombstones = try TombstoneDatabase(folder: dataFolder)
        var initial = State()
        initial.tombstones = try tombstones.active()
        exemplars = try ExemplarStore(
            folder: dataFolder, limits: limits, tombstones: try tombstones.receipts().map(\.tombstone))
        let opened = try BlockFolder.open(files: files, folder: folder, cache: labelCache)
        var damaged = opened.damaged
        for block in opened.blocks {
            try block.delete(initial.tombstones)
            initial.add(block, now: .min)
        }
        for tier in RollupTier.allCases where files.exists("\(dataFolder)/\(tier.folder)") {
            let opened = try BlockFolder.open(
                files: files, folder: "\(dataFolder)/\(tier.folder)", cache: labelCache)
            for block in opened.blocks { try block.delete(initial.tombstones) }
            initial.rollups[tier] = opened.blocks
            damaged += opened.damaged
        }
        state = Mutex(initial)
        damagedBlocks = damaged
    }

    /// Who is told of blocks that turn out damaged from now on, on the thread that found them so.
    package func onDamage(_ listener: @escaping @Sendable (DamagedBlockReport) -> Void) {
        damageListener.withLock { $0 = DamageListener(tell: listener) }
    }

    func note(_ report: DamagedBlockReport) {
        lateDamage.withLock { $0.append(report) }
        damageListener.withLock { $0 }?.tell(report)
    }

    var blockFolder: String { "\(dataFolder)/\(BlockName.folder)" }

    /// Bound on what is kept of all blocks' labels in memory.
    static let labelCacheBytes = 64 << 20

    /// The number of the series with these labels, made if there is none. Valid for the life of this object.
    package func id(for labels: LabelSet) -> StoredSeriesID { head.id(for: labels) }

    /// The greatest log offset that a block claims to hold, the exemplars' database has, or a delete covers; 0 without any. The log must go on after it:
    /// one that was restored from a backup may end before.
    package var newestBlockOffset: Int64 {
        let exemplars = exemplars.through
        return state.withLock { state in
            max(exemplars, state.blocks.map(\.name.through).max() ?? 0, state.tombstones.map(\.offset).max() ?? 0)
        }
    }
}

/// What the store did since the process began.
package struct StoreCounts: Sendable {
    /// Samples taken into the head, duplicates not counted.
    package var headSamples = 0
    /// Samples whose value was replaced by a later one of the same timestamp.
    package var replacedValues = 0
    /// New samples that were before the newest of their series and two-hour window when they came.
    package var lateSamples = 0
}

extension EmbeddedStore.State {
    mutating func add(_ block: Block, now: Int64) {
        knownSince[block.name] = now
        let position = blocks.partitioningIndex { $0.name > block.name }
        blocks.insert(block, at: position)
        for (window, through) in block.windowsThrough {
            flushedThrough[window] = max(flushedThrough[window] ?? .min, through)
        }
    }
}
