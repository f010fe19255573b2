import TelemetryModel

/// Takes the rows of a block's samples and events in order, and puts them into a file whose page size suits them.
///
/// Rows of a few hundred bytes fill large pages best. Rows beyond a page go on in pages of their own, which are full, and
/// leave little unused if pages are small; small files, too, want small pages, as every table takes at least one. So the
/// first rows are held back until there is enough of them to tell. Memory: `stagedByteLimit`.
final class BlockRows {
    private enum Row {
        case timeline(id: Int64, first: Int64, last: Int64, count: Int64, data: [UInt8])
        case chunk(id: Int64, timeline: Int64, seal: UInt16, data: [UInt8])
        case statistics(id: Int64, data: [UInt8])
        case detail(id: Int64, data: [UInt8])
        case event(id: Int64, OperationalEvent)
    }

    private static let stagedByteLimit = 4 << 20
    /// What a file of which the beginning was held back is taken to grow to.
    private static let expectedByteCount = 64 << 20

    private let path: String
    private let file: String
    private var staged: [Row] = []
    private var stagedByteCount = 0
    private var stagedChunkCount = 0
    private var stagedTimelines: [Int64: [UInt8]] = [:]
    private var output: Output?

    /// - Parameter path: of the file to be made; none may be there.
    init(path: String, file: String) {
        self.path = path
        self.file = file
    }

    func insertTimeline(_ id: Int64, first: Int64, last: Int64, count: Int64, data: [UInt8]) throws {
        if output == nil { stagedTimelines[id] = data }
        try put(.timeline(id: id, first: first, last: last, count: count, data: data), byteCount: data.count)
    }

    func insertChunk(_ id: Int64, timeline: Int64, isLast: Bool, data: [UInt8]) throws {
        if output == nil { stagedChunkCount += 1 }
        let seal = Block.seal(ofChunk: id, timeline: timeline, isLast: isLast)
        try put(.chunk(id: id, timeline: timeline, seal: seal, data: data), byteCount: data.count)
    }

    func insertStatistics(_ id: Int64, data: [UInt8]) throws {
        try put(.statistics(id: id, data: data), byteCount: data.count)
    }

    func insertDetail(_ id: Int64, data: [UInt8]) throws {
        try put(.detail(id: id, data: data), byteCount: data.count)
    }

    func insertEvent(_ id: Int64, _ event: OperationalEvent) throws {
        try put(.event(id: id, event), byteCount: 64 * event.labels.labels.count + (event.message ?? "").utf8.count)
    }

    /// Whether the row of this timeline has these bytes.
    func timeline(_ id: Int64, is column: [UInt8]) throws -> Bool {
        if let output { return try output.timeline(id, is: column) }
        return stagedTimelines[id] == column
    }

    /// The file with all rows so far, in an open transaction.
    func database() throws -> BlockDatabase { try opened(isComplete: true).database }

    private func put(_ row: Row, byteCount: Int) throws {
        if let output { return try output.insert(row) }
        staged.append(row)
        stagedByteCount += byteCount + 64
        if stagedByteCount >= BlockRows.stagedByteLimit { _ = try opened(isComplete: false) }
    }

    private func opened(isComplete: Bool) throws -> Output {
        if let output { return output }
        let pageSize = BlockRows.pageSize(
            rowByteCount: stagedByteCount / max(stagedChunkCount, 1),
            fileByteCount: isComplete ? stagedByteCount : BlockRows.expectedByteCount)
        let opened = try Output(path: path, file: file, pageSize: pageSize)
        for row in staged { try opened.insert(row) }
        staged = []
        stagedTimelines = [:]
        output = opened
        return opened
    }

