package import TelemetryModel

/// Where the targets of a job come from.
package enum Discovery: Sendable, Hashable {
    case fixed([TargetGroup])
    case files(FileDiscovery)
    case dns(DNSDiscovery)
    case http(HTTPDiscovery)

    /// The keys under which a job has them.
    package static let keys = ["static_configs", "file_sd_configs", "dns_sd_configs", "http_sd_configs"]
}

/// Targets that come together, and the labels that they share.
package struct TargetGroup: Sendable, Hashable {
    /// Each with its labels, `__address__` among them.
    package var targets: [LabelSet]
    package var labels: LabelSet

    package init(targets: [LabelSet], labels: LabelSet) {
        self.targets = targets
        self.labels = labels
    }

    package init(addresses: [String], labels: LabelSet) {
        self.init(targets: addresses.map { LabelSet([Label(TargetLabel.address, $0)]) }, labels: labels)
    }
}

/// Files with target groups, in JSON or YAML.
package struct FileDiscovery: Sendable, Hashable {
    /// Paths whose last part may hold `*` and `?`.
    package var paths: [String]
    package var refreshMilliseconds: Int64
}

/// Records of the domain name system.
package struct DNSDiscovery: Sendable, Hashable {
    package enum Record: String, CaseIterable, Sendable {
        case srv = "SRV", a = "A", aaaa = "AAAA", mx = "MX", ns = "NS"
    }

    package var names: [String]
    package var record: Record
    /// Of all but SRV, which says it itself.
    package var port: Int
    package var refreshMilliseconds: Int64
}

/// A server that answers with target groups in JSON.
package struct HTTPDiscovery: Sendable, Hashable {
    package var url: String
    package var access: HTTPAccess
    package var refreshMilliseconds: Int64
}

/// Labels that mean something before and while targets are relabelled.
package enum TargetLabel {
    package static let address = "__address__"
    package static let scheme = "__scheme__"
    package static let metricsPath = "__metrics_path__"
    package static let interval = "__scrape_interval__"
    package static let timeout = "__scrape_timeout__"
    package static let parameterPrefix = "__param_"
    package static let metaPrefix = "__meta_"
    /// Labels that begin so are not those of series.
    package static let internalPrefix = "__"
    package static let job = "job"
    package static let instance = "instance"
}
