package import TelemetryModel
package import TimeSeriesStore

/// What a query gave, with the remarks that came up on the way.
package struct QueryResult: Sendable {
    package let value: QueryValue
    /// Without repetition, in the order in which they came up.
    package let annotations: [QueryAnnotation]

    package init(value: QueryValue, annotations: [QueryAnnotation] = []) {
        self.value = value
        self.annotations = annotations
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
    package let value: Double

    package init(labels: LabelSet, timestamp: Int64, value: Double) {
        self.labels = labels
        self.timestamp = timestamp
        self.value = value
    }
}

/// A series with at least one sample.
package struct MatrixSeries: Sendable {
    package let labels: LabelSet
    package let samples: SampleColumns

    package init(labels: LabelSet, samples: SampleColumns) {
        self.labels = labels
        self.samples = samples
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