    /// The size of pages that leaves the least unused.
    ///
    /// A page that the next row does not fit in is half a row short of full. Of a row that does not fit in any page, SQLite
    /// keeps between an eighth of a page and a page in the tree, such that the pages it goes on in are full
    /// (https://sqlite.org/fileformat2.html#b_tree_pages); about a quarter of a page is lost per row, by measurement.
    static func pageSize(rowByteCount: Int, fileByteCount: Int) -> Int {
        // Tables that end with a page in part.
        let tableCount = 5
        return [1024, 4096, 16_384, 65_536].min { a, b in
            func lost(_ size: Int) -> Double {
                let row = Double(rowByteCount + 16)
                // Rows differ in size, and long ones leave more: twice what equal rows would leave.
                let perRow = rowByteCount + 64 < size ? row * row / Double(size) : 0.25 * Double(size)
                return perRow / row * Double(fileByteCount) + Double(tableCount * size)
            }
            return lost(a) < lost(b)
        } ?? 4096
    }

    /// The file and its statements.
    private final class Output {
        let database: BlockDatabase
        private let insertTimeline: BlockStatement
        private let insertChunk: BlockStatement
        private let insertStatistics: BlockStatement
        private let insertEvent: BlockStatement
        private let findTimeline: BlockStatement
        /// Most blocks have no such table.
        private var insertDetail: BlockStatement?

        init(path: String, file: String, pageSize: Int) throws {
            database = try BlockDatabase(path: path, file: file, mode: .scratch(pageSize: pageSize))
            try database.execute("PRAGMA application_id = \(BlockSchema.applicationID); BEGIN")
            try database.execute(BlockSchema.tables)
            insertTimeline = try database.prepare("INSERT INTO timeline VALUES (?, ?, ?, ?, ?, ?)")
            insertChunk = try database.prepare("INSERT INTO chunk VALUES (?, ?, ?, ?)")
            insertStatistics = try database.prepare("INSERT INTO statistics VALUES (?, ?)")
            insertEvent = try database.prepare("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
            findTimeline = try database.prepare("SELECT data FROM timeline WHERE id = ?")
        }

        func insert(_ row: Row) throws {
            switch row {
            case .timeline(let id, let first, let last, let count, let data):
                insertTimeline.bind(1, id)
                insertTimeline.bind(2, first)
                insertTimeline.bind(3, last)
                insertTimeline.bind(4, count)
                insertTimeline.bind(5, Block.seal(ofTimeline: id, first, last, count))
                insertTimeline.bind(6, data)
                try insertTimeline.run()
            case .chunk(let id, let timeline, let seal, let data):
                insertChunk.bind(1, id)
                insertChunk.bind(2, timeline)
                insertChunk.bind(3, Int64(Int16(bitPattern: seal)))
                insertChunk.bind(4, data)
                try insertChunk.run()
            case .statistics(let id, let data):
                insertStatistics.bind(1, id)
                insertStatistics.bind(2, data)
                try insertStatistics.run()
            case .detail(let id, let data):
                let insert = try insertDetail ?? makeDetailTable()
                insert.bind(1, id)
                insert.bind(2, data)
                try insert.run()
            case .event(let id, let event): try insert(event, id)
            }
        }

        private func makeDetailTable() throws -> BlockStatement {
            try database.execute(BlockSchema.detailTable)
            let statement = try database.prepare("INSERT INTO detail VALUES (?, ?)")
            insertDetail = statement
            return statement
        }

        private func insert(_ event: OperationalEvent, _ id: Int64) throws {
            let labels = event.labels.json
            insertEvent.bind(1, id)
            insertEvent.bind(2, event.timestamp)
            insertEvent.bind(3, event.severity?.rawValue)
            insertEvent.bind(4, event.labels["source_id"])
            insertEvent.bind(5, event.labels.metricName)
            insertEvent.bind(6, labels)
            // SQLite turns a NaN into NULL by itself.
            insertEvent.bind(7, real: event.value)
            insertEvent.bind(8, event.message)
            insertEvent.bind(9, Block.seal(ofEvent: id, event.timestamp, labels, event.value, event.message))
            try insertEvent.run()
        }

        func timeline(_ id: Int64, is column: [UInt8]) throws -> Bool {
            findTimeline.bind(1, id)
            defer { findTimeline.reset() }
            return try findTimeline.step() && findTimeline.bytes(0).elementsEqual(column)
        }
    }
}

extension BlockStatement {
    /// NULL for nil.
    func bind(_ index: Int32, _ text: String?) {
        if let text { bind(index, text) } else { bindNull(index) }
    }
}
