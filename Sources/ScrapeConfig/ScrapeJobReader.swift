import ConfigurationYAML
import Relabelling
import Yams

/// Reads the elements of `scrape_configs`.
struct ScrapeJobReader {
    let global: GlobalScrapeSettings
    let directory: String

    private static let ownKeys = [
        "job_name", "scrape_interval", "scrape_timeout", "scrape_protocols", "fallback_scrape_protocol", "metrics_path",
        "params", "scheme", "honor_labels", "honor_timestamps", "track_timestamps_staleness", "enable_compression",
        "relabel_configs", "metric_relabel_configs",
    ]
    private static let withoutEffect =
        GlobalScrapeSettings.withoutEffect + ["native_histogram_bucket_limit", "native_histogram_min_bucket_factor"]
    private static let keys =
        ownKeys + GlobalScrapeSettings.limitKeys + HTTPAccessReader.keys + Discovery.keys + withoutEffect

    /// - Parameter notes: gets sentences about what has no effect.
    func job(_ node: Node, _ notes: inout [String]) throws(ConfigurationFault) -> ScrapeJob {
        try refuseOtherDiscoveries(node)
        let fields = try ConfigurationFields(node, place: "a scrape configuration", keys: Self.keys)
        var job = ScrapeJob()
        job.name = try fields.requiredText("job_name")
        try readTimes(fields, into: &job)
        job.metricsPath = try fields.text("metrics_path") ?? job.metricsPath
        job.scheme = try scheme(fields)
        job.parameters = try parameters(fields)
        job.honorLabels = try fields.boolean("honor_labels") ?? job.honorLabels
        job.honorTimestamps = try fields.boolean("honor_timestamps") ?? job.honorTimestamps
        job.tracksTimestampStaleness = try fields.boolean("track_timestamps_staleness") ?? false
        job.enableCompression = try fields.boolean("enable_compression") ?? job.enableCompression
        job.protocols = try fields.protocols() ?? global.protocols
        if let node = fields["fallback_scrape_protocol"] {
            job.fallbackProtocol = try fields.scrapeProtocol(node, "fallback_scrape_protocol")
        }
        job.limits = try fields.limits(over: global.limits)
        job.access = try HTTPAccessReader(directory: directory).access(fields)
        job.relabelling = try rules("relabel_configs", fields)
        job.metricRelabelling = try rules("metric_relabel_configs", fields)
        job.discoveries = try DiscoveryReader(directory: directory).discoveries(fields)
        for key in Self.withoutEffect where fields[key] != nil {
            notes.append("job `\(job.name)`: `\(key)` has no effect")
        }
        return job
    }

    /// Says what there is instead, where the list of all keys would be of little help.
    private func refuseOtherDiscoveries(_ node: Node) throws(ConfigurationFault) {
        for name in try ConfigurationFields(node, place: "a scrape configuration", keys: nil).names
        where name.hasSuffix("_sd_configs") && !Discovery.keys.contains(name) {
            let fields = try ConfigurationFields(node, place: "", keys: nil)
            throw ConfigurationFault(
                at: fields.keyNode(name),
                "`\(name)` is not supported; targets come from \(Discovery.keys.joined(separator: ", ")). What finds targets "
                    + "elsewhere can write a file for `file_sd_configs`")
        }
    }

    private func readTimes(_ fields: ConfigurationFields, into job: inout ScrapeJob) throws(ConfigurationFault) {
        job.intervalMilliseconds = try fields.positiveDuration("scrape_interval") ?? global.interval
        if let timeout = try fields.positiveDuration("scrape_timeout") {
            guard timeout <= job.intervalMilliseconds else {
                throw ConfigurationFault(
                    at: fields["scrape_timeout"],
                    "the scrape_timeout of job `\(job.name)` is longer than its scrape_interval")
            }
            job.timeoutMilliseconds = timeout
        } else {
            job.timeoutMilliseconds = min(global.timeout, job.intervalMilliseconds)
        }
    }

    private func scheme(_ fields: ConfigurationFields) throws(ConfigurationFault) -> String {
        guard let scheme = try fields.text("scheme")?.lowercased() else { return "http" }
        guard scheme == "http" || scheme == "https" else {
            throw ConfigurationFault(
                at: fields["scheme"], "`scheme` is http or https, but this is `\(scheme.prefix(80))`")
        }
        return scheme
    }

    private func parameters(_ fields: ConfigurationFields) throws(ConfigurationFault) -> [String: [String]] {
        guard let node = fields["params"] else { return [:] }
        let given = try ConfigurationFields(node, place: "`params`", keys: nil)
        var parameters: [String: [String]] = [:]
        for name in given.names { parameters[name] = try given.texts(name) ?? [] }
        return parameters
    }

    private func rules(_ key: String, _ fields: ConfigurationFields) throws(ConfigurationFault) -> [RelabelRule] {
        guard let node = fields[key] else { return [] }
        return try RelabelRule.rules(yaml: node, key: key)
    }
}

/// Paths as they stand in a configuration file.
enum ConfigurationPath {
    /// From the folder of the file, unless the path begins at the root.
    static func resolve(_ path: String, in directory: String) -> String {
        path.hasPrefix("/") || directory.isEmpty ? path : "\(directory)/\(path)"
    }
}
