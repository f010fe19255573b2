import GRDB
package import TimeSeriesStore

/// What was found in a block's file.
package struct BlockFinding: Sendable {
    /// Nil if the file could not be read so far.
    package var range: TimeRange?
    package var series = 0
    package var samples = 0
    package var events = 0
    /// File names of the blocks that this one stands for.
    package var replaces: [String] = []
    /// Written by a version before this one, which rewrites it when it starts; then only SQLite's own check is made.
    package var isOldFormat = false
    /// Nil if every byte is as it was written.
    package var problem: String?
}

/// Checks of the store's files that need no running store and change nothing.
package enum StoreVerification {
    package static let blockFolder = BlockName.folder
    package static let blockSuffix = BlockName.suffix
    package static let temporarySuffix = BlockName.temporarySuffix
    package static let damagedSuffix = BlockName.damagedSuffix

    /// Reads all of a block, or of a file of rollups. Nil if there is no such file (any more): a running store removes blocks
    /// that others have taken the place of.
    package static func verifyBlock(folder: String, file: String) -> BlockFinding? {
        var finding = BlockFinding()
        guard let name = BlockName(fileName: file) else {
            finding.problem = "its name is not that of a block: expected <from>-<to>-<through>.sqlite"
            return finding
        }
        finding.range = name.range
        do {
            if try BlockUpgrade.format(folder: folder, name: name) == BlockUpgrade.upgradableFormat {
                finding.isOldFormat = true
                finding.problem = DatabaseCheck.problems(of: "\(folder)/\(file)").first
                return finding
            }
            let block = try Block(
                files: DiskFiles(), folder: folder, name: name, cache: BlockLabelCache(byteLimit: labelCacheBytes))
            (finding.series, finding.samples, finding.events) = (block.seriesCount, block.sampleCount, block.eventCount)
            finding.replaces = block.replaces
            try block.verify()
        } catch {
            if !DiskFiles().exists("\(folder)/\(file)") { return nil }
            finding.problem = DatabaseCheck.reason(for: error)
        }
        return finding
    }

    private static let labelCacheBytes = 16 << 20

    /// Reads every alert state and waiting notification: how many there are, and a sentence for each that is not as it was
    /// written.
    package static func verifyAlertStates(folder: String) throws -> (records: Int, problems: [String]) {
        let queue = try DatabaseQueue(
            path: "\(folder)/\(AlertStateDatabase.fileName)", configuration: DatabaseCopy.reading)
        defer { try? queue.close() }
        return try queue.read { db in
            let records = try Int.fetchOne(db, sql: "SELECT count(*) FROM record") ?? 0
            // Records of older versions have no checksums.
            let isChecked = try db.columns(in: "record").contains { $0.name == "checksum" }
            return (records, isChecked ? try AlertStateDatabase.check(db) : [])
        }
    }
}
