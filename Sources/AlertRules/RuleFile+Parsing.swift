import PromQLSyntax
import TelemetryModel
import Yams

extension RuleFile {
    /// Reads the text of a rule file and checks all of it.
    ///
    /// - Parameter path: how the file is called in errors and in the groups' identity; nothing is opened here.
    /// - Throws: everything that is wrong, each with line and column. Text that is no YAML at all is one error.
    package static func parse(_ text: String, path: String) throws(RuleFileErrors) -> RuleFile {
        var reader = RuleFileReader(text: text, path: path)
        let groups = reader.groups()
        guard reader.errors.isEmpty else {
            throw RuleFileErrors(reader.errors.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
        }
        return RuleFile(path: path, groups: groups)
    }
}

/// Walks the YAML tree, collecting what is wrong.
struct RuleFileReader {
    static let fileKeys = ["groups"]
    static let groupKeys = ["name", "interval", "limit", "query_offset", "labels", "rules"]
    static let ruleKeys = ["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"]

    let text: String
    let path: String
    let lines: RuleFileLines
    var errors: [RuleFileError] = []

    init(text: String, path: String) {
        self.text = text
        self.path = path
        self.lines = RuleFileLines(text)
    }

    mutating func groups() -> [RuleGroup] {
        let root: Node?
        do {
            // Yams reads through a pointer that short strings, which Swift keeps inline, do not lend for long enough.
            root = try Yams.compose(yaml: text.utf8.count > 15 ? text : text + "\n#               \n")
        } catch {
            errors.append(yamlError(error))
            return []
        }
        guard let root,
            let file = mapping(root, key: "the rule file", place: "the rule file", keys: RuleFileReader.fileKeys),
            let list = file["groups"], let nodes = sequence(list, key: "groups")
        else { return [] }
        var names: Set<String> = []
        return nodes.compactMap { node in
            guard let group = group(node) else { return nil }
            if !names.insert(group.name).inserted { report(.duplicateGroup(group.name), at: node) }
            return group
        }
    }

    private mutating func group(_ node: Node) -> RuleGroup? {
        guard let fields = mapping(node, key: "groups", place: "a group", keys: RuleFileReader.groupKeys) else {
            return nil
        }
        let name = required("name", in: fields, of: node, place: "a group")
        let interval = fields["interval"].flatMap { duration($0, key: "interval") }
        let limit = fields["limit"].flatMap { wholeNumber($0, key: "limit") } ?? 0
        let offset = fields["query_offset"].flatMap { duration($0, key: "query_offset") }
        let labels = fields["labels"].map { pairs($0, key: "labels", areLabels: true) } ?? []
        let rules = fields["rules"].flatMap { sequence($0, key: "rules") } ?? []
        return RuleGroup(
            name: name?.string ?? "", file: path, intervalMilliseconds: interval.flatMap { $0 > 0 ? $0 : nil },
            limit: limit, queryOffsetMilliseconds: offset,
            rules: rules.compactMap { rule($0, groupLabels: labels) })
    }

    private mutating func rule(_ node: Node, groupLabels: [NamedScalar]) -> Rule? {
        guard let fields = mapping(node, key: "rules", place: "a rule", keys: RuleFileReader.ruleKeys) else {
            return nil
        }
        let record = fields["record"].flatMap { scalar($0, key: "record") }.flatMap { $0.string.isEmpty ? nil : $0 }
        let alert = fields["alert"].flatMap { scalar($0, key: "alert") }.flatMap { $0.string.isEmpty ? nil : $0 }
        let expression = expression(in: fields, of: node)
        let own = fields["labels"].map { pairs($0, key: "labels", areLabels: true) } ?? []
        let labels = groupLabels.filter { inherited in !own.contains { $0.name == inherited.name } } + own
        switch (record, alert) {
        case (.some, .some): report(.recordAndAlert, at: node)
        case (nil, nil): report(.neitherRecordNorAlert, at: node)
        case (let record?, nil):
            for key in ["for", "keep_firing_for", "annotations"] {
                if let misplaced = fields[key] { report(.notForRecordingRules(key: key), at: misplaced) }
            }
            if record.string.contains(where: { $0 == "{" || $0 == "}" }) {
                report(.invalidMetricName(record.string), at: .scalar(record))
            }
            let fixed = labels.map { RecordingRule.FixedLabel(name: $0.name, value: $0.value.string) }
            return .recording(
                RecordingRule(
                    name: record.string, expression: expression ?? "",
                    labels: fixed.sorted { $0.name.isOrderedBeforeByBytes($1.name) }))
        case (nil, let alert?):
            let hold = fields["for"].flatMap { duration($0, key: "for") } ?? 0
            let keepFiring = fields["keep_firing_for"].flatMap { duration($0, key: "keep_firing_for") } ?? 0
            let annotations = fields["annotations"].map { pairs($0, key: "annotations", areLabels: false) } ?? []
            return .alerting(
                AlertingRule(
                    name: alert.string, expression: expression ?? "", holdMilliseconds: hold,
                    keepFiringMilliseconds: keepFiring, labels: templates(labels), annotations: templates(annotations)))
        }
        return nil
    }

    private mutating func expression(in fields: [String: Node], of rule: Node) -> String? {
        guard let scalar = required("expr", in: fields, of: rule, place: "a rule") else { return nil }
        do throws(PromQLSyntaxError) {
            let parsed = try PromQLParser.parse(scalar.string)
            guard parsed.type == .scalar || parsed.type == .instantVector else {
                let reason =
                    "a rule needs an instant vector or a scalar, but this is a \(parsed.type.rawValue)"
                    + (parsed.type == .rangeVector ? "; put it in a function such as rate()" : "")
                report(.invalidExpression(reason: reason), at: .scalar(scalar))
                return nil
            }
            return scalar.string
        } catch {
            let offset = Substring(scalar.string.utf8.prefix(error.range.lowerBound)).unicodeScalars.count
            report(.invalidExpression(reason: error.message), atOffset: offset, of: scalar)
            return nil
        }
    }

    private mutating func templates(_ pairs: [NamedScalar]) -> [TemplatedText] {
        pairs.sorted { $0.name.isOrderedBeforeByBytes($1.name) }.compactMap { pair in
            do throws(AlertTemplate.SyntaxError) {
                return TemplatedText(name: pair.name, template: try AlertTemplate(pair.value.string))
            } catch {
                let problem = RuleFileError.Problem.invalidTemplate(name: pair.name, reason: error.reason)
                report(problem, atOffset: error.offset, of: pair.value)
                return nil
            }
        }
    }
}
