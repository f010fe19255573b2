package import LabelPattern
package import TelemetryModel

/// One condition of a selector. A missing label has the empty value, as in Prometheus.
package struct LabelMatcher: Hashable, Sendable, CustomStringConvertible {
    package enum Condition: Hashable, Sendable {
        case equal(String)
        case notEqual(String)
        /// The pattern must match the whole value.
        case matches(LabelPattern)
        case doesNotMatch(LabelPattern)
    }

    package let name: String
    package let condition: Condition

    package init(_ name: String, _ condition: Condition) {
        self.name = name
        self.condition = condition
    }

    package func accepts(_ value: String) -> Bool {
        switch condition {
        case .equal(let wanted): value == wanted
        case .notEqual(let unwanted): value != unwanted
        case .matches(let pattern): pattern.matchesWhole(value)
        case .doesNotMatch(let pattern): !pattern.matchesWhole(value)
        }
    }

    package func accepts(_ labels: LabelSet) -> Bool { accepts(labels[name] ?? "") }

    /// True if a series without this label satisfies the matcher, so that an index over present labels cannot decide alone.
    package var acceptsMissing: Bool { accepts("") }

    package var description: String {
        switch condition {
        case .equal(let value): "\(name)=\"\(value.escapedForLabelText)\""
        case .notEqual(let value): "\(name)!=\"\(value.escapedForLabelText)\""
        case .matches(let pattern): "\(name)=~\"\(pattern.text.escapedForLabelText)\""
        case .doesNotMatch(let pattern): "\(name)!~\"\(pattern.text.escapedForLabelText)\""
        }
    }
}
