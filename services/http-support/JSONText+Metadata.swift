package import TelemetryModel

extension JSONText {
    /// `type`, `help` and `unit`, as Prometheus' API has them.
    package mutating func fields(of metadata: MetricMetadata) {
        field("type", metadata.type.name)
        field("help", metadata.help)
        field("unit", metadata.unit)
    }
}
