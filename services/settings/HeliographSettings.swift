package import WireFormats

/// Everything that can be set on a Heliograph server, with the values that hold when nobody sets anything.
///
/// The text form of every setting, where it may come from and its meaning stand in `SettingKey.all`; a setting exists
/// when it has a row there. Two values are equal when every setting is, wherever they came from.
package struct HeliographSettings: Sendable {
    package struct DataFolder: Sendable {
        package var dir = "./data"
    }

    package struct Access: Sendable {
        package var mode = AccessMode.auto
    }

    package struct TLS: Sendable {
        /// Paths of PEM files; empty for none.
        package var certificateFile = ""
        package var keyFile = ""
        package var clientCAFile = ""

        package var isOn: Bool { !certificateFile.isEmpty }
    }

    package struct Limits: Sendable {
        /// 0 for no limit.
        package var recordsPerSecondPerToken = 0
        package var recordsPerSecondPerSource = 0
        package var burst = Duration.seconds(10)
    }

    package struct Ingest: Sendable {
        /// Of a request's body after decompression.
        package var maxBodyBytes = 32 << 20
        package var maxRecords = 1_000_000
        package var maxSeries = 10_000_000
        /// 0 for no budget per source.
        package var maxSeriesPerSource = 0
        /// 0 to keep no metadata.
        package var maxMetadataFamilies = 100_000
        package var requestTimeout = Duration.seconds(30)
        package var idleTimeout = Duration.seconds(60)
        package var lineProtocolTextFields = LineTextFields.skip
        /// Keys of OpenTelemetry's resource attributes.
        package var otlpPromotedResourceAttributes = OTLPTranslation.promotedByDefault
        package var otlpPromotesScope = false
        /// Keys of log records' attributes.
        package var otlpPromotedLogAttributes: [String] = []
        /// Where exporters send that are told nothing else; nil for none.
        package var otlpListen: ListenAddress? = ListenAddress(host: "127.0.0.1", port: 4318)
    }

    package struct StatsD: Sendable {
        /// Nil for none.
        package var listen: ListenAddress?
        package var interval = Duration.seconds(10)
        package var maxSeries = 100_000
        package var expireAfter = Duration.seconds(3600)
    }

    package struct Graphite: Sendable {
        /// Nil for none.
        package var listen: ListenAddress?
        /// Texts of which each is a `GraphiteTemplate`.
        package var templates: [String] = []
    }

    package struct Log: Sendable {
        package var maxPendingBytes = 256 << 20
        package var maxGroupRecords = 200_000
    }

    package struct DeadLetters: Sendable {
        package var maxBytes = 1 << 30
        /// Zero stands for as long as there is room.
        package var maxAge = Duration.zero
    }

    package struct Pipeline: Sendable {
        /// Empty for none.
        package var file = ""
    }

    package struct Forward: Sendable {
        /// Empty for no receivers.
        package var file = ""
        package var maxBacklogBytes = 4 << 30
    }

    package struct Head: Sendable {
        package var flushInterval = Duration.seconds(60)
        package var grace = Duration.seconds(600)
        package var backfillBytes = 32 << 20
    }

    /// Zero stands for ever.
    package struct Retention: Sendable {
        package var raw = Duration.zero
        package var rollup5m = Duration.zero
        package var rollup1h = Duration.zero
        /// The first that fits a series decides for it, in place of the three above.
        package var rules = RetentionRules()
    }

    package struct Exemplars: Sendable {
        /// In all; 0 for none.
        package var max = 2_000_000
        package var maxPerSeries = 10_000
        /// Zero stands for as long as there is room.
        package var maxAge = Duration.seconds(15 * 86_400)
    }

    package struct Compaction: Sendable {
        package var interval = Duration.seconds(300)
    }

    package struct Query: Sendable {
        package var maxSamples = 50_000_000
        package var maxSeries = 1_000_000
        package var maxSteps = 11_000
        package var maxMemory = 2 << 30
        package var timeout = Duration.seconds(120)
        package var lookbackDelta = Duration.seconds(300)
        /// 0 stands for as many as the machine has cores.
        package var threads = 0
    }

    package struct Alerts: Sendable {
        /// Paths with the wildcards of a shell.
        package var ruleFiles: [String] = []
        package var evaluationInterval = Duration.seconds(15)
        package var webhooks: [String] = []
        /// Empty, or the address under which people reach this server.
        package var externalURL = ""
    }

    package struct Scrape: Sendable {
        /// Empty, or the path of a `prometheus.yml`.
        package var configFile = ""
    }

    package struct KPIs: Sendable {
        /// Empty for the built-in definitions.
        package var dir = ""
    }

    package struct Logging: Sendable {
        package var level = LogLevel.info
        package var format = LogFormat.text
    }

    package struct Shutdown: Sendable {
        package var timeout = Duration.seconds(30)
    }

    package var data = DataFolder()
    package var listen = ListenAddress(host: "127.0.0.1", port: 8040)
    package var access = Access()
    package var tls = TLS()
    package var limits = Limits()
    package var ingest = Ingest()
    package var statsD = StatsD()
    package var graphite = Graphite()
    package var log = Log()
    package var deadLetters = DeadLetters()
    package var pipeline = Pipeline()
    package var forward = Forward()
    package var head = Head()
    package var retention = Retention()
    package var exemplars = Exemplars()
    package var compaction = Compaction()
    package var query = Query()
    package var alerts = Alerts()
    package var scrape = Scrape()
    package var kpis = KPIs()
    package var demo = false
    package var logging = Logging()
    package var shutdown = Shutdown()

    /// Where a setting that is not at its built-in default came from, by its key.
    var places: [String: SettingPlace] = [:]

    package init() {}

    /// Where the value of this setting came from.
    package func place(of key: SettingKey) -> SettingPlace {
        places[key.name] ?? .builtIn
    }
}

extension HeliographSettings {
    /// The first address of the HTTP server at which others than this machine's own programs can come, and its setting.
    package var addressForOthers: (setting: String, host: String)? {
        if !listen.isLoopback { return ("listen", listen.host) }
        if let address = ingest.otlpListen, !address.isLoopback { return ("ingest.otlp.listen", address.host) }
        return nil
    }
}

extension HeliographSettings: Equatable {
    package static func == (a: HeliographSettings, b: HeliographSettings) -> Bool {
        SettingKey.all.allSatisfy { $0.text(of: a) == $0.text(of: b) }
    }
}

/// Least important first; the names are those of swift-log.
package enum LogLevel: String, CaseIterable, Sendable {
    case trace, debug, info, notice, warning, error, critical
}

/// When callers need a token.
package enum AccessMode: String, CaseIterable, Sendable {
    case auto, required, open
}

package enum LogFormat: String, CaseIterable, Sendable {
    case text, json
}

/// Where a server listens.
package struct ListenAddress: Hashable, Sendable {
    /// A name or an address, IPv6 without its brackets.
    package var host: String
    /// 0...65535; 0 asks the system for any free port.
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Only this machine can reach it.
    package var isLoopback: Bool {
        let isIPv4 = host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
        return isIPv4 || host == "::1" || host.lowercased() == "localhost"
    }
}
