/// One thing that is wrong in a rule file, with its place.
package struct RuleFileError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Problem: Sendable, Equatable {
        /// The text is no YAML; the reason is the YAML reader's.
        case notYAML(reason: String)
        case duplicateKeys([String])
        /// `place` says which part of the file ("a group", "the rule file").
        case unknownKey(String, place: String, nearest: String?, known: [String])
        case missingKey(String, place: String)
        case wrongShape(key: String, expected: String, found: String)
        case duplicateGroup(String)
        case invalidDuration(key: String, text: String)
        case invalidNumber(key: String, text: String)
        case recordAndAlert
        case neitherRecordNorAlert
        case notForRecordingRules(key: String)
        case invalidMetricName(String)
        case invalidLabelName(String)
        case reservedLabel(String)
        case invalidExpression(reason: String)
        case invalidTemplate(name: String, reason: String)
    }

    package let file: String
    /// From 1.
    package let line: Int
    /// From 1, in Unicode scalars.
    package let column: Int
    package let problem: Problem

    package init(file: String, line: Int, column: Int, problem: Problem) {
        self.file = file
        self.line = line
        self.column = column
        self.problem = problem
    }

    package var description: String { "\(file):\(line):\(column): \(problem)" }
}

extension RuleFileError.Problem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notYAML(let reason): "the file is not valid YAML: \(reason)"
        case .duplicateKeys(let keys):
            "the key \(keys.map { "`\($0)`" }.joined(separator: ", ")) is given twice in one mapping; keep one"
        case .unknownKey(let key, let place, let nearest, let known):
            "\(place) has no key `\(key)`; "
                + (nearest.map { "did you mean `\($0)`?" } ?? "it may have \(known.joined(separator: ", "))")
        case .missingKey(let key, let place): "\(place) needs the key `\(key)`, and it is missing or empty"
        case .wrongShape(let key, let expected, let found): "`\(key)` must be \(expected), but it is \(found)"
        case .duplicateGroup(let name): "the group name `\(name)` is used twice in this file; give one another name"
        case .invalidDuration(let key, let text):
            "`\(key)` must be a duration such as 30s, 5m or 1h30m, but it is `\(text)`"
        case .invalidNumber(let key, let text): "`\(key)` must be a whole number, but it is `\(text)`"
        case .recordAndAlert: "a rule has either `record` or `alert`, and this one has both; split it in two"
        case .neitherRecordNorAlert: "a rule needs `record` (recording rule) or `alert` (alerting rule)"
        case .notForRecordingRules(let key): "`\(key)` belongs to alerting rules, but this rule has `record`; remove it"
        case .invalidMetricName(let name):
            "`record` must be a metric name, but it is `\(name)`; conditions in braces belong in `expr`"
        case .invalidLabelName(let name): "`\(name)` cannot be a label name"
        case .reservedLabel(let name): "the label `\(name)` cannot be set by a rule"
        case .invalidExpression(let reason): "`expr` is not valid PromQL: \(reason)"
        case .invalidTemplate(let name, let reason): "the template of `\(name)` is not understood: \(reason)"
        }
    }
}

/// All that is wrong in one file, in the order of the file; never empty.
package struct RuleFileErrors: Error, Sendable, Equatable, CustomStringConvertible {
    package let errors: [RuleFileError]

    package init(_ errors: [RuleFileError]) {
        precondition(!errors.isEmpty, "a failure has a cause")
        self.errors = errors
    }

    package var description: String { errors.map(\.description).joined(separator: "\n") }
}
