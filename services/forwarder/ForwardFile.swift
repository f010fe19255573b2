import ConfigurationYAML
import Foundation
import PromQLEngine
import Relabelling
import TimeSeriesStore
import Yams

/// The file that `forward.file` names: `receivers`, a list.
package enum ForwardFile {
    /// Receivers at the most.
    private static let mostReceivers = 64
    private static let keys = [
        "name", "url", "match", "write_relabel_configs", "headers", "bearer_token_file", "own_results", "exemplars",
        "from",
        "max_samples_per_send", "timeout", "metadata_interval",
    ]

    /// - Throws: `ConfigurationFault`, with line and column.
    package static func receivers(in text: String) throws -> [ForwardReceiver] {
        guard let root = try ConfigurationFault.compose(text) else { return [] }
        let file = try ConfigurationFields(root, place: "the file of receivers", keys: ["receivers"])
        let nodes = try file.list("receivers") ?? []
        guard nodes.count <= mostReceivers else {
            throw ConfigurationFault(at: nodes[mostReceivers], "there may be at most \(mostReceivers) receivers")
        }
        var receivers: [ForwardReceiver] = []
        for node in nodes {
            let receiver = try receiver(node)
            guard !receivers.contains(where: { $0.name == receiver.name }) else {
                throw ConfigurationFault(
                    at: node, "the name `\(receiver.name)` is given to two receivers; by it positions are told apart")
            }
            receivers.append(receiver)
        }
        return receivers
    }

    private static func receiver(_ node: Node) throws -> ForwardReceiver {
        let fields = try ConfigurationFields(node, place: "a receiver", keys: keys)
        let url = try fields.requiredText("url")
        guard let parts = URL(string: url), ["http", "https"].contains(parts.scheme ?? ""),
            parts.host()?.isEmpty == false
        else {
            throw ConfigurationFault(
                at: fields["url"],
                "`url` is an address such as https://store.example/api/v1/write, but this is `\(url)`")
        }
        var receiver = ForwardReceiver(name: try fields.requiredText("name"), url: url)
        for selector in try fields.texts("match") ?? [] {
            do {
                receiver.selectors.append(try PromQLEngine.matchers(selector))
            } catch {
                throw ConfigurationFault(at: fields["match"], "`match`: `\(selector)` is no selector: \(error)")
            }
        }
        if let rules = fields["write_relabel_configs"] {
            receiver.relabelRules = try RelabelRule.rules(yaml: rules, key: "write_relabel_configs")
        }
        if let headers = fields["headers"] {
            let named = try ConfigurationFields(headers, place: "`headers`", keys: nil)
            for name in named.names {
                receiver.headers.append(.init(name: name, value: try named.text(name) ?? ""))
            }
        }
        receiver.bearerTokenFile = try fields.text("bearer_token_file")
        receiver.sendsOwnResults = try fields.boolean("own_results") ?? true
        receiver.sendsExemplars = try fields.boolean("exemplars") ?? true
        switch try fields.text("from") ?? "end" {
        case "end": break
        case "beginning": receiver.isFromBeginning = true
        case let other:
            throw ConfigurationFault(at: fields["from"], "`from` is `end` or `beginning`, but this is `\(other)`")
        }
        receiver.mostSamples = try fields.wholeNumber("max_samples_per_send", in: 1...100_000) ?? receiver.mostSamples
        if let milliseconds = try fields.duration("timeout") {
            guard milliseconds > 0 else { throw ConfigurationFault(at: fields["timeout"], "`timeout` is above zero") }
            receiver.timeout = .milliseconds(milliseconds)
        }
        if let milliseconds = try fields.duration("metadata_interval") {
            receiver.metadataInterval = milliseconds > 0 ? .milliseconds(milliseconds) : nil
        }
        return receiver
    }
}
