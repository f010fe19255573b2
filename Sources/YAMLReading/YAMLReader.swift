package import Yams

/// Walks a YAML tree strictly and goes on after a problem, so that one run names all of them.
package struct YAMLReader {
    package let file: String
    package private(set) var problems: [YAMLProblem] = []

    /// - Parameter file: how the file is called in problems; nothing is opened here.
    package init(file: String) { self.file = file }

    /// The tree of a text; nil for one without a document.
    ///
    /// - Throws: `YAMLProblems` if it is no YAML.
    package func document(_ text: String) throws(YAMLProblems) -> Node? {
        do {
            // Yams reads through a pointer that short strings, which Swift keeps inline, do not lend for long enough.
            return try Yams.compose(yaml: text.utf8.count > 15 ? text : text + "\n#               \n")
        } catch {
            throw YAMLProblems([problem(of: error)])
        }
    }

    /// - Throws: all problems so far, if there are any.
    package func finish() throws(YAMLProblems) {
        guard problems.isEmpty else { throw YAMLProblems(problems) }
    }

    package mutating func report(_ message: String, at node: Node) {
        let mark = node.mark
        report(YAMLProblem(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1, message: message))
    }

    package mutating func report(_ problem: YAMLProblem) { problems.append(problem) }

    /// The fields of a mapping; unknown keys are reported. Null stands for no fields. Nil if the node is something else, which
    /// is reported too.
    ///
    /// - Parameter place: what the mapping is, to begin a sentence with ("the stage `drop`").
    package mutating func fields(_ node: Node, of place: String, keys: [String]) -> YAMLFields? {
        if YAMLReader.isNull(node) { return YAMLFields(node: node, place: place, values: [:]) }
        guard case .mapping(let mapping) = node else {
            report("\(place) must be a mapping of keys to values, but it is \(YAMLReader.words(for: node))", at: node)
            return nil
        }
        var values: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string, keys.contains(name) else {
                let nearest = key.scalar.flatMap { NearestName.of($0.string, among: keys) }
                report(
                    "\(place) has no key \(YAMLReader.words(for: key)); "
                        + (nearest.map { "did you mean `\($0)`?" } ?? "it may have \(keys.joined(separator: ", "))"),
                    at: key)
                continue
            }
            if !YAMLReader.isNull(value) { values[name] = value }
        }
        return YAMLFields(node: node, place: place, values: values)
    }

    package static func isNull(_ node: Node) -> Bool { node.null != nil }

    /// What a node is, for the end of a sentence.
    package static func words(for node: Node) -> String {
        switch node {
        case .scalar(let scalar): isNull(node) ? "empty" : "`\(scalar.string.prefix(40))`"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    private func problem(of error: any Error) -> YAMLProblem {
        func at(_ mark: Mark, _ message: String) -> YAMLProblem {
            YAMLProblem(file: file, line: mark.line, column: mark.column, message: message)
        }
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _)?, .parser(_, let problem, let mark, _)?,
            .composer(_, let problem, let mark, _)?:
            return at(mark, "the file is not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context)?:
            let names = duplicates.map { "`\($0)`" }.joined(separator: ", ")
            return at(context.mark, "the key \(names) is given twice in one mapping; keep one")
        default:
            return YAMLProblem(
                file: file, line: 1, column: 1, message: "the file is not valid YAML: it cannot be read as UTF-8 text")
        }
    }
}

/// The fields of one mapping, by key, without those that are null.
package struct YAMLFields {
    package let node: Node
    /// What the mapping is, to begin a sentence with.
    package let place: String
    package let values: [String: Node]

    package subscript(key: String) -> Node? { values[key] }
}
