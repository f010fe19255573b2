import ConfigurationYAML
import ScrapeConfig
import TelemetryModel
import Testing

@Suite struct ScrapeConfigurationTests {
    private func read(_ text: String) throws -> ScrapeConfiguration {
        try ScrapeConfiguration.read(text, directory: "/etc/prometheus")
    }

    @Test("A job takes what it does not say from the global section, and Prometheus' defaults after that")
    func defaults() throws {
        let configuration = try read(
            """
            global: {scrape_interval: 15s, sample_limit: 7, body_size_limit: 10MB}
            scrape_configs:
              - job_name: a
              - job_name: b
                scrape_interval: 5s
                sample_limit: 0
            """)
        let (a, b) = (configuration.jobs[0], configuration.jobs[1])
        #expect(a.intervalMilliseconds == 15_000)
        #expect(a.timeoutMilliseconds == 10_000)
        #expect(a.limits.samples == 7)
        #expect(a.limits.bodySize == 10 << 20)
        #expect(a.metricsPath == "/metrics")
        #expect(a.scheme == "http")
        #expect(a.honorTimestamps && !a.honorLabels && a.enableCompression && a.access.followsRedirects)
        #expect(b.intervalMilliseconds == 5000)
        // The default timeout is cut to the interval.
        #expect(b.timeoutMilliseconds == 5000)
        #expect(b.limits.samples == 0)
        #expect(try read("").jobs.isEmpty)
        #expect(try read("scrape_configs: [{job_name: x}]").jobs[0].intervalMilliseconds == 60_000)
    }

