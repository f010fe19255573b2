package import NativeHistograms
package import TelemetryModel

/// Writes a message of remote write 1.0, `prometheus.WriteRequest`
/// (https://prometheus.io/docs/specs/prw/remote_write_spec/#protocol): each series once, its samples in the order of their times,
/// as the specification asks for.
package struct RemoteWriteEncoder: Sendable {
    private enum Content: Sendable {
        case number(Double)
        case histogram(NativeHistogram)
    }

    private struct Series: Sendable {
        let labels: LabelSet
        var samples: [(timestamp: Int64, content: Content)] = []
        var exemplars: [Exemplar] = []
    }

    private var series: [Series] = []
    private var places: [SeriesReference: Int] = [:]
    /// How many were appended.
    package private(set) var sampleCount = 0
    package private(set) var exemplarCount = 0

    package init() {}

    package var isEmpty: Bool { sampleCount == 0 && exemplarCount == 0 }

    /// - Parameter labels: asked for once a series.
    package mutating func append(
        _ reference: SeriesReference, _ labels: @autoclosure () -> LabelSet, at timestamp: Int64, value: Double
    ) {
        append(reference, labels, timestamp, .number(value))
    }

    package mutating func append(
        _ reference: SeriesReference, _ labels: @autoclosure () -> LabelSet, at timestamp: Int64,
        histogram: NativeHistogram
    ) {
        append(reference, labels, timestamp, .histogram(histogram))
    }

    package mutating func append(
        _ reference: SeriesReference, _ labels: @autoclosure () -> LabelSet, exemplar: Exemplar
    ) {
        series[place(of: reference, labels)].exemplars.append(exemplar)
        exemplarCount += 1
    }

    private mutating func append(
        _ reference: SeriesReference, _ labels: () -> LabelSet, _ timestamp: Int64, _ content: Content
    ) {
        series[place(of: reference, labels)].samples.append((timestamp, content))
        sampleCount += 1
    }

    private mutating func place(of reference: SeriesReference, _ labels: () -> LabelSet) -> Int {
        if let place = places[reference] { return place }
        places[reference] = series.count
        series.append(Series(labels: labels()))
        return series.count - 1
    }

    /// The message, not compressed. Of samples of a series with the same time, the later appended comes later.
    package var message: [UInt8] {
        var writer = ProtobufWriter()
        for series in series {
            let ordered = series.samples.enumerated().sorted {
                ($0.element.timestamp, $0.offset) < ($1.element.timestamp, $1.offset)
            }
            writer.message(1) { message in
                message.labels(series.labels)
                for (_, sample) in ordered {
                    switch sample.content {
                    case .number(let value): message.sample(timestamp: sample.timestamp, value: value)
                    case .histogram(let histogram): message.histogram(timestamp: sample.timestamp, histogram)
                    }
                }
                for exemplar in series.exemplars.sorted(by: { $0.timestamp < $1.timestamp }) {
                    message.exemplar(exemplar)
                }
            }
        }
        return writer.bytes
    }
}

extension ProtobufWriter {
    /// An `Exemplar`, field 3 of a `TimeSeries`.
    fileprivate mutating func exemplar(_ exemplar: Exemplar) {
        message(3) { message in
            message.labels(exemplar.labels)
            message.double(2, exemplar.value)
            message.int64(3, exemplar.timestamp)
        }
    }
}
