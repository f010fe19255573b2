package import Yams

/// Reading of values. Each returns nil for a key that is absent, and for a value that is not what is expected, which is
/// reported.
extension YAMLReader {
    package mutating func text(_ key: String, in fields: YAMLFields) -> String? {
        guard let node = fields[key] else { return nil }
        return text(node, called: key)
    }

    package mutating func text(_ node: Node, called name: String) -> String? {
        if case .scalar(let scalar) = node { return scalar.string }
        report("`\(name)` must be a text, but it is \(YAMLReader.words(for: node))", at: node)
        return nil
    }

    package mutating func requiredText(_ key: String, in fields: YAMLFields) -> String? {
        guard let node = fields[key] else {
            report("\(fields.place) needs the key `\(key)`, and it is missing or empty", at: fields.node)
            return nil
        }
        return text(node, called: key)
    }

    package mutating func number(_ key: String, in fields: YAMLFields) -> Double? {
        value(key, in: fields, expected: "a number") { text in
            Double(text).flatMap { $0.isNaN ? nil : $0 }
        }
    }

    package mutating func flag(_ key: String, in fields: YAMLFields) -> Bool? {
        value(key, in: fields, expected: "true or false") { ["true": true, "false": false][$0.lowercased()] }
    }

    /// One of a few words.
    package mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, in fields: YAMLFields, of type: Choice.Type = Choice.self
    ) -> Choice? {
        value(key, in: fields, expected: Choice.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")) {
            Choice(rawValue: $0)
        }
    }

    /// What `parse` makes of a text.
    package mutating func value<Value>(
        _ key: String, in fields: YAMLFields, expected: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard let node = fields[key], let text = text(node, called: key) else { return nil }
        if let value = parse(text) { return value }
        report("`\(key)` must be \(expected), but it is \(YAMLReader.words(for: node))", at: node)
        return nil
    }

    /// The elements of a list; nil for something else.
    package mutating func list(_ node: Node, called name: String) -> [Node]? {
        if case .sequence(let sequence) = node { return Array(sequence) }
        report("`\(name)` must be a list, but it is \(YAMLReader.words(for: node))", at: node)
        return nil
    }

    /// The texts of a list, each with its node; a single text stands for a list of one.
    package mutating func texts(_ node: Node, called name: String) -> [(text: String, node: Node)] {
        if case .scalar(let scalar) = node { return [(scalar.string, node)] }
        return (list(node, called: name) ?? []).compactMap { element in
            text(element, called: name).map { ($0, element) }
        }
    }
}
