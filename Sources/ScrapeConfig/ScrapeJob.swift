package import Relabelling

/// One element of `scrape_configs`: where targets come from, how they are fetched, and what becomes of their series.
package struct ScrapeJob: Sendable, Hashable {
    package var name = ""
    /// More than 0.
    package var intervalMilliseconds: Int64 = 60_000
    /// More than 0, at most the interval.
    package var timeoutMilliseconds: Int64 = 10_000
    package var metricsPath = "/metrics"
    package var parameters: [String: [String]] = [:]
    package var scheme = "http"
    /// Labels that a target gives its series stand against those of the target.
    package var honorLabels = false
    /// Times that a target gives its samples are taken.
    package var honorTimestamps = true
    /// Series with times of the target's are ended, too, when they vanish.
    package var tracksTimestampStaleness = false
    package var access = HTTPAccess()
    package var enableCompression = true
    package var protocols = ScrapeProtocol.standard
    /// For answers whose `Content-Type` says nothing that is known; nil to refuse them.
    package var fallbackProtocol: ScrapeProtocol?
    package var limits = ScrapeLimits()
    package var discoveries: [Discovery] = []
    package var relabelling: [RelabelRule] = []
    package var metricRelabelling: [RelabelRule] = []

    package init() {}
}

/// Bounds that fail a scrape; 0 for none.
package struct ScrapeLimits: Sendable, Hashable {
    /// Bytes, after decompression.
    package var bodySize = 0
    /// After relabelling.
    package var samples = 0
    package var labels = 0
    package var labelNameLength = 0
    package var labelValueLength = 0
    /// Of the job.
    package var targets = 0
    /// Dropped targets that are kept to be shown.
    package var keptDroppedTargets = 0

    package init() {}
}

/// The formats in which a target may answer, by their names in `scrape_protocols`.
package enum ScrapeProtocol: String, CaseIterable, Sendable {
    case openMetrics1 = "OpenMetricsText1.0.0"
    case openMetrics0 = "OpenMetricsText0.0.1"
    case text1 = "PrometheusText1.0.0"
    case text0 = "PrometheusText0.0.4"
    /// Never asked for: it is the one that is not text.
    case protobuf = "PrometheusProto"

    package static let standard: [ScrapeProtocol] = [.openMetrics1, .openMetrics0, .text1, .text0]

    package var mediaType: String {
        switch self {
        case .openMetrics1: "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"
        case .openMetrics0: "application/openmetrics-text;version=0.0.1"
        case .text1: "text/plain;version=1.0.0;escaping=allow-utf-8"
        case .text0: "text/plain;version=0.0.4"
        case .protobuf: "application/vnd.google.protobuf"
        }
    }
}
