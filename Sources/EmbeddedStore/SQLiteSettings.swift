import CSQLiteSettings

/// How SQLite deals with what all connections of the process share.
package enum SQLiteSettings {
    /// Has SQLite not count its memory. The count is kept under one lock of the process, which every allocation of every
    /// connection takes; threads that read blocks side by side wait for each other there. To be called before the first
    /// connection is opened; afterwards it does nothing (https://www.sqlite.org/c3ref/config.html).
    package static func apply() {
        _ = heliograph_sqlite_without_memory_statistics()
    }
}
