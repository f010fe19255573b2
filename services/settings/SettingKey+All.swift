import WireFormats

extension SettingKey {
    /// Every setting there is, in the order in which files and pages list them.
    package static let all: [SettingKey] = [
        SettingKey(
            "data.dir", \.data.dir, "Folder that holds everything the server stores. It is made if it is not there.",
            expected: "the path of a folder", where: { !$0.isEmpty }),
        SettingKey("listen", \.listen, "Address and port of the HTTP server; port 0 takes any free one."),
        SettingKey(
            "access.mode", \.access.mode,
            "Who needs a token: in `auto` everybody once one was made, `required` everybody, `open` nobody, on any address."
        ),
        SettingKey(
            "tls.certificate_file", \.tls.certificateFile,
            "PEM file with the server's certificate and those that it hangs on; empty to speak plain HTTP. It is read again when it changes."
        ),
        SettingKey(
            "tls.key_file", \.tls.keyFile,
            "PEM file with the certificate's private key."),
        SettingKey(
            "tls.client_ca_file", \.tls.clientCAFile,
            "PEM file with the authorities that clients' certificates must come from; empty to ask clients for none."),
        SettingKey(
            "limits.records_per_second_per_token", \.limits.recordsPerSecondPerToken, in: 0...1_000_000_000,
            "Most records a second that one token may send unless it has a rate of its own; above it, requests are answered 429. 0 for no such limit."
        ),
        SettingKey(
            "limits.records_per_second_per_source", \.limits.recordsPerSecondPerSource, in: 0...1_000_000_000,
            "Most records a second of one `source_id`; above it, requests are answered 429. 0 for no such limit."),
        SettingKey(
            "limits.burst", \.limits.burst, "How long's worth of records may come at once under these rates.",
            expected: moreThanNoTime, where: { $0 > .zero }),

        SettingKey(
            "ingest.max_body_bytes", \.ingest.maxBodyBytes, bytesFrom: 1024,
            "Largest request body that is taken in, after decompression."),
        SettingKey(
            "ingest.max_records", \.ingest.maxRecords, in: 1...100_000_000, "Most records that one request may hold."),
        SettingKey(
            "ingest.max_series", \.ingest.maxSeries, in: 1...4_294_967_295,
            "Most series that may exist; records of further new ones become dead letters."),
        SettingKey(
            "ingest.max_series_per_source", \.ingest.maxSeriesPerSource, in: 0...4_294_967_295,
            "Most series that one source may have; records of further new ones become dead letters. 0 for no such limit."
        ),
        SettingKey(
            "ingest.max_metadata_families", \.ingest.maxMetadataFamilies, in: 0...10_000_000,
            "Most metric families whose type, help and unit are kept; those of further ones are left out. 0 to keep none."
        ),
        SettingKey(
            "ingest.request_timeout", \.ingest.requestTimeout,
            "How long one request may take, from its first byte to its answer.", expected: moreThanNoTime,
            where: { $0 > .zero }),
        SettingKey(
            "ingest.idle_timeout", \.ingest.idleTimeout, "How long a connection may stay open without a request.",
            expected: moreThanNoTime, where: { $0 > .zero }),
        SettingKey(
            "ingest.line_protocol.text_fields", \.ingest.lineProtocolTextFields,
            "What becomes of fields of line protocol whose value is a text: `skip` leaves them out and counts them, `refuse` makes each a dead letter and the answer a partial write."
        ),
        SettingKey(
            "ingest.otlp.promote_resource_attributes", \.ingest.otlpPromotedResourceAttributes,
            "Attributes of OpenTelemetry's resources that become labels of every series; all are in `target_info`.",
            expected: "a list of attributes' keys"),
        SettingKey(
            "ingest.otlp.promote_scope", \.ingest.otlpPromotesScope,
            "Gives series from OpenTelemetry the labels `otel_scope_…` of their instrumentation's scope."),
        SettingKey(
            "ingest.otlp.promote_log_attributes", \.ingest.otlpPromotedLogAttributes,
            "Attributes of OpenTelemetry's log records that become labels, besides `source_id`; the others stand in the message.",
            expected: "a list of attributes' keys"),
        SettingKey(
            "ingest.otlp.listen", \.ingest.otlpListen,
            "Second address, for OpenTelemetry's metrics and logs only; off for none. If the default is taken, the server runs "
                + "without it."),

        SettingKey(
            "statsd.listen", \.statsD.listen,
            "Address on which StatsD's lines are taken by UDP and TCP, such as 127.0.0.1:8125; off for none, port 0 takes "
                + "any free one."),
        SettingKey(
            "statsd.interval", \.statsD.interval, "How often what StatsD's lines came to becomes samples.",
            expected: moreThanNoTime, where: { $0 > .zero }),
        SettingKey(
            "statsd.max_series", \.statsD.maxSeries, in: 1...10_000_000,
            "Most series of StatsD that are added up; lines of further new ones become dead letters."),
        SettingKey(
            "statsd.expire_after", \.statsD.expireAfter,
            "How long a series of StatsD may get no value until it ends.", expected: moreThanNoTime,
            where: { $0 > .zero }),
        SettingKey(
            "graphite.listen", \.graphite.listen,
            "Address on which Graphite's plain text is taken by UDP and TCP, such as 127.0.0.1:2003; off for none, port 0 "
                + "takes any free one."),
        SettingKey(
            "graphite.templates", \.graphite.templates,
            "How paths of Graphite become a metric's name and labels, such as `servers.<source_id>.<metric>`; the first that "
                + "fits decides.",
            expected: "a list of templates such as servers.<source_id>.<metric>, each with one <metric> at least",
            where: { $0.allSatisfy { GraphiteTemplate($0) != nil } }),

        SettingKey(
            "log.max_pending_bytes", \.log.maxPendingBytes, bytesFrom: 1 << 20,
            "Most bytes that may wait for the log; above it, requests are answered 429 until it has caught up."),
        SettingKey(
            "log.max_group_records", \.log.maxGroupRecords, in: 1...10_000_000,
            "Most records that share one commit of the log."),
        SettingKey(
            "dead_letters.max_bytes", \.deadLetters.maxBytes, bytesFrom: 0,
            "Most bytes of refused records that are kept; above it, replayed ones go first, then the oldest."),
        SettingKey(
            "dead_letters.max_age", \.deadLetters.maxAge,
            "How long refused records are kept; 0 for as long as there is room."),

        SettingKey(
            "pipeline.file", \.pipeline.file,
            "File with the stages that every record goes through between the log and the store; empty for none.",
            expected: "the path of a file, or nothing"),

        SettingKey(
            "forward.file", \.forward.file,
            "File with the stores to which what the log holds is sent on by remote write; empty for none.",
            expected: "the path of a file, or nothing"),
        SettingKey(
            "forward.max_backlog_bytes", \.forward.maxBacklogBytes, bytesFrom: 1 << 20,
            "Most bytes of the log that are kept for a receiver that is behind; above it, it misses the oldest, which is counted."
        ),

        SettingKey(
            "head.flush_interval", \.head.flushInterval,
            "How often memory is looked over for windows that can be written as blocks.", expected: moreThanNoTime,
            where: { $0 > .zero }),
        SettingKey(
            "head.grace", \.head.grace, "How long after its end a window stays in memory and waits for late samples."),
        SettingKey(
            "head.backfill_bytes", \.head.backfillBytes, bytesFrom: 1 << 20,
            "Bytes of old samples, and at least what the series take, above which windows that are over are written at once."
        ),

        SettingKey("retention.raw", \.retention.raw, "How long samples are kept; 0 for ever."),
        SettingKey(
            "retention.rollup_5m", \.retention.rollup5m,
            "How long sums over 5 minutes are kept that remain of samples; 0 for ever."),
        SettingKey(
            "retention.rollup_1h", \.retention.rollup1h,
            "How long sums over an hour are kept that remain of samples; 0 for ever."),
        SettingKey(
            "retention.rules", \.retention.rules,
            "Other durations for some series; the first rule that fits a series decides.",
            explain: RetentionRules.faults),
        SettingKey(
            "exemplars.max", \.exemplars.max, in: 0...1_000_000_000,
            "Most exemplars that are kept; beyond it, the oldest go. 0 to keep none."),
        SettingKey(
            "exemplars.max_per_series", \.exemplars.maxPerSeries, in: 1...1_000_000_000,
            "Most exemplars of one series that are kept; beyond it, its oldest go."),
        SettingKey(
            "exemplars.max_age", \.exemplars.maxAge,
            "How long exemplars are kept, by their own time; 0 for as long as there is room."),
        SettingKey(
            "compaction.interval", \.compaction.interval,
            "How often blocks are looked over for what can be merged or is kept no longer.", expected: moreThanNoTime,
            where: { $0 > .zero }),

        SettingKey(
            "query.max_samples", \.query.maxSamples, in: 1...100_000_000_000,
            "Most samples that one query may read."),
        SettingKey(
            "query.max_series", \.query.maxSeries, in: 1...4_294_967_295, "Most series that one query may touch."),
        SettingKey(
            "query.max_steps", \.query.maxSteps, in: 1...10_000_000,
            "Most steps, (end - start) / step, that a range query may have."),
        SettingKey(
            "query.max_memory", \.query.maxMemory, bytesFrom: 1 << 20,
            "Most bytes that one query may take: 16 for a sample that it reads or makes, 256 for a series, 8 for each value of "
                + "the results of its parts at a time."),
        SettingKey(
            "query.timeout", \.query.timeout, "How long one query may take.", expected: moreThanNoTime,
            where: { $0 > .zero }),
        SettingKey(
            "query.lookback_delta", \.query.lookbackDelta,
            "How old a series' last sample may be and still count as its value.", expected: moreThanNoTime,
            where: { $0 > .zero }),
        SettingKey(
            "query.threads", \.query.threads, in: 0...1024, "Threads that evaluate queries; 0 for one per core."),

        SettingKey(
            "alerts.rule_files", \.alerts.ruleFiles, "Rule files, as paths that may hold the wildcards `*` and `?`.",
            expected: "a list of paths"),
        SettingKey(
            "alerts.evaluation_interval", \.alerts.evaluationInterval,
            "How often rules are evaluated whose group does not say.", expected: moreThanNoTime,
            where: { $0 > .zero }),
        SettingKey(
            "alerts.webhooks", \.alerts.webhooks, "Addresses that alert notifications are posted to.",
            expected: "a list of http:// or https:// addresses", isSecret: true,
            where: { $0.allSatisfy(WebAddress.isValid) }),
        SettingKey(
            "alerts.external_url", \.alerts.externalURL,
            "Address under which people reach this server, for links in notifications; empty for the listen address.",
            expected: "an http:// or https:// address, or nothing", where: { $0.isEmpty || WebAddress.isValid($0) }),

        SettingKey(
            "scrape.config_file", \.scrape.configFile,
            "A `prometheus.yml`, whose targets are scraped; empty for none. Read again at SIGHUP and POST /-/reload."),

        SettingKey("kpis.dir", \.kpis.dir, "Folder of KPI definitions; empty for the built-in ones."),

        SettingKey("demo", \.demo, "Runs a simulated fleet that sends to this server."),
        SettingKey("logging.level", \.logging.level, "Least important messages that are logged."),
        SettingKey("logging.format", \.logging.format, "Shape of a log line: for people, or one JSON object a line."),
        SettingKey(
            "shutdown.timeout", \.shutdown.timeout,
            "How long running requests may take to finish when the server is told to stop."),
    ]

    private static let moreThanNoTime = "a duration above zero, such as 30s, 5m or 1h30m"

    static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    static let byEnvironmentName = Dictionary(uniqueKeysWithValues: all.map { ($0.environmentName, $0) })
    /// What names may stand before a dot: `ingest`, `ingest.otlp`, `log`, ….
    static let groups = Set(
        all.flatMap { key in
            let parts = key.name.split(separator: ".")
            return parts.indices.dropFirst().map { parts[..<$0].joined(separator: ".") }
        })
}
