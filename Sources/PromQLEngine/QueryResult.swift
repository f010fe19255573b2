package import NativeHistograms
package import TelemetryModel
package import TimeSeriesStore

/// What a query gave, with the remarks that came up on the way.
package struct QueryResult: Sendable {
    package let value: QueryValue
    /// Without repetition, in the order in which they came up.
    package let annotations: [QueryAnnotation]
    /// Only if it was asked for.
    package let explanation: QueryExplanation?

    package init(
        value: QueryValue, annotations: [QueryAnnotation] = [], explanation: QueryExplanation? = nil
    ) {
        self.value = value
        self.annotations = annotations
        self.explanation = explanation
    }
}

/// An instant query gives any of these, a range query always a matrix. Timestamps are milliseconds since 1970.
package enum QueryValue: Sendable {
    case scalar(timestamp: Int64, value: Double)
    case string(timestamp: Int64, value: String)
    /// In the order that the query asks for (`sort`, `topk`), otherwise in the order of evaluation.
    case vector([VectorSample])
    /// Ordered by labels.
    case matrix([MatrixSeries])
}

package struct VectorSample: Sendable {
    package let labels: LabelSet
    package let timestamp: Int64
    /// NaN if the sample is a histogram.
    package let value: Double
    /// Nil if the sample is a number.
    package let histogram: NativeHistogram?

    package init(labels: LabelSet, timestamp: Int64, value: Double) {
        self.labels = labels
        self.timestamp = timestamp
        self.value = value
        histogram = nil
    }

    package init(labels: LabelSet, timestamp: Int64, histogram: NativeHistogram) {
        self.labels = labels
        self.timestamp = timestamp
        value = .nan
        self.histogram = histogram
    }
}

/// A series with at least one sample, be it a number or a histogram.
package struct MatrixSeries: Sendable {
    package let labels: LabelSet
    /// Samples that are numbers.
    package let samples: SampleColumns
    /// Samples that are native histograms. No time is both here and in `samples`.
    package let histograms: HistogramColumns

    package init(labels: LabelSet, samples: SampleColumns, histograms: HistogramColumns = HistogramColumns()) {
        self.labels = labels
        self.samples = samples
        self.histograms = histograms
    }
}

/// Something that the author of a query should know although the query has a result.
package struct QueryAnnotation: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        case warning, info
    }

    package let kind: Kind
    package let text: String
    /// UTF-8 offsets into the query text.
    package let range: Range<Int>
    /// Where `range` begins, both from 1; the column counts UTF-8 bytes.
    package let line: Int
    package let column: Int

    package init(kind: Kind, text: String, range: Range<Int>, line: Int, column: Int) {
        self.kind = kind
        self.text = text
        self.range = range
        self.line = line
        self.column = column
    }

    /// As the Prometheus HTTP API writes it: `PromQL warning: … (1:8)`.
    package var description: String { "PromQL \(kind.rawValue): \(text) (\(line):\(column))" }
}
