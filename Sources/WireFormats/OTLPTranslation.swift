/// What can be chosen of how OpenTelemetry's metrics become series (docs/decisions/0014-otlp-translation.md).
package struct OTLPTranslation: Sendable {
    /// Where points come from, as far as queries usually group by it. `service.namespace`, `service.name` and
    /// `service.instance.id` are not among them: the labels `job` and `instance` are made of those.
    package static let promotedByDefault = [
        "service.version", "deployment.environment.name", "deployment.environment", "cloud.region",
        "cloud.availability_zone", "host.name", "container.name", "k8s.cluster.name", "k8s.namespace.name",
        "k8s.pod.name",
        "k8s.container.name", "k8s.deployment.name", "k8s.statefulset.name", "k8s.daemonset.name",
        "k8s.replicaset.name",
        "k8s.job.name", "k8s.cronjob.name",
    ]

    /// Attributes of resources that become labels of every series, by their keys in OpenTelemetry.
    package var promotedResourceAttributes: [String]
    /// Whether name, version, schema and attributes of the instrumentation's scope become labels `otel_scope_…`.
    package var promotesScope: Bool
    /// Attributes of log records that become labels, besides `source_id`.
    package var promotedLogAttributes: [String]

    package init(
        promotedResourceAttributes: [String] = OTLPTranslation.promotedByDefault, promotesScope: Bool = false,
        promotedLogAttributes: [String] = []
    ) {
        self.promotedResourceAttributes = promotedResourceAttributes
        self.promotesScope = promotesScope
        self.promotedLogAttributes = promotedLogAttributes
    }
}
