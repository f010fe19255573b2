package import Yams

/// What is wrong in a configuration file, and where.
package struct ConfigurationFault: Error, Hashable, Sendable {
    /// From 1.
    package let line: Int
    /// From 1, in Unicode scalars.
    package let column: Int
    /// What was expected and what came.
    package let message: String

    package init(line: Int, column: Int, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }

    package init(at node: Node?, _ message: String) {
        self.init(line: node?.mark?.line ?? 1, column: node?.mark?.column ?? 1, message: message)
    }
}

extension ConfigurationFault: CustomStringConvertible {
    package var description: String { "line \(line), column \(column): \(message)" }
}

extension ConfigurationFault {
    /// Reads a text as one YAML document; nil if there is nothing in it.
    package static func compose(_ text: String) throws(ConfigurationFault) -> Node? {
        do {
            // Yams reads through a pointer that short strings, which Swift keeps inline, do not lend for long enough.
            return try Yams.compose(yaml: text.utf8.count > 15 ? text : text + "\n#               \n")
        } catch {
            throw ConfigurationFault(reading: error)
        }
    }

    private init(reading error: any Error) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _)?, .parser(_, let problem, let mark, _)?,
            .composer(_, let problem, let mark, _)?:
            self.init(line: mark.line, column: mark.column, message: "this is not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context)?:
            let keys = duplicates.sorted().map { "`\($0)`" }.joined(separator: ", ")
            self.init(
                line: context.mark.line, column: context.mark.column,
                message: "the key \(keys) is given twice in one mapping; keep one")
        case .reader(let problem, _, _, _)?:
            self.init(line: 1, column: 1, message: "this is not valid YAML: \(problem)")
        default: self.init(line: 1, column: 1, message: "this is not valid YAML")
        }
    }
}
