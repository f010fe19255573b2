import Foundation
import PromQLSyntax
import Relabelling
package import TelemetryModel

/// What is fetched and how often, and the labels that its series get. Two targets of a job with the same labels are one.
package struct ScrapeTarget: Sendable, Hashable {
    /// With those that begin with `__`, but for `__meta_`.
    package let allLabels: LabelSet
    /// As found, before relabelling.
    package let discovered: LabelSet
    package let url: String
    package let intervalMilliseconds: Int64
    package let timeoutMilliseconds: Int64

    /// Those of its series.
    package var labels: LabelSet {
        LabelSet(allLabels.labels.filter { !$0.name.hasPrefix(TargetLabel.internalPrefix) })
    }

    package static func == (a: ScrapeTarget, b: ScrapeTarget) -> Bool { a.allLabels == b.allLabels && a.url == b.url }

    package func hash(into hasher: inout Hasher) { hasher.combine(allLabels) }
}

/// What becomes of labels that were discovered.
package enum DiscoveredTarget: Sendable {
    case target(ScrapeTarget)
    /// By a rule of `relabel_configs`; with the labels before.
    case dropped(LabelSet)
    /// What makes no target: why, and the labels before relabelling.
    case invalid(reason: String, LabelSet)
}

extension ScrapeJob {
    /// Puts a target's labels together, as Prometheus does: those discovered, what the job says where they are silent, the
    /// rules, and the address as `instance`.
    package func target(_ own: LabelSet, in group: TargetGroup) -> DiscoveredTarget {
        let discovered = discoveredLabels(own, in: group)
        guard let labels = relabelling.apply(to: discovered), !labels.isEmpty else { return .dropped(discovered) }
        func invalid(_ reason: String) -> DiscoveredTarget { .invalid(reason: reason, discovered) }
        guard let address = labels[TargetLabel.address] else {
            return invalid("it has no address (the label __address__)")
        }
        guard !address.contains("/") else { return invalid("\"\(address)\" is no valid host:port") }
        let scheme = labels[TargetLabel.scheme] ?? ""
        guard scheme == "http" || scheme == "https" else {
            return invalid("__scheme__ is http or https, not \"\(scheme)\"")
        }
        guard let interval = try? PromQLDuration.parse(labels[TargetLabel.interval] ?? ""), interval > 0 else {
            return invalid("__scrape_interval__ is no duration above 0: \"\(labels[TargetLabel.interval] ?? "")\"")
        }
        guard let timeout = try? PromQLDuration.parse(labels[TargetLabel.timeout] ?? ""), timeout > 0,
            timeout <= interval
        else {
            return invalid(
                "__scrape_timeout__ is no duration above 0 and up to the interval: \"\(labels[TargetLabel.timeout] ?? "")\""
            )
        }
        var kept = labels.labels.filter { !$0.name.hasPrefix(TargetLabel.metaPrefix) }
        if labels[TargetLabel.instance] == nil { kept.append(Label(TargetLabel.instance, address)) }
        let all = LabelSet(kept)
        return .target(
            ScrapeTarget(
                allLabels: all, discovered: discovered, url: url(all, scheme: scheme, address: address),
                intervalMilliseconds: interval, timeoutMilliseconds: timeout))
    }

    private func discoveredLabels(_ own: LabelSet, in group: TargetGroup) -> LabelSet {
        var values: [String: String] = [:]
        for label in group.labels.labels { values[label.name] = label.value }
        for label in own.labels { values[label.name] = label.value }
        let fromJob: KeyValuePairs = [
            TargetLabel.job: name, TargetLabel.interval: PromQLDuration.format(intervalMilliseconds),
            TargetLabel.timeout: PromQLDuration.format(timeoutMilliseconds), TargetLabel.metricsPath: metricsPath,
            TargetLabel.scheme: scheme,
        ]
        for (name, value) in fromJob where values[name] == nil { values[name] = value }
        for (name, all) in parameters {
            guard let first = all.first, values[TargetLabel.parameterPrefix + name] == nil else { continue }
            values[TargetLabel.parameterPrefix + name] = first
        }
        return LabelSet(values.map { Label($0.key, $0.value) })
    }

    private func url(_ labels: LabelSet, scheme: String, address: String) -> String {
        var query = parameters
        for label in labels.labels where label.name.hasPrefix(TargetLabel.parameterPrefix) {
            let name = String(label.name.dropFirst(TargetLabel.parameterPrefix.count))
            if query[name]?.isEmpty == false { query[name]?[0] = label.value } else { query[name] = [label.value] }
        }
        let pairs = query.sorted { $0.key.isOrderedBeforeByBytes($1.key) }.flatMap { name, values in
            values.map { "\(name.escapedForQuery)=\($0.escapedForQuery)" }
        }
        var path = labels[TargetLabel.metricsPath] ?? ""
        if !path.hasPrefix("/") { path = "/" + path }
        return "\(scheme)://\(address)\(path.escapedForPath)\(pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))"
    }
}

extension String {
    /// RFC 3986's unreserved characters.
    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    /// What a path may hold (RFC 3986, section 3.3).
    private static let pathCharacters = unreserved.union(CharacterSet(charactersIn: "/!$&'()*+,;=:@"))

    fileprivate var escapedForQuery: String { addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? "" }
    fileprivate var escapedForPath: String { addingPercentEncoding(withAllowedCharacters: Self.pathCharacters) ?? "" }
}
