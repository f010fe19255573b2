import ConfigurationYAML
import LabelPattern
package import Yams

extension RelabelRule {
    static let keys = [
        "source_labels", "separator", "target_label", "regex", "modulus", "replacement", "action",
    ]

    /// Reads one rule. The checks, and what is allowed with which action, are Prometheus'.
    package init(yaml node: Node) throws(RelabelError) {
        let fields = try ConfigurationFields(node, place: "a relabelling rule", keys: RelabelRule.keys)
        let action = try RelabelRule.action(fields)
        try RelabelRule.checkFields(fields, of: action)
        self.action = action
        sourceLabels = try RelabelRule.sourceLabels(fields)
        separator = try fields.text("separator") ?? RelabelRule.defaultSeparator
        let regex = try fields.text("regex") ?? RelabelRule.defaultPattern
        do {
            pattern = try LabelPattern(regex)
        } catch {
            throw RelabelError(at: fields["regex"], "`regex`: \(error)")
        }
        hasDefaultPattern = regex == RelabelRule.defaultPattern
        modulus = try fields.wholeNumber("modulus", in: 0...UInt64.max) ?? 0
        targetLabel = try fields.text("target_label") ?? ""
        replacement = try fields.text("replacement") ?? RelabelRule.defaultReplacement
        try checkTarget(fields)
        if action == .hashmod, modulus == 0 {
            throw RelabelError(at: fields["modulus"] ?? node, "the action hashmod needs a `modulus` above 0")
        }
    }

    /// Reads a list of rules.
    package static func rules(yaml node: Node, key: String) throws(RelabelError) -> [RelabelRule] {
        if node.null != nil { return [] }
        guard case .sequence(let list) = node else {
            throw RelabelError(at: node, "`\(key)` is a list of relabelling rules, but this is \(node.inWords)")
        }
        var rules: [RelabelRule] = []
        for node in list { rules.append(try RelabelRule(yaml: node)) }
        return rules
    }

    private static func action(_ fields: ConfigurationFields) throws(RelabelError) -> RelabelAction {
        guard let text = try fields.text("action") else { return .replace }
        guard let action = RelabelAction(rawValue: text.lowercased()) else {
            let known = RelabelAction.allCases.map(\.rawValue).joined(separator: ", ")
            throw RelabelError(
                at: fields["action"], "there is no action `\(text.prefix(80))`; expected one of \(known)")
        }
        return action
    }

    private static func sourceLabels(_ fields: ConfigurationFields) throws(RelabelError) -> [String] {
        var names: [String] = []
        for node in try fields.list("source_labels") ?? [] {
            let name = try node.text(of: "source_labels")
            guard !name.isEmpty else { throw RelabelError(at: node, "`source_labels` holds an empty name of a label") }
            names.append(name)
        }
        return names
    }

    /// Fields that mean nothing for the action are refused where Prometheus does: whoever wrote them expects something else.
    private static func checkFields(_ fields: ConfigurationFields, of action: RelabelAction) throws(RelabelError) {
        /// Only a value other than the default counts as given.
        func isGiven(_ key: String, _ standard: String) throws(RelabelError) -> Bool {
            guard fields[key] != nil else { return false }
            return key == "source_labels" ? true : try fields.text(key) != standard
        }
        let standards = [
            "source_labels": "", "separator": defaultSeparator, "target_label": "", "regex": defaultPattern,
            "modulus": "0",
            "replacement": defaultReplacement,
        ]
        let allowed: [String]
        switch action {
        case .keepequal, .dropequal: allowed = ["source_labels", "target_label"]
        case .labeldrop, .labelkeep: allowed = ["regex"]
        case .lowercase, .uppercase: allowed = ["source_labels", "target_label", "regex", "separator", "modulus"]
        default: return
        }
        for key in keys where key != "action" && !allowed.contains(key) {
            guard try isGiven(key, standards[key] ?? "") else { continue }
            let list = allowed.map { "`\($0)`" }.joined(separator: allowed.count > 2 ? ", " : " and ")
            throw RelabelError(
                at: fields.keyNode(key), "the action \(action.rawValue) has no use for `\(key)`: it takes \(list)")
        }
    }

    private func checkTarget(_ fields: ConfigurationFields) throws(RelabelError) {
        if action.needsTarget, targetLabel.isEmpty {
            throw RelabelError(
                at: fields["target_label"] ?? fields.node, "the action \(action.rawValue) needs a `target_label`")
        }
        if action == .replace, !RelabelRule.isNameTemplate(targetLabel) {
            throw RelabelError(
                at: fields["target_label"], "`\(targetLabel)` is no valid `target_label` for the action replace")
        }
        if action == .labelmap, !RelabelRule.isNameTemplate(replacement) {
            throw RelabelError(
                at: fields["replacement"],
                "`\(replacement)` is no valid `replacement` for the action labelmap, which makes names of labels from it"
            )
        }
    }

    /// Whether a label's name may come of it: texts and references to groups, with no `$` or brace that belongs to neither.
    static func isNameTemplate(_ text: String) -> Bool {
        var rest = text.unicodeScalars[...]
        guard !rest.isEmpty else { return false }
        while let scalar = rest.popFirst() {
            switch scalar {
            case "{", "}": return false
            case "$" where rest.first == "{":
                rest.removeFirst()
                let name = rest.prefix { $0 != "}" }
                guard !name.isEmpty, !name.contains(where: { $0 == "$" || $0 == "{" }), name.endIndex != rest.endIndex
                else { return false }
                rest = rest[name.endIndex...].dropFirst()
            case "$":
                guard let next = rest.first, next != "$", next != "}" else { return false }
            default: break
            }
        }
        return true
    }
}
