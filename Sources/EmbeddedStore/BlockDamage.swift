/// A block that is not what was written.
package struct BlockDamage: Error, Hashable, CustomStringConvertible {
    package let file: String
    package let expected: String
    package let found: String

    package var description: String {
        "block \(file) is damaged: expected \(expected), found \(found); restore it from a backup"
    }
}

/// A block that could not be built of what was handed to the builder.
package struct BlockBuildError: Error, Hashable, CustomStringConvertible {
    package let file: String
    package let expected: String
    package let found: String

    package var description: String { "cannot build block \(file): expected \(expected), found \(found)" }
}

/// What SQLite could not do with a file for a reason that is not the file's content: no memory, no descriptor, a full disk.
package struct BlockFileError: Error, Hashable, CustomStringConvertible {
    package let file: String
    package let operation: String
    /// SQLite's extended result code (https://sqlite.org/rescode.html).
    package let code: Int32
    package let message: String

    package var description: String { "cannot \(operation) \(file): \(message) (SQLite code \(code))" }
}
