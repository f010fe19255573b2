package import ConfigurationYAML
import LabelPattern

/// Why a relabelling rule is refused, and where it stands in its file.
package typealias RelabelError = ConfigurationFault

/// One element of a `relabel_configs` list: how it changes a set of labels, or whether it drops what bears them.
///
/// As in Prometheus 3 (documented under "relabel_config"): names may be any UTF-8, regular expressions are RE2's, anchored at
/// both ends, with `.` matching newlines.
package struct RelabelRule: Hashable, Sendable {
    package let action: RelabelAction
    let sourceLabels: [String]
    let separator: String
    let pattern: LabelPattern
    /// True if `regex` was not given or is the default `(.*)`, which matches everything.
    let hasDefaultPattern: Bool
    /// Above 0 for `hashmod`.
    let modulus: UInt64
    /// May refer to groups (`$1`, `${name}`) for `replace`; a label's name for the others.
    let targetLabel: String
    let replacement: String

    static let defaultPattern = "(.*)"
    static let defaultReplacement = "$1"
    static let defaultSeparator = ";"
}
