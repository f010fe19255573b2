import Foundation
import Synchronization
package import TelemetryModel
import TimeSeriesStore

/// The embedded store: the head in memory, immutable blocks on disk, read as one.
///
/// Appends come from one thread, the processor's; reads from any. What is in the head is not durable here: the log keeps it
/// until it is in a block.
package final class EmbeddedStore: Sendable {
    struct State: Sendable {
        var head = Head()
        /// Taken out of the head, not yet in blocks.
        var detached: DetachedWindows?
        /// Ascending by the offset through which they hold their windows: later ones win.
        var blocks: [Block] = []
        /// Per two-hour window: the offset through which blocks have it.
        var flushedThrough: [Int64: Int64] = [:]
        var replaced = 0
    }

    let folder: String
    let files: any StoreFiles
    let state: Mutex<State>
    /// Blocks that could not be opened at start, with the reason; they were set aside under another name.
    package let damagedBlocks: [(file: String, reason: String)]

    /// Opens the blocks in `folder` (made if missing) and removes what an interrupted flush left.
    package init(dataFolder: String, files: any StoreFiles = DiskFiles()) throws {
        folder = "\(dataFolder)/\(BlockName.folder)"
        self.files = files
        if !files.exists(folder) {
            try files.makeFolder(folder)
            try files.syncFolder(dataFolder)
        }
        var initial = State()
        var damaged: [(file: String, reason: String)] = []
        for file in try files.names(in: folder) {
            if file.hasSuffix(BlockName.temporarySuffix) {
                try files.remove("\(folder)/\(file)")
            } else if let name = BlockName(fileName: file) {
                do {
                    initial.add(try Block(folder: folder, name: name))
                } catch {
                    damaged.append((file, "\(error)"))
                    try files.rename("\(folder)/\(file)", to: "\(folder)/\(file)\(BlockName.damagedSuffix)")
                }
            }
        }
        state = Mutex(initial)
        damagedBlocks = damaged
    }

    /// The number of the series with these labels, made if there is none. Valid for the life of this object.
    package func id(for labels: LabelSet) -> StoredSeriesID {
        state.withLock { $0.head.id(for: labels) }
    }

    /// Appends columns of equal length that came with one log offset. Returns the indices of those that were not new: a
    /// sample of the same series and timestamp was there (of the two values the later one is kept).
    ///
    /// - Parameter isReplay: the offset may be in blocks already; what they have is passed over, and not reported.
    package func append(
        _ ids: [StoredSeriesID], timestamps: [Int64], values: [Double], events: [(index: Int, event: OperationalEvent)],
        offset: Int64, arrivedAt: Int64, isReplay: Bool
    ) -> [Int] {
        state.withLock { state in
            var duplicates: [Int] = []
            var window = Int64.min
            var isInBlock = false
            var passedOver: Set<Int> = []
            for index in ids.indices {
                let time = timestamps[index]
                if window == .min || time < window || time >= window + Head.windowLength {
                    window = Head.window(of: time)
                    isInBlock = isReplay && (state.flushedThrough[window] ?? Int64(0)) >= offset
                    if !isInBlock { state.head.touch(window: window, offset: offset, arrivedAt: arrivedAt) }
                }
                if isInBlock {
                    passedOver.insert(index)
                    continue
                }
                switch state.head.insert(ids[index], time, values[index]) {
                case .stored: break
                case .duplicate: duplicates.append(index)
                case .replaced:
                    duplicates.append(index)
                    state.replaced += 1
                }
            }
            let repeated = Set(duplicates)
            for (index, event) in events where !passedOver.contains(index) && !repeated.contains(index) {
                state.head.append(event)
            }
            return duplicates
        }
    }

    /// The greatest log offset that a block claims to hold; 0 without blocks. The log must go on after it.
    package var newestBlockOffset: Int64 {
        state.withLock { $0.blocks.map(\.name.through).max() ?? 0 }
    }

    package var statistics: StoreStatistics {
        state.withLock { state in
            StoreStatistics(
                series: state.head.series.count, headSamples: state.head.sampleCount, blocks: state.blocks.count,
                windows: state.head.windows.count, replacedValues: state.replaced)
        }
    }
}

package struct StoreStatistics: Sendable {
    package let series: Int
    /// Samples taken into the head since the process began.
    package let headSamples: Int
    package let blocks: Int
    package let windows: Int
    /// Samples whose value was replaced by a later one of the same timestamp.
    package let replacedValues: Int
}

extension EmbeddedStore.State {
    mutating func add(_ block: Block) {
        let position = blocks.partitioningIndex { $0.name.through > block.name.through }
        blocks.insert(block, at: position)
        for window in stride(from: block.name.from, to: block.name.to, by: Int(Head.windowLength)) {
            flushedThrough[window] = max(flushedThrough[window] ?? .min, block.name.through)
        }
    }
}
