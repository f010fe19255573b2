import Synchronization

/// The platform's own metrics, rendered in the Prometheus text exposition format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/). Thread-safe.
package final class MetricsRegistry: Sendable {
    package enum Kind: String, Sendable { case counter, gauge, histogram }

    /// One value with its labels, as read at the moment of a scrape.
    package struct Reading: Sendable {
        package let labels: [(name: String, value: String)]
        package let value: Double

        package init(_ value: Double, labels: [(name: String, value: String)] = []) {
            self.labels = labels
            self.value = value
        }
    }

    private struct Family: Sendable {
        let name: String
        let kind: Kind
        let help: String
        let write: @Sendable (inout String, String) -> Void
    }

    private let families = Mutex<[Family]>([])

    package init() {}

    /// Registers values that are read when somebody scrapes.
    package func register(
        _ name: String, _ kind: Kind, help: String, read: @escaping @Sendable () -> [Reading]
    ) {
        precondition(kind != .histogram, "histograms are registered as such")
        add(
            Family(name: name, kind: kind, help: help) { out, name in
                for reading in read() {
                    out +=
                        "\(name)\(MetricsRegistry.labelText(reading.labels)) \(MetricsRegistry.text(reading.value))\n"
                }
            })
    }

    package func counter(_ name: String, help: String, labels: [(name: String, value: String)] = []) -> Counter {
        let counter = Counter()
        register(name, .counter, help: help) { [Reading(Double(counter.value), labels: labels)] }
        return counter
    }

    package func histogram(_ name: String, help: String) -> LatencyHistogram {
        let histogram = LatencyHistogram()
        add(
            Family(name: name, kind: .histogram, help: help) { out, name in
                let (counts, sum) = histogram.cumulative
                for (bound, count) in zip(LatencyHistogram.bounds.map { "\($0)" } + ["+Inf"], counts) {
                    out += "\(name)_bucket{le=\"\(bound)\"} \(count)\n"
                }
                out += "\(name)_sum \(sum)\n\(name)_count \(counts.last ?? 0)\n"
            })
        return histogram
    }

    package func render() -> String {
        var out = ""
        for family in families.withLock({ $0 }) {
            out += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind.rawValue)\n"
            family.write(&out, family.name)
        }
        return out
    }

    private func add(_ family: Family) {
        families.withLock { families in
            precondition(!families.contains { $0.name == family.name }, "metric \(family.name) is registered twice")
            families.append(family)
        }
    }

    private static func labelText(_ labels: [(name: String, value: String)]) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { label in
            let escaped = label.value.unicodeScalars.reduce(into: "") { out, scalar in
                switch scalar {
                case "\\": out += "\\\\"
                case "\"": out += "\\\""
                case "\n": out += "\\n"
                default: out.unicodeScalars.append(scalar)
                }
            }
            return "\(label.name)=\"\(escaped)\""
        }
        return "{\(pairs.joined(separator: ","))}"
    }

    private static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
