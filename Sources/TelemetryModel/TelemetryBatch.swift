package import NativeHistograms

/// A raw series as the log knows it: dense, starting at 0, never reused within one data folder.
package struct SeriesReference: Hashable, Sendable, Comparable {
    package let rawValue: UInt32

    @inlinable package init(_ rawValue: UInt32) { self.rawValue = rawValue }

    package static func < (a: SeriesReference, b: SeriesReference) -> Bool { a.rawValue < b.rawValue }
}

/// How records came in. Raw values are stored in the log and never reused.
package enum IngestProtocol: UInt8, CaseIterable, Sendable {
    /// The JSON data contract, in any of its shapes.
    case contract = 1
    /// Made here, by recording and alerting rules.
    case rules = 2
    /// Prometheus' remote write, both versions.
    case remoteWrite = 3
    /// InfluxDB's line protocol.
    case lineProtocol = 4
    /// Prometheus' text formats, pushed.
    case exposition = 5
    /// OpenTelemetry's protocol over HTTP.
    case otlp = 6
    /// StatsD's lines, aggregated over an interval.
    case statsd = 7
    /// Graphite's plain text.
    case graphite = 8
    /// Fetched from targets, in Prometheus' text formats.
    case scrape = 9
    /// Made here, by the pipeline's streaming aggregation.
    case aggregation = 10

    /// The value of the label `protocol` in metrics and in the ledger.
    package var name: String {
        switch self {
        case .contract: "contract"
        case .rules: "rules"
        case .remoteWrite: "remote_write"
        case .lineProtocol: "line_protocol"
        case .exposition: "exposition"
        case .otlp: "otlp"
        case .statsd: "statsd"
        case .graphite: "graphite"
        case .scrape: "scrape"
        case .aggregation: "aggregation"
        }
    }
}

/// The text that came with a record; with it the record is also an operational event.
package struct RecordMessage: Hashable, Sendable {
    /// Index into the batch's columns.
    package let sampleIndex: Int
    package let text: String

    package init(sampleIndex: Int, text: String) {
        self.sampleIndex = sampleIndex
        self.text = text
    }
}

/// The native histogram that a record has for a value.
package struct RecordHistogram: Hashable, Sendable {
    /// Index into the batch's columns.
    package let sampleIndex: Int
    package let histogram: NativeHistogram

    package init(sampleIndex: Int, histogram: NativeHistogram) {
        self.sampleIndex = sampleIndex
        self.histogram = histogram
    }
}

/// When the counting began that a record is the result of, if its sender says so (OpenMetrics' created timestamp).
package struct RecordStart: Hashable, Sendable {
    /// Index into the batch's columns.
    package let sampleIndex: Int
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let startTimestamp: Int64

    package init(sampleIndex: Int, startTimestamp: Int64) {
        self.sampleIndex = sampleIndex
        self.startTimestamp = startTimestamp
    }
}

/// Accepted records as columns of equal length: element i of each column is record i.
package struct TelemetryBatch: Sendable, Equatable {
    package var references: [SeriesReference] = []
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var timestamps: [Int64] = []
    package var values: [Double] = []
    /// Ascending by `sampleIndex`.
    package var messages: [RecordMessage] = []
    /// Ascending by `sampleIndex`. The element of `values` at such an index is the histogram's sum, and is not stored.
    package var histograms: [RecordHistogram] = []
    /// Ascending by `sampleIndex`; of float samples and of histograms.
    package var starts: [RecordStart] = []
    /// Beside the records, in the order in which they came: an exemplar need not come with a sample of its series.
    package var exemplars: [SeriesExemplar] = []

    package init() {}

    /// Of records.
    package var count: Int { timestamps.count }
    /// Of records and exemplars: what it takes to hold and to write goes by it.
    package var weight: Int { timestamps.count + exemplars.count }
    /// Without records and exemplars.
    package var isEmpty: Bool { timestamps.isEmpty && exemplars.isEmpty }

    package mutating func reserveCapacity(_ count: Int) {
        references.reserveCapacity(count)
        timestamps.reserveCapacity(count)
        values.reserveCapacity(count)
    }

    package mutating func append(_ reference: SeriesReference, at timestamp: Int64, value: Double) {
        references.append(reference)
        timestamps.append(timestamp)
        values.append(value)
    }

    package mutating func append(_ reference: SeriesReference, at timestamp: Int64, histogram: NativeHistogram) {
        histograms.append(RecordHistogram(sampleIndex: count, histogram: histogram))
        append(reference, at: timestamp, value: histogram.sum)
    }

    /// Equal bit by bit: NaN payloads and the sign of zero count.
    package static func == (a: TelemetryBatch, b: TelemetryBatch) -> Bool {
        a.references == b.references && a.timestamps == b.timestamps && a.messages == b.messages
            && a.starts == b.starts && a.exemplars == b.exemplars
            && a.histograms.elementsEqual(b.histograms) {
                $0.sampleIndex == $1.sampleIndex && $0.histogram.hasSameBits(as: $1.histogram)
            }
            && a.values.elementsEqual(b.values) { $0.bitPattern == $1.bitPattern }
    }
}
