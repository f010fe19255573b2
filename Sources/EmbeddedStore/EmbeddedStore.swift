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
        var events: [OperationalEvent] = []
        /// Taken out of the head's way, not yet in blocks.
        var leaving: LeavingWindows?
        /// Ascending by the offset through which they hold their windows: later ones win.
        var blocks: [Block] = []
        /// Per two-hour window: the offset through which blocks have it.
        var flushedThrough: [Int64: Int64] = [:]
        var counts = StoreCounts()
    }

    /// What the log must keep for a window of the head, and since when.
    struct WindowState: Sendable {
        var firstOffset: Int64
        /// When its first sample arrived, milliseconds since 1970-01-01T00:00:00Z.
        let openedAt: Int64
    }

    /// Windows on their way into blocks; their samples wait in the head's shards.
    struct LeavingWindows: Sendable {
        let windows: Set<Int64>
        let events: [OperationalEvent]
        /// The oldest log offset whose samples are in here.
        let firstOffset: Int64
        /// The offset through which these windows are complete.
        let through: Int64
    }

    let folder: String
    let files: any StoreFiles
    let head = Head()
    let state: Mutex<State>
    let labelCache: BlockLabelCache
    let tombstones: Tombstones
    /// Held by whoever moves samples out of the head or removes them from it.
    let flushTurn = Mutex(())
    /// Held by whoever replaces blocks.
    let compactionTurn = Mutex(())
    /// Blocks that could not be opened at start, with the reason; they were set aside under another name.
    package let damagedBlocks: [(file: String, reason: String)]

    /// Opens the blocks in `dataFolder` (made if missing) and removes what an interrupted flush or compaction left.
    ///
    /// - Throws: `FileError` if a folder cannot be read or written; a damaged block is no error but in `damagedBlocks`.
    package init(dataFolder: String, files: any StoreFiles = DiskFiles()) throws {
        folder = "\(dataFolder)/\(BlockName.folder)"
        self.files = files
        labelCache = BlockLabelCache(byteLimit: EmbeddedStore.labelCacheBytes)
        if !files.exists(folder) {
            try files.makeFolder(folder)
            try files.syncFolder(dataFolder)
        }
        tombstones = try Tombstones(folder: dataFolder)
        let opened = try BlockFolder.open(folder, files: files, cache: labelCache)
        var initial = State()
        for block in opened.blocks { initial.add(block) }
        state = Mutex(initial)
        damagedBlocks = opened.damaged
    }

    /// Bound on what is kept of all blocks' labels in memory.
    static let labelCacheBytes = 64 << 20

    /// The number of the series with these labels, made if there is none. Valid for the life of this object.
    package func id(for labels: LabelSet) -> StoredSeriesID { head.id(for: labels) }

    /// The greatest log offset that a block claims to hold, or a delete to cover; 0 without any. The log must go on after it:
    /// one that was restored from a backup may end before.
    package var newestBlockOffset: Int64 {
        max(state.withLock { $0.blocks.map(\.name.through).max() ?? 0 }, tombstones.all.map(\.offset).max() ?? 0)
    }
}

/// What the store did since the process began.
package struct StoreCounts: Sendable {
    /// Samples taken into the head, duplicates not counted.
    package var headSamples = 0
    /// Samples whose value was replaced by a later one of the same timestamp.
    package var replacedValues = 0
    /// Samples before their series' newest one when they came.
    package var lateSamples = 0
}

extension EmbeddedStore.State {
    mutating func add(_ block: Block) {
        let position = blocks.partitioningIndex { $0.name > block.name }
        blocks.insert(block, at: position)
        for (window, through) in block.windowsThrough {
            flushedThrough[window] = max(flushedThrough[window] ?? .min, through)
        }
    }
}
