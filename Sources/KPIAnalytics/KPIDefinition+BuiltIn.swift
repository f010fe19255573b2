extension KPIDefinition {
    /// The figures that are computed when no folder of definitions is given: those of `analytics/kpis/`, in the order
    /// of the files' names. A test keeps the two equal.
    package static let builtIn: [KPIDefinition] = availability + latency + traffic

    private static let everything = #"{source_id!="",__name__!~"ALERTS|ALERTS_FOR_STATE|.*:.*",$source}"#

    private static let availability: [KPIDefinition] = [
        KPIDefinition(
            name: "uptime", title: "Uptime",
            summary: "Share of the minutes in which the source was expected to report and did.",
            unit: .ratio, measure: .presence(selector: everything, interval: defaultInterval)),
        KPIDefinition(
            name: "error_rate", title: "Error rate",
            summary: "Errors per request over the window.",
            unit: .ratio,
            measure: .ratio(
                numerator: "increase(http_errors_total{$source}[$window])",
                denominator: "increase(http_requests_total{$source}[$window])")),
    ]

    private static let latency: [KPIDefinition] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)].map { name, q in
        KPIDefinition(
            name: "latency_\(name)", title: "Latency \(name)",
            summary: "\(Int((q * 100).rounded())) % of all latencies measured in the window are at or below this.",
            unit: .milliseconds, measure: .quantile(selector: "request_latency_ms{$source}", q: q))
    }

    private static let traffic: [KPIDefinition] = [
        KPIDefinition(
            name: "throughput", title: "Throughput",
            summary: "Requests per second, averaged over the window.",
            unit: .perSecond,
            measure: .expression(
                perSource: "sum by (source_id) (rate(http_requests_total{$source}[$window]))",
                overall: "sum(rate(http_requests_total{$source}[$window]))")),
        KPIDefinition(
            name: "events", title: "Events",
            summary: "Samples stored per second, averaged over the window.",
            unit: .perSecond, measure: .sampleRate(selector: everything)),
    ]
}
