package import ConfigurationYAML
import Relabelling
import TelemetryModel
import Yams

extension ScrapeConfiguration {
    private static let sections = [
        "global", "scrape_configs", "runtime", "rule_files", "scrape_config_files", "alerting", "remote_write",
        "remote_read",
        "storage", "tracing", "otlp",
    ]
    /// Sections that are about something else than scraping, and what does it here.
    private static let passedOver = [
        "runtime": "it is about Prometheus' own process",
        "rule_files": "name rule files in the setting alerts.rule_files",
        "alerting": "name receivers in the setting alerts.webhooks",
        "remote_write": "samples stay here",
        "remote_read": "samples are read from the store here",
        "storage": "how long samples are kept is set under retention",
        "tracing": "there is none",
        "otlp": "OpenTelemetry is set under ingest.otlp",
    ]

    /// Reads the text of a `prometheus.yml`.
    ///
    /// - Parameter directory: in which paths that do not begin with / begin.
    /// - Throws: what is wrong first, with its place.
    package static func read(_ text: String, directory: String) throws(ConfigurationFault) -> ScrapeConfiguration {
        var configuration = ScrapeConfiguration()
        guard let root = try ConfigurationFault.compose(text) else { return configuration }
        let file = try ConfigurationFields(root, place: "the file", keys: sections)
        if let node = file["scrape_config_files"] {
            throw ConfigurationFault(
                at: node, "`scrape_config_files` is not supported; put the scrape configurations into `scrape_configs`")
        }
        for name in file.names {
            if let reason = passedOver[name] {
                configuration.notes.append("the section `\(name)` is passed over: \(reason)")
            }
        }
        let global = try GlobalScrapeSettings(file["global"], &configuration.notes)
        let reader = ScrapeJobReader(global: global, directory: directory)
        for node in try file.list("scrape_configs") ?? [] {
            let job = try reader.job(node, &configuration.notes)
            guard !configuration.jobs.contains(where: { $0.name == job.name }) else {
                throw ConfigurationFault(at: node, "the job_name `\(job.name)` is given twice; give one another name")
            }
            configuration.jobs.append(job)
        }
        return configuration
    }
}

/// The section `global`: what holds for jobs that say nothing else.
struct GlobalScrapeSettings {
    static let limitKeys = [
        "sample_limit", "label_limit", "label_name_length_limit", "label_value_length_limit", "target_limit",
        "body_size_limit", "keep_dropped_targets",
    ]
    /// Keys without effect here, as they are about something else or about what scraping in text formats does not have.
    static let withoutEffect = [
        "scrape_failure_log_file", "metric_name_validation_scheme", "metric_name_escaping_scheme",
        "scrape_native_histograms", "scrape_classic_histograms", "always_scrape_classic_histograms",
        "convert_classic_histograms_to_nhcb", "extra_scrape_metrics",
    ]
    private static let keys =
        [
            "scrape_interval", "scrape_timeout", "scrape_protocols", "evaluation_interval", "rule_query_offset",
            "query_log_file", "external_labels",
        ] + limitKeys + withoutEffect

    var interval: Int64 = 60_000
    var timeout: Int64 = 10_000
    var protocols = ScrapeProtocol.standard
    var limits = ScrapeLimits()

    init(_ node: Node?, _ notes: inout [String]) throws(ConfigurationFault) {
        guard let node else { return }
        let fields = try ConfigurationFields(node, place: "`global`", keys: Self.keys)
        interval = try fields.positiveDuration("scrape_interval") ?? interval
        if let given = try fields.positiveDuration("scrape_timeout") {
            guard given <= interval else {
                throw ConfigurationFault(
                    at: fields["scrape_timeout"], "`scrape_timeout` is longer than `scrape_interval`")
            }
            timeout = given
        }
        timeout = min(timeout, interval)
        protocols = try fields.protocols() ?? protocols
        limits = try fields.limits(over: limits)
        if try !fields.labels("external_labels").isEmpty {
            notes.append(
                "`external_labels` are passed over: they are for what leaves Prometheus, and stored series have none")
        }
        for key in Self.withoutEffect where fields[key] != nil { notes.append("`global`: `\(key)` has no effect") }
    }
}

extension ConfigurationFields {
    func positiveDuration(_ key: String) throws(ConfigurationFault) -> Int64? {
        guard let milliseconds = try duration(key) else { return nil }
        guard milliseconds > 0 else { throw ConfigurationFault(at: self[key], "`\(key)` must be more than 0") }
        return milliseconds
    }

    func protocols() throws(ConfigurationFault) -> [ScrapeProtocol]? {
        guard let list = try list("scrape_protocols") else { return nil }
        var protocols: [ScrapeProtocol] = []
        for node in list {
            let known = try scrapeProtocol(node, "scrape_protocols")
            guard !protocols.contains(known) else {
                throw ConfigurationFault(at: node, "`scrape_protocols` names \(known.rawValue) twice")
            }
            protocols.append(known)
        }
        guard protocols.contains(where: { $0 != .protobuf }) else {
            throw ConfigurationFault(
                at: self["scrape_protocols"],
                "`scrape_protocols` names none of the text formats, which are what is read")
        }
        return protocols
    }

    func scrapeProtocol(_ node: Node, _ key: String) throws(ConfigurationFault) -> ScrapeProtocol {
        guard let known = ScrapeProtocol(rawValue: try node.text(of: key)) else {
            let names = ScrapeProtocol.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConfigurationFault(at: node, "`\(key)` knows \(names), but this is \(node.inWords)")
        }
        return known
    }

    func limits(over defaults: ScrapeLimits) throws(ConfigurationFault) -> ScrapeLimits {
        var limits = defaults
        limits.samples = try wholeNumber("sample_limit", in: 0...Int.max) ?? limits.samples
        limits.labels = try wholeNumber("label_limit", in: 0...Int.max) ?? limits.labels
        limits.labelNameLength = try wholeNumber("label_name_length_limit", in: 0...Int.max) ?? limits.labelNameLength
        limits.labelValueLength =
            try wholeNumber("label_value_length_limit", in: 0...Int.max) ?? limits.labelValueLength
        limits.targets = try wholeNumber("target_limit", in: 0...Int.max) ?? limits.targets
        limits.keptDroppedTargets =
            try wholeNumber("keep_dropped_targets", in: 0...Int.max) ?? limits.keptDroppedTargets
        limits.bodySize = try byteSize("body_size_limit") ?? limits.bodySize
        return limits
    }

    /// Bytes, as Prometheus writes them: a number with B, KB, MiB, …; all units are powers of 1024.
    private func byteSize(_ key: String) throws(ConfigurationFault) -> Int? {
        guard let node = self[key] else { return nil }
        let text = try node.text(of: key)
        if text == "0" { return 0 }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units = ["B": 0, "KB": 10, "KiB": 10, "MB": 20, "MiB": 20, "GB": 30, "GiB": 30, "TB": 40, "TiB": 40]
        guard let number = Int(digits), let shift = units[String(text.dropFirst(digits.count))],
            number <= Int.max >> shift
        else { throw ConfigurationFault(at: node, "`\(key)` is a size such as 10MB, but this is \(node.inWords)") }
        return number << shift
    }
}
