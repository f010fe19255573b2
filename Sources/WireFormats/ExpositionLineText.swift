package import TelemetryModel

/// Writes one sample as a line of Prometheus' text format, without the line's end; names of any kind, as Prometheus 3 has them
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
package enum ExpositionLineText {
    /// - Parameter timestamp: milliseconds since 1970-01-01T00:00:00Z.
    package static func text(_ labels: LabelSet, value: Double, timestamp: Int64) -> String {
        let name = labels.metricName ?? ""
        let isPlain = isPlainName(name)
        var parts = isPlain ? [] : ["\"\(name.escapedForLabelText)\""]
        for label in labels.labels where label.name != LabelSet.metricNameLabel {
            let key = isPlainName(label.name) ? label.name : "\"\(label.name.escapedForLabelText)\""
            parts.append("\(key)=\"\(label.value.escapedForLabelText)\"")
        }
        let braces = parts.isEmpty ? "" : "{\(parts.joined(separator: ","))}"
        return "\(isPlain ? name : "")\(braces) \(number(value)) \(timestamp)"
    }

    private static func isPlainName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.enumerated().allSatisfy { index, byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                    UInt8(ascii: ":"):
                    true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
                default: false
                }
            }
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value.description
    }
}
