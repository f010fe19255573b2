/// Why definition files cannot be used: every problem of every file, in the order of the files.
package struct KPIDefinitionError: Error, Equatable, CustomStringConvertible {
    package struct Problem: Hashable, Sendable, CustomStringConvertible {
        /// The file's path as it was given, or the folder's.
        package let path: String
        /// From 1; nil when the file as a whole is meant.
        package let line: Int?
        /// One sentence: what was expected and what came.
        package let message: String

        package var description: String { "\(path):\(line.map { "\($0):" } ?? "") \(message)" }
    }

    package let problems: [Problem]

    /// One problem a line.
    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
