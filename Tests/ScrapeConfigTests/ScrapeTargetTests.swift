import ScrapeConfig
import TelemetryModel
import Testing

@Suite struct ScrapeTargetTests {
    /// What becomes of the only target of a job with these lines.
    private func target(_ lines: String = "", labels: String = "") throws -> DiscoveredTarget {
        let text = """
            scrape_configs:
              - job_name: node
                scrape_interval: 15s
                static_configs: [{targets: ["host:9100"], labels: {\(labels)}}]
                \(lines.split(separator: "\n").joined(separator: "\n    "))
            """
        let job = try #require(try ScrapeConfiguration.read(text, directory: "").jobs.first)
        guard case .fixed(let groups)? = job.discoveries.first, let own = groups.first?.targets.first else {
            throw CancellationError()
        }
        return job.target(own, in: groups[0])
    }

    private func made(_ lines: String = "", labels: String = "") throws -> ScrapeTarget {
        guard case .target(let made) = try target(lines, labels: labels) else { throw CancellationError() }
        return made
    }

    @Test("Without rules, a target has the job's name and its address")
    func plain() throws {
        let made = try made(labels: "zone: x, __meta_a: b, __tmp: c")
        #expect(made.labels == LabelSet(["instance": "host:9100", "job": "node", "zone": "x"]))
        #expect(made.url == "http://host:9100/metrics")
        #expect(made.intervalMilliseconds == 15_000 && made.timeoutMilliseconds == 10_000)
        #expect(made.discovered["__meta_a"] == "b")
        #expect(made.allLabels["__meta_a"] == nil && made.allLabels["__tmp"] == "c")
        #expect(made.discovered["__scrape_interval__"] == "15s")
        #expect(made.discovered["__metrics_path__"] == "/metrics")
    }

    @Test("Rules decide over address, path, scheme, parameters, times and labels")
    func relabelled() throws {
        let made = try made(
            """
            params: {module: [http_2xx, second], "a b": [c&d]}
            relabel_configs:
              - {source_labels: [__address__], target_label: __param_target}
              - {source_labels: [__param_target], target_label: instance}
              - {target_label: __address__, replacement: "prober:9115"}
              - {target_label: __metrics_path__, replacement: probe me}
              - {target_label: __scheme__, replacement: https}
              - {target_label: __scrape_interval__, replacement: 30s}
              - {target_label: __scrape_timeout__, replacement: 5s}
              - {target_label: __param_module, replacement: tcp}
              - {target_label: job, replacement: probes}
            """)
        #expect(made.labels == LabelSet(["instance": "host:9100", "job": "probes"]))
        #expect(made.url == "https://prober:9115/probe%20me?a%20b=c%26d&module=tcp&module=second&target=host%3A9100")
        #expect(made.intervalMilliseconds == 30_000 && made.timeoutMilliseconds == 5000)
    }

    @Test("A group's labels stand before those of the job")
    func precedence() throws {
        let made = try made("metrics_path: /a", labels: "job: own, __metrics_path__: /b, instance: i")
        #expect(made.labels == LabelSet(["instance": "i", "job": "own"]))
        #expect(made.url == "http://host:9100/b")
    }

    @Test("What a rule drops is kept as it was found")
    func dropped() throws {
        guard
            case .dropped(let labels) = try target(
                "relabel_configs: [{source_labels: [job], regex: node, action: drop}]")
        else {
            Issue.record("it was not dropped")
            return
        }
        #expect(labels["__address__"] == "host:9100")
    }

    @Test(
        "Labels that make no target are refused with a reason",
        arguments: [
            ("__address__", "", "no address"), ("__address__", "a/b", "no valid host:port"),
            ("__scheme__", "ftp", "http or https"), ("__scrape_interval__", "0s", "__scrape_interval__"),
            ("__scrape_timeout__", "1m", "__scrape_timeout__"),
        ])
    func invalid(label: String, value: String, words: String) throws {
        let rules = "relabel_configs: [{target_label: \(label), replacement: '\(value)'}]"
        guard case .invalid(let reason, _) = try target(rules) else {
            Issue.record("it was taken")
            return
        }
        #expect(reason.contains(words))
    }
}
