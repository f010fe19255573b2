import ConfigurationYAML
import PromQLEngine
import PromQLSyntax
import Yams

/// Reads files of definitions, strictly: every key must be known, every text must parse. Goes on after a problem, so
/// that one run names all of them.
///
/// A file is a mapping with the one key `kpis`, a list of mappings. Each has `name`, `title`, `unit`, `kind`, perhaps
/// `description`, and the keys of its kind.
struct KPIDefinitionReader {
    private static let sharedKeys = ["name", "title", "description", "unit", "kind"]
    private static let keysOfKind: [(kind: String, required: [String], optional: [String])] = [
        ("presence", ["selector"], ["interval"]),
        ("ratio", ["numerator", "denominator"], []),
        ("quantile", ["selector", "q"], []),
        ("sample_rate", ["selector"], []),
        ("expression", ["per_source", "overall"], []),
    ]
    private static let intervals: ClosedRange<Int64> = 1_000...86_400_000

    private var definitions: [KPIDefinition] = []
    private var places: [String: String] = [:]
    private var problems: [KPIDefinitionError.Problem] = []
    private var path = ""

    /// What has been read, if there was nothing wrong with it.
    func finish() throws(KPIDefinitionError) -> [KPIDefinition] {
        guard problems.isEmpty else { throw KPIDefinitionError(problems: problems) }
        return definitions
    }

