package import ConfigurationYAML
import Foundation
import TelemetryModel
package import Yams

extension TargetGroup {
    /// Reads one element of `static_configs` or of a file in YAML.
    package init(yaml node: Node) throws(ConfigurationFault) {
        let fields = try ConfigurationFields(node, place: "a target group", keys: ["targets", "labels"])
        var addresses: [String] = []
        for node in try fields.list("targets") ?? [] {
            let address = try node.text(of: "targets")
            guard !address.isEmpty, !address.contains("/") else {
                throw ConfigurationFault(
                    at: node, "a target is host:port, without scheme and path, but this is \(node.inWords)")
            }
            addresses.append(address)
        }
        self.init(addresses: addresses, labels: try fields.labels("labels"))
    }

    /// The groups in a file.
    package static func groups(yaml text: String) throws(ConfigurationFault) -> [TargetGroup] {
        guard let root = try ConfigurationFault.compose(text), root.null == nil else { return [] }
        guard case .sequence(let list) = root else {
            throw ConfigurationFault(at: root, "expected a list of target groups, but this is \(root.inWords)")
        }
        var groups: [TargetGroup] = []
        for node in list { groups.append(try TargetGroup(yaml: node)) }
        return groups
    }

    /// The groups in a text that is JSON, which YAML's readers do not take in all its forms.
    package static func groups(json text: String) throws(ConfigurationFault) -> [TargetGroup] {
        struct Group: Decodable {
            var targets: [String]?
            var labels: [String: String]?
        }
        do {
            let groups = try JSONDecoder().decode([Group].self, from: Data(text.utf8))
            return groups.map { group in
                TargetGroup(
                    addresses: group.targets ?? [],
                    labels: LabelSet((group.labels ?? [:]).map { Label($0.key, $0.value) }))
            }
        } catch {
            throw ConfigurationFault(
                line: 1, column: 1,
                message:
                    #"expected a JSON list of target groups, [{"targets": ["host:port"], "labels": {"name": "value"}}]: "#
                    + Self.reason(of: error))
        }
    }

    private static func reason(of error: any Error) -> String {
        switch error as? DecodingError {
        case .dataCorrupted(let context)?: context.debugDescription
        case .typeMismatch(_, let context)?, .valueNotFound(_, let context)?, .keyNotFound(_, let context)?:
            "at \(context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()), "
                + context.debugDescription
        default: "it cannot be read"
        }
    }
}

extension ConfigurationFields {
    /// A mapping of labels' names to values.
    func labels(_ key: String) throws(ConfigurationFault) -> LabelSet {
        guard let node = self[key] else { return .empty }
        let fields = try ConfigurationFields(node, place: "`\(key)`", keys: nil)
        var labels: [Label] = []
        for name in fields.names {
            guard !name.isEmpty, name != LabelSet.metricNameLabel else {
                throw ConfigurationFault(at: fields.keyNode(name), "`\(name)` cannot be the name of a target's label")
            }
            labels.append(Label(name, try fields.text(name) ?? ""))
        }
        return LabelSet(labels)
    }
}
