import Synchronization
import TelemetryModel
import TimeSeriesStore

/// A block's file, open for reading. Immutable and thread-safe; calls block their thread.
///
/// Every reading either gives what was written or throws `BlockDamage`, whatever bits of the file have changed.
final class Block: Sendable {
    /// One name of labels: its values have the label ids `labels`, in order.
    struct LabelName: Sendable {
        let name: String
        let labels: ClosedRange<Int>
    }

    /// Connections kept for the next reader; more are opened while more threads read at once.
    private static let keptConnectionCount = 4

    let name: BlockName
    let path: String
    let byteCount: Int
    let seriesCount: Int
    let sampleCount: Int
    let chunkCount: Int
    let eventCount: Int
    let timelineCount: Int
    let labelCount: Int
    /// Chunks with details, and samples that are histograms.
    let detailCount: Int
    let histogramCount: Int
    /// Two-hour windows of which the block has everything through a log offset.
    let windowsThrough: [Int64: Int64]
    /// File names of the blocks that this one supersedes.
    let replaces: [String]
    let tier: Int64
    /// Deletes with numbers up to this one are already carried out in the file.
    let deletedThrough: Int64
    /// In order of names.
    let names: [LabelName]

    let cache: BlockLabelCache
    private let files: any StoreFiles
    private let connections = Mutex(ConnectionPool())
    private let isRetired = Atomic<Bool>(false)
    private let currentDeletions = Mutex<BlockDeletions?>(nil)

    /// Connections hold statements, which are no values to be shared; they leave the pool for one thread at a time.
    private struct ConnectionPool: @unchecked Sendable {  // Safe: only reached under the mutex.
        var idle: [BlockConnection] = []
    }

    /// Opens a block and checks that it is one of this format and of this name. Reads only its description.
    ///
    /// - Throws: `BlockDamage` if it is not; `BlockFileError` or `FileError` if the file cannot be opened for other reasons.
    init(files: any StoreFiles, folder: String, name: BlockName, cache: BlockLabelCache) throws {
        self.files = files
        self.name = name
        self.cache = cache
        path = "\(folder)/\(name.fileName)"
        byteCount = try files.size(of: path)
        let connection = try BlockConnection(path: path, file: name.fileName)
        let description = try BlockDescription(connection.database, name: name)
        seriesCount = description.count(BlockSchema.Key.series)
        sampleCount = description.count(BlockSchema.Key.samples)
        chunkCount = description.count(BlockSchema.Key.chunks)
        eventCount = description.count(BlockSchema.Key.events)
        timelineCount = description.count(BlockSchema.Key.timelines)
        labelCount = description.count(BlockSchema.Key.labels)
        detailCount = description.count(BlockSchema.Key.details)
        histogramCount = description.count(BlockSchema.Key.histograms)
        deletedThrough = Int64(description.count(BlockSchema.Key.deletedThrough))
        tier = Int64(description.count(BlockSchema.Key.tier))
        windowsThrough = description.windows
        replaces = Block.replaces(json: description.replaces)
        names = try Block.readNames(connection.database, labelCount: labelCount)
        connections.withLock { $0.idle.append(connection) }
    }

    deinit {
        cache.remove(ObjectIdentifier(self))
        // A file that stays in spite of this is superseded by another block, or expired: the next start removes it.
        if isRetired.load(ordering: .acquiring) { try? files.remove(path) }
    }

    var range: TimeRange { name.range }

    /// The file is removed when the last holder of this object lets go of it.
    func retire() { isRetired.store(true, ordering: .releasing) }

    /// Runs `body` with a connection that no other thread uses.
    func withConnection<Result>(_ body: (BlockConnection) throws -> Result) throws -> Result {
        let connection =
            try connections.withLock { $0.idle.popLast() } ?? BlockConnection(path: path, file: name.fileName)
        // After an error the connection, whose statements may be in the middle of something, is not used again.
        let result = try body(connection)
        connections.withLock { pool in
            if pool.idle.count < Block.keptConnectionCount { pool.idle.append(connection) }
        }
        return result
    }

    /// Nil if nothing was deleted, as is mostly so.
    var deletions: BlockDeletions? { currentDeletions.withLock { $0 } }

    /// For `delete`, which one thread at a time calls.
    func replaceDeletions(_ changed: BlockDeletions) { currentDeletions.withLock { $0 = changed } }

    func damage(_ expected: String, _ found: String) -> BlockDamage {
        BlockDamage(file: name.fileName, expected: expected, found: found)
    }

    private static func readNames(_ database: BlockDatabase, labelCount: Int) throws -> [LabelName] {
        let statement = try database.prepare(
            "SELECT id, name, first_label, last_label, series FROM label_name ORDER BY id")
        var names: [LabelName] = []
        var next: Int64 = 0
        while try statement.step() {
            let name = statement.text(1)
            let (first, last) = (statement.integer(2), statement.integer(3))
            guard statement.integer(0) == Int64(names.count), first == next, last >= first, last < Int64(labelCount),
                let (list, seal) = statement.bytes(4).splitSeal(UInt32.self),
                seal == BlockLabelTable.seal(ofLabel: Int64(names.count), name, "\(first)-\(last)", list)
            else {
                throw BlockDamage(
                    file: database.file, expected: "intact label name \(names.count)", found: "another row")
            }
            names.append(LabelName(name: name, labels: Int(first)...Int(last)))
            next = last + 1
        }
        guard next == Int64(labelCount) else {
            throw BlockDamage(file: database.file, expected: "names of \(labelCount) labels", found: "of \(next)")
        }
        return names
    }
}

/// What `meta` and `window` say, checked.
private struct BlockDescription {
    private var numbers: [String: Int64] = [:]
    private(set) var replaces = ""
    private(set) var windows: [Int64: Int64] = [:]

    init(_ database: BlockDatabase, name: BlockName) throws {
        func damage(_ expected: String, _ found: String) -> BlockDamage {
            BlockDamage(file: database.file, expected: expected, found: found)
        }
        let meta = try database.prepare("SELECT key, value FROM meta")
        while try meta.step() {
            let key = meta.text(0)
            if key == BlockSchema.Key.replaces { replaces = meta.text(1) } else { numbers[key] = meta.integer(1) }
        }
        let format = numbers[BlockSchema.Key.format]
        guard format == BlockSchema.formatVersion || format == BlockSchema.detailedFormatVersion else {
            let expected = "format \(BlockSchema.formatVersion) or \(BlockSchema.detailedFormatVersion)"
            throw damage(expected, format.map { "format \($0)" } ?? "none")
        }
        let window = try database.prepare("SELECT start, through FROM window")
        while try window.step() { windows[window.integer(0)] = window.integer(1) }
        let seal = numbers.removeValue(forKey: BlockSchema.Key.seal)
        guard seal == Block.seal(ofMeta: numbers, replaces: replaces, windows: windows) else {
            throw damage("an intact description", "another one")
        }
        let described = BlockName(
            from: numbers[BlockSchema.Key.from] ?? 0, to: numbers[BlockSchema.Key.to] ?? 0,
            through: numbers[BlockSchema.Key.through] ?? 0, generation: numbers[BlockSchema.Key.generation] ?? 0)
        guard described == name else { throw damage("the block that its name says", "that of \(described.fileName)") }
    }

    func count(_ key: String) -> Int { Int(numbers[key] ?? 0) }
}
