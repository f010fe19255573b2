import ChunkCodec
import TelemetryModel
import TimeSeriesStore

/// Rewrites blocks of format 1 (up to version 0.1) as blocks of today's format.
///
/// Format 1 had `series(id, labels)` in order of labels, `chunk(series_id, t_min, …, data)` with both columns in one chunk,
/// `event(t, labels, value, message, …)` and `meta(key, value)` with `format`, `from`, `to`, `through_offset`; a block had all
/// windows of its range through `through_offset`.
enum BlockUpgrade {
    static let upgradableFormat: Int64 = 1

    /// The format that the file says it has.
    ///
    /// - Throws: `BlockDamage` if it says none.
    static func format(folder: String, name: BlockName) throws -> Int64 {
        let database = try BlockDatabase(
            path: "\(folder)/\(name.fileName)", file: name.fileName, mode: .immutable)
        let statement = try database.prepare("SELECT value FROM meta WHERE key = 'format'")
        guard try statement.step() else {
            throw BlockDamage(file: name.fileName, expected: "a format", found: "none")
        }
        return statement.integer(0)
    }

    /// Writes the block anew, publishes that and removes the old one; a crash in between leaves one of them to be served.
    ///
    /// - Returns: the name of the new block.
    static func upgrade(files: any StoreFiles, folder: String, name: BlockName) throws -> BlockName {
        let upgraded = BlockName(
            from: name.from, to: name.to, through: name.through, generation: name.generation + 1)
        let windows = stride(from: name.from, to: name.to, by: Int(BlockTime.window)).map { ($0, name.through) }
        var builder = try BlockBuilder(
            files: files, folder: folder, name: upgraded, windowsThrough: Dictionary(uniqueKeysWithValues: windows),
            replaces: [name.fileName], effort: .best)
        do {
            let old = try BlockDatabase(path: "\(folder)/\(name.fileName)", file: name.fileName, mode: .immutable)
            try copySeries(of: old, to: &builder)
            try copyEvents(of: old, to: &builder)
            try builder.finish()
            try builder.publish()
        } catch {
            builder.discard()
            throw error
        }
        try files.remove("\(folder)/\(name.fileName)")
        try files.syncFolder(folder)
        return upgraded
    }

    private static func copySeries(of old: BlockDatabase, to builder: inout BlockBuilder) throws {
        let series = try old.prepare("SELECT id, labels FROM series ORDER BY id")
        let chunks = try old.prepare("SELECT count, data FROM chunk WHERE series_id = ? ORDER BY t_min")
        while try series.step() {
            guard let labels = LabelSet(json: series.text(1)) else {
                throw BlockDamage(file: old.file, expected: "labels as JSON", found: series.text(1))
            }
            var columns = SampleColumns()
            chunks.bind(1, series.integer(0))
            defer { chunks.reset() }
            while try chunks.step() {
                let before = columns.count
                do {
                    try ChunkCodec.decode(
                        [UInt8](chunks.bytes(1)), intoTimestamps: &columns.timestamps, values: &columns.values)
                } catch {
                    throw BlockDamage(file: old.file, expected: "an intact chunk of \(labels)", found: "\(error)")
                }
                guard columns.count - before == chunks.integer(0) else {
                    throw BlockDamage(
                        file: old.file, expected: "\(chunks.integer(0)) samples in a chunk of \(labels)",
                        found: "\(columns.count - before)")
                }
            }
            // A series without samples was never written, so none is a loss.
            guard !columns.isEmpty else {
                throw BlockDamage(file: old.file, expected: "samples of \(labels)", found: "none")
            }
            do {
                try builder.add(labels, columns)
            } catch let error as BlockBuildError {
                // What cannot be built was not what format 1 wrote.
                throw BlockDamage(file: old.file, expected: error.expected, found: error.found)
            }
        }
    }

    private static func copyEvents(of old: BlockDatabase, to builder: inout BlockBuilder) throws {
        let events = try old.prepare("SELECT t, labels, value, message FROM event ORDER BY t, rowid")
        while try events.step() {
            guard let labels = LabelSet(json: events.text(1)) else {
                throw BlockDamage(file: old.file, expected: "an event's labels as JSON", found: events.text(1))
            }
            try builder.add(
                OperationalEvent(
                    timestamp: events.integer(0), labels: labels, value: events.isNull(2) ? .nan : events.real(2),
                    message: events.isNull(3) ? nil : events.text(3)))
        }
    }
}
