import TelemetryModel

/// How the parts of a Graphite path become a metric's name and labels: `servers.<source_id>.<metric>`.
///
/// Parts are separated by points. `<metric>` stands for one part of the metric's name, at the end for all that are left; `<name>`
/// makes the part the value of the label `name`; `*` is any part, which is left out; anything else must be there as it stands
/// and is left out.
package struct GraphiteTemplate: Sendable, Equatable {
    private enum Part: Sendable, Equatable {
        case text(String)
        case any
        case label(String)
        case metric
    }

    private static let metricName = "metric"
    private let parts: [Part]

    /// Nil for what is none: without `<metric>`, with a label twice, or with a name that PromQL would not take.
    package init?(_ text: String) {
        var parts: [Part] = []
        var labels: Set<String> = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            guard !part.isEmpty, !part.contains(where: \.isWhitespace) else { return nil }
            if part == "*" {
                parts.append(.any)
            } else if part.hasPrefix("<"), part.hasSuffix(">") {
                let name = String(part.dropFirst().dropLast())
                if name == GraphiteTemplate.metricName {
                    parts.append(.metric)
                    continue
                }
                guard !name.isEmpty, name == PlainNames.label(name.utf8), !name.hasPrefix("__"),
                    labels.insert(name).inserted
                else { return nil }
                parts.append(.label(name))
            } else {
                guard !part.contains("<"), !part.contains(">"), !part.contains("*") else { return nil }
                parts.append(.text(String(part)))
            }
        }
        guard parts.contains(.metric) else { return nil }
        self.parts = parts
    }

    /// The metric's name and the labels of a path; nil if the template does not fit it.
    func apply(to path: [String]) -> (name: String, labels: [Label])? {
        let isOpen = parts.last == .metric
        guard path.count == parts.count || isOpen && path.count > parts.count else { return nil }
        var name: [String] = []
        var labels: [Label] = []
        for (part, text) in zip(parts, path) {
            switch part {
            case .text(let wanted): guard wanted == text else { return nil }
            case .any: break
            case .label(let label): labels.append(Label(label, text))
            case .metric: name.append(text)
            }
        }
        name += path.dropFirst(parts.count)
        return (name.joined(separator: "_"), labels)
    }
}
