import ConfigurationYAML
import PromQLSyntax
import Yams

extension RuleFileReader {
    struct NamedScalar {
        let name: String
        let value: Node.Scalar
    }

    /// The fields of a mapping, merge keys (`<<`) resolved; unknown keys are reported. Null stands for no fields. Nil if the
    /// node is something else, which is reported too.
    mutating func mapping(_ node: Node, key: String, place: String, keys: [String]) -> [String: Node]? {
        guard let entries = entries(node, key: key) else { return nil }
        var fields: [String: Node] = [:]
        for (name, value) in entries {
            guard keys.contains(name.string) else {
                let nearest = NearestName.of(name.string, among: keys)
                report(.unknownKey(name.string, place: place, nearest: nearest, known: keys), at: .scalar(name))
                continue
            }
            if fields[name.string] == nil, !RuleFileReader.isNull(value) { fields[name.string] = value }
        }
        return fields
    }

    mutating func sequence(_ node: Node, key: String) -> [Node]? {
        if case .sequence(let sequence) = node { return Array(sequence) }
        report(.wrongShape(key: key, expected: "a list", found: RuleFileReader.kind(of: node)), at: node)
        return nil
    }

    mutating func scalar(_ node: Node, key: String) -> Node.Scalar? {
        if case .scalar(let scalar) = node { return scalar }
        report(.wrongShape(key: key, expected: "a text", found: RuleFileReader.kind(of: node)), at: node)
        return nil
    }

    mutating func required(_ key: String, in fields: [String: Node], of node: Node, place: String) -> Node.Scalar? {
        guard let field = fields[key] else {
            report(.missingKey(key, place: place), at: node)
            return nil
        }
        guard let scalar = scalar(field, key: key) else { return nil }
        guard !scalar.string.isEmpty else {
            report(.missingKey(key, place: place), at: field)
            return nil
        }
        return scalar
    }

    mutating func duration(_ node: Node, key: String) -> Int64? {
        guard let scalar = scalar(node, key: key) else { return nil }
        guard let milliseconds = try? PromQLDuration.parse(scalar.string) else {
            report(.invalidDuration(key: key, text: scalar.string), at: node)
            return nil
        }
        return milliseconds
    }

    mutating func wholeNumber(_ node: Node, key: String) -> Int? {
        guard let scalar = scalar(node, key: key) else { return nil }
        guard let number = Int(scalar.string) else {
            report(.invalidNumber(key: key, text: scalar.string), at: node)
            return nil
        }
        return number
    }

    /// Labels or annotations. Any scalar is taken as its text, null as the empty text.
    mutating func pairs(_ node: Node, key: String, areLabels: Bool) -> [NamedScalar] {
        guard let entries = entries(node, key: key) else { return [] }
        var pairs: [NamedScalar] = []
        for (name, value) in entries where !pairs.contains(where: { $0.name == name.string }) {
            if name.string.isEmpty { report(.invalidLabelName(name.string), at: .scalar(name)) }
            if areLabels && name.string == "__name__" { report(.reservedLabel(name.string), at: .scalar(name)) }
            guard var scalar = scalar(value, key: name.string) else { continue }
            if RuleFileReader.isNull(value) { scalar.string = "" }
            pairs.append(NamedScalar(name: name.string, value: scalar))
        }
        return pairs
    }

    mutating func report(_ problem: RuleFileError.Problem, at node: Node) {
        let mark = node.mark
        errors.append(RuleFileError(file: path, line: mark?.line ?? 1, column: mark?.column ?? 1, problem: problem))
    }

    mutating func report(_ problem: RuleFileError.Problem, atOffset offset: Int, of scalar: Node.Scalar) {
        let (line, column) = lines.position(ofOffset: offset, in: scalar)
        errors.append(RuleFileError(file: path, line: line, column: column, problem: problem))
    }

    func yamlError(_ error: any Error) -> RuleFileError {
        func at(_ mark: Mark, _ problem: RuleFileError.Problem) -> RuleFileError {
            RuleFileError(file: path, line: mark.line, column: mark.column, problem: problem)
        }
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _)?, .parser(_, let problem, let mark, _)?,
            .composer(_, let problem, let mark, _)?:
            return at(mark, .notYAML(reason: problem))
        case .duplicatedKeysInMapping(let duplicates, let context)?:
            return at(context.mark, .duplicateKeys(duplicates))
        case .reader(let problem, let offset, _, _)?:
            let (line, column) = lines.position(ofByte: offset ?? 0)
            return RuleFileError(file: path, line: line, column: column, problem: .notYAML(reason: problem))
        default:
            return RuleFileError(file: path, line: 1, column: 1, problem: .notYAML(reason: "it cannot be read"))
        }
    }

    /// The pairs of a mapping, the node's own before merged ones; an empty list for null.
    private mutating func entries(_ node: Node, key: String) -> [(Node.Scalar, Node)]? {
        if RuleFileReader.isNull(node) { return [] }
        guard case .mapping(let mapping) = node else {
            report(
                .wrongShape(key: key, expected: "a mapping of keys to values", found: RuleFileReader.kind(of: node)),
                at: node)
            return nil
        }
        var own: [(Node.Scalar, Node)] = []
        var merged: [(Node.Scalar, Node)] = []
        for (name, value) in mapping {
            guard case .scalar(let name) = name else {
                report(
                    .wrongShape(key: key, expected: "a mapping with texts as keys", found: "one with other keys"),
                    at: name)
                continue
            }
            guard name.string == "<<" else {
                own.append((name, value))
                continue
            }
            var sources = [value]
            if case .sequence(let list) = value { sources = Array(list) }
            for source in sources {
                guard case .mapping(let mapping) = source else {
                    report(
                        .wrongShape(key: "<<", expected: "a mapping", found: RuleFileReader.kind(of: source)),
                        at: source)
                    continue
                }
                for case (.scalar(let name), let value) in mapping { merged.append((name, value)) }
            }
        }
        return own + merged
    }

    private static func isNull(_ node: Node) -> Bool { node.null != nil }

    private static func kind(of node: Node) -> String {
        switch node {
        case .scalar(let scalar): isNull(node) ? "empty" : "`\(scalar.string.prefix(40))`"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
