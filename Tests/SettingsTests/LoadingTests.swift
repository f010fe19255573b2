import Testing

@testable import Settings

@Suite struct LoadingTests {
    @Test func nothingSetGivesTheDefaults() throws {
        let settings = try HeliographSettings.load(file: nil, environment: [:], flags: [:])
        #expect(settings == HeliographSettings())
        #expect(settings.listen == ListenAddress(host: "127.0.0.1", port: 8040))
        #expect(settings.ingest.maxBodyBytes == 33_554_432)
        #expect(settings.deadLetters.maxBytes == 1_073_741_824)
        #expect(settings.head.grace == .seconds(600))
        #expect(SettingKey.all.allSatisfy { settings.place(of: $0) == .builtIn })
    }

    @Test func everySettingOfAFileArrives() throws {
        let folder = try SettingsFolder()
        let path = try folder.file(
            """
            data: {dir: /var/lib/heliograph}
            listen: "[::1]:9000"
            ingest:
              max_body_bytes: 1GB
              max_records: 7
              request_timeout: 1m30s
            log.max_group_records: 12
            query:
            alerts:
              rule_files:
                - rules/*.yaml
                - "more, rules.yaml"
              webhooks: https://a.example/x, http://b.example
            demo: yes
            logging: {level: debug, format: json}
            """)
        let settings = try HeliographSettings.load(file: path, environment: [:], flags: [:])
        #expect(settings.data.dir == "/var/lib/heliograph")
        #expect(settings.listen == ListenAddress(host: "::1", port: 9000))
        #expect(settings.ingest.maxBodyBytes == 1_000_000_000)
        #expect(settings.ingest.maxRecords == 7)
        #expect(settings.ingest.requestTimeout == .seconds(90))
        #expect(settings.log.maxGroupRecords == 12)
        #expect(settings.query.threads == 0)
        #expect(settings.alerts.ruleFiles == ["rules/*.yaml", "more, rules.yaml"])
        #expect(settings.alerts.webhooks == ["https://a.example/x", "http://b.example"])
        #expect(settings.demo)
        #expect(settings.logging.level == .debug)
        #expect(settings.logging.format == .json)
        let key = try #require(SettingKey.byName["ingest.max_records"])
        #expect(settings.place(of: key) == .file(path: path, line: 5, column: 3))
    }

    @Test func strongerSourcesWin() throws {
        let folder = try SettingsFolder()
        let path = try folder.file("query: {max_samples: 10, max_series: 10, threads: 1}")
        let settings = try HeliographSettings.load(
            file: path, environment: ["HELIOGRAPH_QUERY_MAX_SERIES": "20", "HELIOGRAPH_QUERY_THREADS": "2"],
            flags: ["query.threads": "3"])
        #expect(settings.query.maxSamples == 10)
        #expect(settings.query.maxSeries == 20)
        #expect(settings.query.threads == 3)
        let key = try #require(SettingKey.byName["query.threads"])
        #expect(settings.place(of: key) == .flag(key: "query.threads"))
    }

    @Test func theEnvironmentCanNameTheFile() throws {
        let folder = try SettingsFolder()
        let weak = try folder.file("query: {threads: 1}", name: "weak.yaml")
        let strong = try folder.file("query: {threads: 2}", name: "strong.yaml")
        let environment = ["HELIOGRAPH_CONFIG": weak, "PATH": "/bin"]
        #expect(try HeliographSettings.load(file: nil, environment: environment, flags: [:]).query.threads == 1)
        #expect(try HeliographSettings.load(file: strong, environment: environment, flags: [:]).query.threads == 2)
    }

    @Test func emptyVariablesAndServiceLinksAreNoSettings() throws {
        let settings = try HeliographSettings.load(
            file: nil,
            environment: [
                "HELIOGRAPH_QUERY_THREADS": "", "HELIOGRAPH_SERVICE_HOST": "10.0.0.7",
                "HELIOGRAPH_SERVICE_PORT": "8040", "HELIOGRAPH_SERVICE_PORT_HTTP": "8040",
                "HELIOGRAPH_PORT": "tcp://10.0.0.7:8040", "HELIOGRAPH_PORT_8040_TCP_ADDR": "10.0.0.7",
                "HELIOGRAPH_QUERY_SERVICE_HOST": "10.0.0.8", "HELIOGRAPH_QUERY_PORT": "tcp://10.0.0.8:80",
            ], flags: [:])
        #expect(settings == HeliographSettings())
    }

    @Test(arguments: ["", "\n# nothing\n", "---\n", "alerts:\n  # rule_files: []\n", "~"])
    func filesWithoutSettingsAreFine(text: String) throws {
        let file = SettingsFile(path: "x.yaml", text: text)
        #expect(file.problems.isEmpty && file.entries.isEmpty)
    }

    @Test func everyValueSurvivesItsText() throws {
        var settings = HeliographSettings()
        settings.listen = ListenAddress(host: "fe80::1", port: 0)
        settings.alerts.ruleFiles = ["a", "b/*.yml"]
        settings.ingest.maxBodyBytes = 1_000_001
        settings.query.timeout = .milliseconds(90_061_001)
        let flags = Dictionary(uniqueKeysWithValues: SettingKey.all.map { ($0.name, $0.text(of: settings)) })
        #expect(try HeliographSettings.load(file: nil, environment: [:], flags: flags) == settings)
    }

    @Test func describeShowsEverySettingAndHidesSecrets() throws {
        let settings = try HeliographSettings.load(
            file: nil,
            environment: ["HELIOGRAPH_ALERTS_WEBHOOKS": "https://user:pw@hooks.example:8443/services/T0/SECRET?a=b"],
            flags: ["listen": "0.0.0.0:80"])
        let lines = settings.describe().split(separator: "\n")
        #expect(lines.count == SettingKey.all.count)
        for (line, key) in zip(lines, SettingKey.all) { #expect(line.hasPrefix(key.name + " ")) }
        let text = settings.describe()
        #expect(text.contains("https://hooks.example:8443/…"))
        #expect(text.contains("environment variable HELIOGRAPH_ALERTS_WEBHOOKS"))
        #expect(!text.contains("SECRET") && !text.contains("pw"))
        #expect(lines.contains { $0.hasPrefix("listen") && $0.contains("0.0.0.0:80") && $0.hasSuffix("command line") })
        #expect(lines.contains { $0.hasPrefix("kpis.dir") && $0.contains("(empty)") })
    }
}
