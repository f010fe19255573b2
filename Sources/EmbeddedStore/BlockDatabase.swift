import GRDBSQLite

/// A connection to a block's file through SQLite's C interface: rows go from the page into the codec without a copy.
///
/// One thread at a time; `Block` hands connections over under a lock.
final class BlockDatabase: @unchecked Sendable {  // Safe: see above; SQLite's "multi-thread" mode asks for no more.
    enum Mode {
        /// A file that never changes: no locks and no look for a journal (https://sqlite.org/uri.html#uriimmutable).
        case immutable
        /// An empty file that nobody counts on until it is complete.
        case scratch(pageSize: Int)
    }

    let file: String
    private let handle: OpaquePointer

    /// - Parameter file: the name for errors.
    init(path: String, file: String, mode: Mode) throws {
        self.file = file
        var opened: OpaquePointer?
        let flags: Int32
        var address = "file:" + BlockDatabase.escaped(path)
        switch mode {
        case .immutable:
            flags = SQLITE_OPEN_READONLY
            address += "?immutable=1"
        case .scratch: flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        }
        let code = sqlite3_open_v2(address, &opened, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw BlockFileError(file: file, operation: "open", code: code, message: message)
        }
        handle = opened
        sqlite3_extended_result_codes(handle, 1)
        switch mode {
        case .immutable:
            // One transaction for good: otherwise every statement would begin one, and ask the file whether it changed.
            try execute("PRAGMA mmap_size = 2147418112; BEGIN")
        case .scratch(let pageSize):
            // Safe without a journal: until it is renamed, nobody counts on this file.
            try execute(
                """
                PRAGMA page_size = \(pageSize);
                PRAGMA journal_mode = OFF;
                PRAGMA synchronous = OFF;
                PRAGMA locking_mode = EXCLUSIVE;
                PRAGMA cache_size = -8192;
                """)
        }
    }

    // Statements may outlive the connection by a moment: SQLite then closes it after the last of them.
    deinit { sqlite3_close_v2(handle) }

    func execute(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw failure(code, "use") }
    }

    func prepare(_ sql: String) throws -> BlockStatement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw failure(code, "read") }
        return BlockStatement(statement, of: self)
    }

    /// The error for a result code: damage if the content is to blame, else what the environment refused.
    func failure(_ code: Int32, _ operation: String) -> any Error {
        let message = String(cString: sqlite3_errmsg(handle))
        switch code & 0xFF {
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR, SQLITE_SCHEMA, SQLITE_MISMATCH, SQLITE_FORMAT, SQLITE_TOOBIG,
            SQLITE_CONSTRAINT:
            return BlockDamage(file: file, expected: "an intact SQLite database", found: message)
        case SQLITE_IOERR where code == SQLITE_IOERR | (2 << 8) || code == SQLITE_IOERR | (33 << 8):
            // SHORT_READ and CORRUPTFS: the file ends early.
            return BlockDamage(file: file, expected: "all of the database's pages", found: message)
        default: return BlockFileError(file: file, operation: operation, code: code, message: message)
        }
    }

    /// A path as it may stand in a URI (RFC 3986, section 2.3).
    private static func escaped(_ path: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                out.append(byte)
            default: out += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

/// A blob of the row that a statement is at, fetched when it is asked for: a long one continues on other pages.
struct BlockColumn {
    let statement: BlockStatement
    let index: Int32

    /// Valid until the statement's next step.
    var bytes: UnsafeRawBufferPointer { statement.bytes(index) }
}

/// A prepared statement. Columns are those of the row that `step` went to, and valid until the next `step` or `reset`.
final class BlockStatement {
    private let statement: OpaquePointer
    private let database: BlockDatabase

    fileprivate init(_ statement: OpaquePointer, of database: BlockDatabase) {
        self.statement = statement
        self.database = database
    }

    deinit { sqlite3_finalize(statement) }

    // Binding fails for an index that the statement does not have, which is a bug, and for want of memory, which the
    // following step reports.
    func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(statement, index, value) }

    func bind(_ index: Int32, real value: Double) { sqlite3_bind_double(statement, index, value) }

    func bindNull(_ index: Int32) { sqlite3_bind_null(statement, index) }

    func bind(_ index: Int32, _ text: String) {
        sqlite3_bind_text(statement, index, text, Int32(text.utf8.count), BlockStatement.copied)
    }

    func bind(_ index: Int32, text: [UInt8]) {
        text.withUnsafeBytes {
            let bytes = $0.bindMemory(to: CChar.self)
            sqlite3_bind_text(statement, index, bytes.baseAddress, Int32(bytes.count), BlockStatement.copied)
        }
    }

    func bind(_ index: Int32, _ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes {
            sqlite3_bind_blob(statement, index, $0.baseAddress, Int32($0.count), BlockStatement.copied)
        }
    }

    /// Tells SQLite to copy what is bound. The documented value of `SQLITE_TRANSIENT`, a cast that C macros hide from Swift.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    /// True if there is a row.
    @inline(__always)
    func step() throws -> Bool {
        let code = sqlite3_step(statement)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        let error = database.failure(code, "read")
        sqlite3_reset(statement)
        throw error
    }

    func reset() { sqlite3_reset(statement) }

    /// Runs a statement that gives no rows, and makes it ready for the next bindings.
    func run() throws {
        defer { sqlite3_reset(statement) }
        let code = sqlite3_step(statement)
        if code != SQLITE_DONE { throw database.failure(code, "write") }
    }

    /// 0 where the column is NULL or not a number.
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
    func real(_ column: Int32) -> Double { sqlite3_column_double(statement, column) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

    /// Empty where the column is NULL. A copy.
    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    /// The bytes of a text or blob where they lie, in the page unless they continue on others. Valid until the next step.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        // The order matters: the blob's conversion, if any, comes before its length (https://sqlite.org/c3ref/column_blob.html).
        let start = sqlite3_column_blob(statement, column)
        return UnsafeRawBufferPointer(
            start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(statement, column)))
    }
}
