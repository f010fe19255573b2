/// One thing that is wrong in a YAML file, with its place.
package struct YAMLProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// As the file is called in messages.
    package let file: String
    /// From 1.
    package let line: Int
    /// From 1, in Unicode scalars.
    package let column: Int
    /// One sentence: what was expected, what came, what to do.
    package let message: String

    package init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    package var description: String { "\(file):\(line):\(column): \(message)" }
}

/// All that is wrong in one file, in the order of the file; never empty.
package struct YAMLProblems: Error, Sendable, Equatable, CustomStringConvertible {
    package let problems: [YAMLProblem]

    package init(_ problems: [YAMLProblem]) {
        precondition(!problems.isEmpty, "a failure has a cause")
        self.problems = problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
