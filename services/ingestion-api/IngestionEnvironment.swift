package import IngestLog
package import SelfMetrics
package import TelemetryModel
package import WireFormats

/// What the ingestion routes need of the rest.
package struct IngestionEnvironment: Sendable {
    package let decoders: IngestionDecoders
    package let log: IngestLog
    package let metrics: IngestionMetrics
    /// Of a request's body, before and after decompression.
    package let maximumBodyBytes: Int
    /// How long a client may take to send its body.
    package let requestTimeout: Duration
    /// True while more waits to be processed than may.
    package let isBehind: @Sendable () -> Bool
    /// Returns when the batch with this offset can be queried.
    package let waitUntilStored: @Sendable (Int64) async -> Void
    /// Nil for no limits of callers and sources.
    package var limiter: IngestLimiter?

    package init(
        decoders: IngestionDecoders, log: IngestLog, metrics: IngestionMetrics, maximumBodyBytes: Int,
        requestTimeout: Duration, isBehind: @escaping @Sendable () -> Bool,
        waitUntilStored: @escaping @Sendable (Int64) async -> Void
    ) {
        self.decoders = decoders
        self.log = log
        self.metrics = metrics
        self.maximumBodyBytes = maximumBodyBytes
        self.requestTimeout = requestTimeout
        self.isBehind = isBehind
        self.waitUntilStored = waitUntilStored
    }
}

/// One decoder a protocol; together they give references to the series of all.
package struct IngestionDecoders: Sendable {
    package let contract: ContractDecoder
    package let remoteWrite: RemoteWriteDecoder
    package let lineProtocol: LineProtocolDecoder
    package let exposition: ExpositionDecoder
    package let otlp: OTLPDecoder
    package let otlpLogs: OTLPLogDecoder
    /// For replays: lines that come go through their listener's own.
    package let graphite: GraphiteDecoder
    /// Of requests with differences, whose totals must not overtake one another.
    package let deltaTurns = TaskTurns()

    /// - Parameter maximumRecords: of one request.
    package init(
        registry: SeriesRegistry, maximumRecords: Int, otlp: OTLPTranslation = OTLPTranslation(),
        graphiteTemplates: [GraphiteTemplate] = []
    ) {
        contract = ContractDecoder(registry: registry, limits: ContractLimits(maxRecords: maximumRecords))
        remoteWrite = RemoteWriteDecoder(registry: registry, maximumRecords: maximumRecords)
        lineProtocol = LineProtocolDecoder(registry: registry, maximumRecords: maximumRecords)
        exposition = ExpositionDecoder(registry: registry, maximumRecords: maximumRecords)
        self.otlp = OTLPDecoder(registry: registry, translation: otlp, maximumRecords: maximumRecords)
        otlpLogs = OTLPLogDecoder(registry: registry, translation: otlp, maximumRecords: maximumRecords)
        graphite = GraphiteDecoder(registry: registry, templates: graphiteTemplates)
    }
}

/// What the routes count.
package struct IngestionMetrics: Sendable {
    let requests: Counter
    let refusedRequests: Counter
    let records: Counter
    let rejected: Counter
    let exemplars: Counter
    let rejectedExemplars: Counter
    let bytes: Counter
    let latency: LatencyHistogram

    package init(_ registry: MetricsRegistry) {
        requests = registry.counter("heliograph_ingest_requests_total", help: "Requests that brought telemetry.")
        refusedRequests = registry.counter(
            "heliograph_ingest_refused_requests_total", help: "Requests refused as a whole.")
        records = registry.counter("heliograph_ingest_accepted_records_total", help: "Records accepted.")
        rejected = registry.counter("heliograph_ingest_rejected_records_total", help: "Records kept as dead letters.")
        exemplars = registry.counter("heliograph_ingest_exemplars_total", help: "Exemplars accepted.")
        rejectedExemplars = registry.counter(
            "heliograph_ingest_rejected_exemplars_total",
            help: "Exemplars left out because something is wrong with them or with their series.")
        bytes = registry.counter("heliograph_ingest_body_bytes_total", help: "Bytes of bodies, as received.")
        latency = registry.histogram(
            "heliograph_ingest_request_duration_seconds", help: "From the request's head to its answer.")
    }
}
