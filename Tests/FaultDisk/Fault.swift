import CFaultVFS

/// What is done to a file. Raw values are those of the C shim.
package enum DiskOperation: UInt32, CaseIterable, Sendable {
    case read = 0
    case write = 1
    case sync = 2
    case truncate = 3
    case open = 4
    case remove = 5
    case rename = 6
    case syncFolder = 7
    /// Reading through a memory map. Cannot fail by itself; while a fault waits for reads of the file, they are not mapped.
    case map = 8

    /// Whether the disk is another one afterwards: these are the steps between which the power can go.
    package var isChange: Bool { self != .read && self != .open && self != .map }
}

/// What is to go wrong, and when.
package struct Fault: Sendable {
    package enum Effect: Sendable {
        /// EIO.
        case ioError
        /// ENOSPC.
        case noSpace
        /// A write puts down a random part of its bytes and then finds the disk full; on other operations as `noSpace`.
        case shortWrite
        /// The power goes while the operation is under way; afterwards no operation changes anything.
        case powerLoss
    }

    /// Nil: any operation that changes something.
    package var operation: DiskOperation?
    /// Only files whose path ends so.
    package var suffix: String
    /// Which of the operations that match, counted from 1 when the fault is put in place.
    package var nth: Int
    package var effect: Effect
    /// From the nth on, until the faults are cleared; otherwise only the nth.
    package var persists: Bool

    package init(
        _ effect: Effect, at operation: DiskOperation? = nil, suffix: String = "", nth: Int = 1, persists: Bool = false
    ) {
        self.operation = operation
        self.suffix = suffix
        self.nth = nth
        self.effect = effect
        self.persists = persists
    }
}

extension DiskOperation {
    /// What SQLite's unix VFS answers for the error (os_unix.c): a write that ENOSPC cut short is SQLITE_FULL. The extended codes
    /// are arithmetic macros, which are not imported: https://sqlite.org/rescode.html.
    func resultCode(for effect: Fault.Effect) -> Int32 {
        switch self {
        case .read, .map: SQLITE_IOERR | 1 << 8
        case .write: effect == .noSpace || effect == .shortWrite ? SQLITE_FULL : SQLITE_IOERR | 3 << 8
        case .sync: SQLITE_IOERR | 4 << 8
        case .truncate: SQLITE_IOERR | 6 << 8
        case .open: SQLITE_CANTOPEN
        case .remove: SQLITE_IOERR | 10 << 8
        case .rename: SQLITE_IOERR
        case .syncFolder: SQLITE_IOERR | 5 << 8
        }
    }
}