    mutating func read(_ text: String, path: String) {
        self.path = path
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            let (line, reason) = Self.explanation(of: error)
            return fail(at: line, "this is not valid YAML: \(reason)")
        }
        guard let root, case .mapping(let file) = root else {
            return fail(root, "expected a mapping with the key \"kpis\", found \(Self.words(for: root))")
        }
        for (key, value) in file {
            guard key.scalar?.string == "kpis" else {
                fail(key, "there is no key \(Self.words(for: key)) here; a file holds the one key \"kpis\"")
                continue
            }
            guard case .sequence(let list) = value else {
                fail(value, "kpis: expected a list of definitions, found \(Self.words(for: value))")
                continue
            }
            for entry in list { readDefinition(entry) }
        }
        if file.isEmpty { fail(root, "expected the key \"kpis\" with a list of definitions, found nothing") }
    }

    private mutating func readDefinition(_ node: Node) {
        guard case .mapping(let mapping) = node else {
            return fail(node, "expected a definition (name: …, kind: …), found \(Self.words(for: node))")
        }
        let before = problems.count
        let kindText = mapping["kind"]?.scalar?.string
        let kind = Self.keysOfKind.first { $0.kind == kindText }
        if mapping["kind"] != nil, kind == nil {
            let kinds = Self.keysOfKind.map(\.kind)
            fail(mapping["kind"], "kind: expected \(Self.list(kinds)), found \(Self.words(for: mapping["kind"]))")
        }
        let known = Self.sharedKeys + (kind.map { $0.required + $0.optional } ?? [])
        for (key, _) in mapping where kind != nil && !known.contains(key.scalar?.string ?? "") {
            let nearest = NearestName.nearest(to: key.scalar?.string ?? "", among: known) ?? ""
            let subject = kindText.map { " of kind \($0)" } ?? ""
            fail(key, "a definition\(subject) has no key \(Self.words(for: key)); the nearest one is \"\(nearest)\"")
        }
        for key in ["name", "title", "unit", "kind"] + (kind?.required ?? []) where mapping[key] == nil {
            fail(node, "the definition lacks the key \"\(key)\"")
        }
        guard let kind, let name = name(mapping), let title = text(mapping, "title"), let unit = unit(mapping),
            let measure = measure(kind.kind, mapping), problems.count == before
        else { return }
        if let first = places[name] { return fail(node, "name: \"\(name)\" is already defined at \(first)") }
        places[name] = "\(path):\(node.mark?.line ?? 1)"
        definitions.append(
            KPIDefinition(
                name: name, title: title, summary: text(mapping, "description") ?? "", unit: unit, measure: measure))
    }

    private mutating func measure(_ kind: String, _ mapping: Node.Mapping) -> KPIMeasure? {
        switch kind {
        case "presence":
            guard let selector = selector(mapping), let interval = interval(mapping) else { return nil }
            return .presence(selector: selector, interval: interval)
        case "ratio":
            guard let numerator = expression(mapping, "numerator", canBeScalar: false),
                let denominator = expression(mapping, "denominator", canBeScalar: false)
            else { return nil }
            return .ratio(numerator: numerator, denominator: denominator)
        case "quantile":
            guard let selector = selector(mapping), let q = quantile(mapping) else { return nil }
            return .quantile(selector: selector, q: q)
        case "sample_rate":
            return selector(mapping).map { .sampleRate(selector: $0) }
        default:
            guard let perSource = expression(mapping, "per_source", canBeScalar: false),
                let overall = expression(mapping, "overall", canBeScalar: true)
            else { return nil }
            return .expression(perSource: perSource, overall: overall)
        }
    }

    // MARK: Values

    private mutating func name(_ mapping: Node.Mapping) -> String? {
        guard let name = text(mapping, "name") else { return nil }
        let isName =
            name.utf8.count <= 64 && name.first?.isLetter == true
            && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        guard isName else {
            fail(
                mapping["name"],
                "name: expected up to 64 of a-z, 0-9 and _, a letter first, found \(Self.words(for: mapping["name"]))")
            return nil
        }
        return name
    }

    private mutating func unit(_ mapping: Node.Mapping) -> KPIDefinition.Unit? {
        guard let node = mapping["unit"] else { return nil }
        guard let unit = node.scalar.flatMap({ KPIDefinition.Unit(rawValue: $0.string) }) else {
            let units = KPIDefinition.Unit.allCases.map(\.rawValue)
            fail(node, "unit: expected \(Self.list(units)), found \(Self.words(for: node))")
            return nil
        }
        return unit
    }

    private mutating func interval(_ mapping: Node.Mapping) -> Int64? {
        guard let node = mapping["interval"] else { return KPIDefinition.defaultInterval }
        guard let text = node.scalar?.string, let interval = try? PromQLDuration.parse(text),
            Self.intervals.contains(interval)
        else {
            fail(node, "interval: expected a duration from 1s to 1d, found \(Self.words(for: node))")
            return nil
        }
        return interval
    }

    private mutating func quantile(_ mapping: Node.Mapping) -> Double? {
        guard let node = mapping["q"] else { return nil }
        guard let q = node.scalar.flatMap({ Double($0.string) }), (0...1).contains(q) else {
            fail(node, "q: expected a number from 0 to 1, found \(Self.words(for: node))")
            return nil
        }
        return q
    }

    private mutating func selector(_ mapping: Node.Mapping) -> String? {
        guard let text = text(mapping, "selector") else { return nil }
        for sample in KPIPlaceholders.samples {
            do {
                _ = try PromQLEngine.matchers(sample.expand(text))
            } catch {
                fail(mapping["selector"], "selector: \(error)")
                return nil
            }
        }
        return text
    }

    private mutating func expression(_ mapping: Node.Mapping, _ key: String, canBeScalar: Bool) -> String? {
        guard let text = text(mapping, key) else { return nil }
        for sample in KPIPlaceholders.samples {
            do {
                let type = try PromQLParser.parse(sample.expand(text)).type
                guard type == .instantVector || (canBeScalar && type == .scalar) else {
                    fail(
                        mapping[key],
                        "\(key): expected an expression that gives an instant vector, not a \(type.rawValue)")
                    return nil
                }
            } catch {
                fail(mapping[key], "\(key): \(error)")
                return nil
            }
        }
        return text
    }

    /// The text of a key that may be absent; an empty or structured value is a problem.
    private mutating func text(_ mapping: Node.Mapping, _ key: String) -> String? {
        guard let node = mapping[key] else { return nil }
        guard let text = node.scalar?.string, !text.isEmpty else {
            fail(node, "\(key): expected a text, found \(Self.words(for: node))")
            return nil
        }
        return text
    }

    // MARK: Problems

    private mutating func fail(_ node: Node?, _ message: String) { fail(at: node?.mark?.line, message) }

    private mutating func fail(at line: Int?, _ message: String) {
        problems.append(.init(path: path, line: line, message: message))
    }

    private static func words(for node: Node?) -> String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : "\"\(scalar.string.prefix(80))\""
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .alias: "an alias"
        case nil: "nothing"
        }
    }

    private static func list(_ words: [String]) -> String {
        words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
    }

    private static func explanation(of error: any Error) -> (line: Int?, reason: String) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            (mark.line, problem)
        case .duplicatedKeysInMapping(let duplicates, let context):
            (context.mark.line, "the key \(duplicates.sorted().joined(separator: ", ")) stands twice in a mapping")
        case .reader(let problem, _, _, _): (nil, problem)
        default: (nil, "it cannot be parsed")
        }
    }
}