    @Test("All that a job can say is read")
    func everything() throws {
        let job = try #require(
            try read(
                """
                scrape_configs:
                  - job_name: all
                    scrape_interval: 1m
                    scrape_timeout: 20s
                    metrics_path: /m
                    params: {module: [a, b]}
                    scheme: https
                    honor_labels: true
                    honor_timestamps: false
                    enable_compression: false
                    follow_redirects: false
                    scrape_protocols: [PrometheusText0.0.4]
                    fallback_scrape_protocol: OpenMetricsText1.0.0
                    basic_auth: {username: u, password_file: secret}
                    tls_config: {ca_file: ca.pem, server_name: s, insecure_skip_verify: true, min_version: TLS12}
                    label_limit: 1
                    label_name_length_limit: 2
                    label_value_length_limit: 3
                    target_limit: 4
                    static_configs:
                      - {targets: ["a:1", "b:2"], labels: {x: y}}
                    file_sd_configs: [{files: ["sd/*.yml", /x/y.json], refresh_interval: 30s}]
                    dns_sd_configs: [{names: [n.example]}, {names: [m], type: a, port: 80}]
                    http_sd_configs: [{url: "http://h/x", bearer_token: t}]
                    relabel_configs: [{target_label: r, replacement: v}]
                    metric_relabel_configs: [{action: labeldrop, regex: q}]
                """
            ).jobs.first)
        #expect(job.parameters == ["module": ["a", "b"]])
        #expect(job.scheme == "https" && job.metricsPath == "/m" && job.timeoutMilliseconds == 20_000)
        #expect(job.honorLabels && !job.honorTimestamps && !job.enableCompression && !job.access.followsRedirects)
        #expect(job.protocols == [.text0])
        #expect(job.fallbackProtocol == .openMetrics1)
        #expect(job.access.authorization == .basic(user: .text("u"), password: .file("/etc/prometheus/secret")))
        #expect(job.access.tls.authorities == .file("/etc/prometheus/ca.pem"))
        #expect(job.access.tls.serverName == "s" && job.access.tls.skipsVerification)
        #expect(job.access.tls.minimumVersion == .tls12)
        #expect(job.limits.labels == 1 && job.limits.labelNameLength == 2 && job.limits.labelValueLength == 3)
        #expect(job.limits.targets == 4)
        #expect(job.relabelling.count == 1 && job.metricRelabelling.count == 1)
        guard job.discoveries.count == 5, case .fixed(let groups) = job.discoveries[0],
            case .files(let files) = job.discoveries[1], case .dns(let services) = job.discoveries[2],
            case .dns(let addresses) = job.discoveries[3], case .http(let http) = job.discoveries[4]
        else {
            Issue.record("discoveries: \(job.discoveries)")
            return
        }
        #expect(groups == [TargetGroup(addresses: ["a:1", "b:2"], labels: LabelSet(["x": "y"]))])
        #expect(files.paths == ["/etc/prometheus/sd/*.yml", "/x/y.json"])
        #expect(files.refreshMilliseconds == 30_000)
        #expect(services.record == .srv && services.names == ["n.example"])
        #expect(addresses.record == .a && addresses.port == 80)
        #expect(http.access.authorization == .credentials(type: "Bearer", .text("t")))
    }

    @Test("What belongs to other parts of Prometheus is passed over, and said")
    func notes() throws {
        let notes = try read(
            """
            global: {external_labels: {a: b}, evaluation_interval: 1m}
            rule_files: [x.yml]
            alerting: {alertmanagers: []}
            remote_write: [{url: "http://x"}]
            storage: {tsdb: {out_of_order_time_window: 30m}}
            scrape_configs: [{job_name: x, scrape_classic_histograms: true}]
            """
        ).notes
        for word in [
            "external_labels", "rule_files", "alerting", "remote_write", "storage", "scrape_classic_histograms",
        ] {
            #expect(notes.contains { $0.contains("`\(word)`") }, "\(word)")
        }
        #expect(notes.count == 6)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let text: String
        let place: String
        let words: String
        var testDescription: String { text }
    }

    static let refused = [
        Refused(text: "scrape_config: []", place: "1:1", words: "did you mean `scrape_configs`?"),
        Refused(text: "scrape_configs: [{}]", place: "1:18", words: "needs the key `job_name`"),
        Refused(text: "scrape_configs: [{job_name: a}, {job_name: a}]", place: "1:33", words: "`a` is given twice"),
        Refused(
            text: "scrape_configs:\n- job_name: a\n  consul_sd_configs: []", place: "3:3",
            words: "static_configs, file_sd_configs"),
        Refused(text: "scrape_configs:\n- job_name: a\n  metrics_pat: /x", place: "3:3", words: "`metrics_path`"),
        Refused(text: "scrape_configs:\n- job_name: a\n  scrape_interval: 1 s", place: "3:20", words: "is a duration"),
        Refused(text: "scrape_configs:\n- job_name: a\n  scrape_interval: 0s", place: "3:20", words: "more than 0"),
        Refused(
            text: "scrape_configs:\n- job_name: a\n  scrape_interval: 1s\n  scrape_timeout: 2s", place: "4:19",
            words: "longer than its scrape_interval"),
        Refused(text: "global: {scrape_interval: 5s, scrape_timeout: 6s}", place: "1:47", words: "longer"),
        Refused(
            text: "scrape_configs:\n- job_name: a\n  static_configs: [{targets: ['http://a:1']}]", place: "3:31",
            words: "without scheme and path"),
        Refused(
            text: "scrape_configs:\n- job_name: a\n  bearer_token: x\n  basic_auth: {username: a}", place: "3:3",
            words: "at most one of"),
        Refused(
            text: "scrape_configs:\n- job_name: a\n  basic_auth: {password: a, password_file: b}", place: "3:29",
            words: "at most one of `password` and `password_file`"),
        Refused(
            text: "scrape_configs:\n- job_name: a\n  tls_config: {cert_file: b}", place: "3:15",
            words: "a certificate and its key"),
        Refused(
            text: "scrape_configs:\n- job_name: a\n  relabel_configs:\n  - {action: dorp}", place: "4:14",
            words: "no action `dorp`"),
        Refused(
            text: "scrape_configs:\n- job_name: a\n  file_sd_configs: [{files: [a.txt]}]", place: "3:30",
            words: ".json, .yml or .yaml"),
        Refused(
            text: "scrape_configs:\n- job_name: a\n  dns_sd_configs: [{names: [a], type: A}]", place: "3:20",
            words: "needs a `port`"),
        Refused(
            text: "scrape_configs:\n- job_name: a\n  scrape_protocols: [PrometheusProto]", place: "3:21",
            words: "none of the text formats"),
        Refused(text: "scrape_configs:\n- job_name: a\n  honor_labels: maybe", place: "3:17", words: "true or false"),
        Refused(
            text: "scrape_configs:\n- job_name: a\n  body_size_limit: 10XB", place: "3:20", words: "size such as 10MB"),
        Refused(
            text: "scrape_configs:\n- job_name: a\n  proxy_url: http://p", place: "3:3", words: "no key `proxy_url`"),
        Refused(text: "scrape_config_files: [x.yml]", place: "1:22", words: "`scrape_config_files` is not supported"),
    ]

    @Test("A file that cannot be used says what is wrong, and where", arguments: refused)
    func refusals(_ example: Refused) throws {
        let error = #expect(throws: ConfigurationFault.self) { try read(example.text) }
        #expect(error.map { "\($0.line):\($0.column)" } == example.place, "\(error?.message ?? "")")
        #expect(error?.message.contains(example.words) == true, "\(error?.message ?? "")")
    }

    @Test("Target groups are read from YAML and JSON")
    func targetGroups() throws {
        let expected = [
            TargetGroup(addresses: ["a:1"], labels: LabelSet(["x": "1"])), TargetGroup(addresses: [], labels: .empty),
        ]
        #expect(try TargetGroup.groups(yaml: "- {targets: [\"a:1\"], labels: {x: 1}}\n- {}") == expected)
        #expect(
            try TargetGroup.groups(json: "[\n\t{\"targets\": [\"a:1\"], \"labels\": {\"x\": \"1\"}}, {}]") == expected)
        #expect(try TargetGroup.groups(yaml: "").isEmpty)
        let error = #expect(throws: ConfigurationFault.self) {
            try TargetGroup.groups(json: "[{\"targets\": \"a:1\"}]")
        }
        #expect(error?.message.contains(".targets") == true, "\(error?.message ?? "")")
    }
}
