import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import PromQLEngine
import TelemetryModel
import TimeSeriesStore

/// `GET /federate`: the newest sample of each selected series in Prometheus' text format, for another Prometheus to scrape
/// (https://prometheus.io/docs/prometheus/latest/federation/). Native histograms, which the text format cannot say, are left out.
struct FederationRoute: Sendable {
    let runner: QueryRunner

    @Sendable func handle(_ request: Request, _ context: AppContext) async throws -> Response {
        let environment = runner.environment
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let matcherLists = try parameters.matcherLists()
        let now = environment.now()
        let lookback = environment.engineOptions.lookbackDelta
        let takesAnyName = (request.headers[.accept] ?? "").contains("escaping=allow-utf-8")
        let (store, metadata) = (environment.store, environment.metadata)
        let body = try await runner.run(context) { budget in
            var newest: [LabelSet: Newest] = [:]
            for matchers in matcherLists {
                // The look-back excludes its older end, as in queries.
                let range = TimeRange(from: now - lookback + 1, through: now)
                let selection = SeriesSelection(matchers: matchers, range: range, isNewestEnough: true)
                for one in try store.select(selection, budget: budget, transform: Newest.init) {
                    newest[one.labels] = one
                }
            }
            var text = ExpositionText(takesAnyName: takesAnyName) { metadata.newest(ofSeries: $0) }
            for one in newest.values.sorted(by: { ExpositionText.precedes($0.labels, $1.labels) }) {
                text.append(one.labels, one.timestamp, one.value)
            }
            return text.bytes.buffer()
        }
        let type =
            takesAnyName
            ? "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
            : "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
        return Response(status: .ok, headers: [.contentType: type], body: .init(byteBuffer: body))
    }
}

/// The newest sample of a series that has not ended.
private struct Newest: Sendable {
    let labels: LabelSet
    let timestamp: Int64
    let value: Double

    /// Nil if the series has ended, or if its newest sample is a histogram.
    init?(_ series: SelectedSeries) {
        guard let timestamp = series.samples.timestamps.last, let value = series.samples.values.last,
            !value.isStaleMarker, series.histograms.timestamps.last ?? .min < timestamp
        else { return nil }
        labels = series.labels
        self.timestamp = timestamp
        self.value = value
    }
}

/// Samples in Prometheus' text exposition format (https://prometheus.io/docs/instrumenting/exposition_formats/).
struct ExpositionText: ~Copyable {
    private(set) var bytes = TextBytes(capacity: 16 << 10)
    /// Whether names of any characters may stand in quotation marks; otherwise underscores replace those that may not.
    private let takesAnyName: Bool
    private let metadata: (String) -> MetricMetadata?
    private var metric: String?

    /// - Parameter metadata: of the metric that series have for a name.
    init(takesAnyName: Bool, metadata: @escaping (String) -> MetricMetadata?) {
        self.takesAnyName = takesAnyName
        self.metadata = metadata
    }

    /// By metric name first, so that a metric's series lie together.
    static func precedes(_ a: LabelSet, _ b: LabelSet) -> Bool {
        let names = (a.metricName ?? "").comparedByBytes(with: b.metricName ?? "")
        return names != 0 ? names < 0 : a < b
    }

    mutating func append(_ labels: LabelSet, _ timestamp: Int64, _ value: Double) {
        guard let name = labels.metricName else { return }
        let isPlain = ExpositionText.isPlain(name, allowsColon: true)
        if name != metric {
            metric = name
            appendComments(on: name, isPlain: isPlain)
        }
        if isPlain || !takesAnyName {
            append(name: name, allowsColon: true)
            bytes.append("{")
        } else {
            bytes.append("{")
            append(quoted: name)
            bytes.append(",")
        }
        var isFirst = true
        for label in labels.labels where label.name != LabelSet.metricNameLabel {
            if !isFirst { bytes.append(",") }
            isFirst = false
            if takesAnyName, !ExpositionText.isPlain(label.name, allowsColon: false) {
                append(quoted: label.name)
            } else {
                append(name: label.name, allowsColon: false)
            }
            bytes.append("=")
            append(quoted: label.value)
        }
        // Keeps the scraping Prometheus from putting this server's own address there.
        if labels["instance"] == nil { bytes.append(isFirst ? #"instance="""# : #",instance="""#) }
        bytes.append("} ")
        SampleText.append(value, to: &bytes)
        bytes.append(" ")
        bytes.append(number: timestamp)
        bytes.append("\n")
    }

    /// What is known of the metric. Histograms and summaries, of which a series is only a part, stay untyped: their series may
    /// lie apart, or be selected in part.
    private mutating func appendComments(on name: String, isPlain: Bool) {
        let known = metadata(name)
        func appendName(_ text: inout ExpositionText) {
            if isPlain || !text.takesAnyName {
                text.append(name: name, allowsColon: true)
            } else {
                text.append(quoted: name)
            }
        }
        if let help = known?.help, !help.isEmpty {
            bytes.append("# HELP ")
            appendName(&self)
            bytes.append(" ")
            bytes.append(text: help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))
            bytes.append("\n")
        }
        bytes.append("# TYPE ")
        appendName(&self)
        switch known?.type {
        case .counter?: bytes.append(" counter\n")
        case .gauge?: bytes.append(" gauge\n")
        default: bytes.append(" untyped\n")
        }
    }

    private mutating func append(quoted text: String) {
        bytes.append("\"")
        bytes.append(text: text.escapedForLabelText)
        bytes.append("\"")
    }

    private mutating func append(name: String, allowsColon: Bool) {
        if ExpositionText.isPlain(name, allowsColon: allowsColon) { return bytes.append(text: name) }
        for (index, scalar) in name.unicodeScalars.enumerated() {
            let isPlain = scalar.isASCII && ExpositionText.isPlain(UInt8(scalar.value), index == 0, allowsColon)
            bytes.append(isPlain ? UInt8(scalar.value) : UInt8(ascii: "_"))
        }
    }

    private static func isPlain(_ name: String, allowsColon: Bool) -> Bool {
        !name.isEmpty && name.utf8.enumerated().allSatisfy { isPlain($1, $0 == 0, allowsColon) }
    }

    private static func isPlain(_ byte: UInt8, _ isFirst: Bool, _ allowsColon: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): !isFirst
        case UInt8(ascii: ":"): allowsColon
        default: false
        }
    }
}
