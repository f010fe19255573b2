package import TelemetryModel

/// What an exposition text came to.
package struct DecodedExposition: Sendable {
    package var request = DecodedRequest()
    /// Exemplars that came: those in the batch, and those that are not because of a fault or their series.
    package var exemplars = 0
    /// False for OpenMetrics without `# EOF` at its end, from which something may be missing.
    package var isComplete = true
    /// Samples of series that the transform leaves out.
    package var dropped = 0
    /// Indices into the batch, ascending, of samples whose time stands in the text. Noted with a transform only.
    package var timed: [Int] = []
    /// Lines with samples beyond the limit of the transform. None of them is in the batch.
    package var beyondLimit = 0
}

/// Why a text as a whole is refused. Nothing of it was taken.
package enum ExpositionError: Error, Equatable, CustomStringConvertible {
    case tooManyRecords(limit: Int)

    package var description: String {
        switch self {
        case .tooManyRecords(let limit):
            "Expected at most \(limit) lines with samples in one request, got more. Send them in several requests. Nothing "
                + "was taken."
        }
    }
}

/// Turns Prometheus' text formats into batches. One per process; thread-safe.
///
/// A record is a line with a sample, or a line that is refused. A series that was seen before costs no look at its labels: it is
/// found by its text as it came.
///
/// As Prometheus 3 does, the decoder gives the label `le` of histograms and `quantile` of summaries the form of a number with a
/// point (`le="1"` becomes `le="1.0"`), and takes OpenMetrics' `_created` samples for series like others. What they say is also
/// noted as the start of the samples to which they belong.
package final class ExpositionDecoder: Sendable {
    let names: SeriesNames
    let maximumRecords: Int

    package init(registry: SeriesRegistry, maximumRecords: Int = 1_000_000) {
        names = SeriesNames(registry: registry)
        self.maximumRecords = maximumRecords
    }

    /// - Parameters:
    ///   - text: after decompression.
    ///   - extraLabels: go onto every series, in place of labels with the same names that it has; one with an empty value takes
    ///     such a label away.
    ///   - defaultTimestamp: of samples without one, in milliseconds since 1970-01-01T00:00:00Z.
    package func decode(
        _ text: Span<UInt8>, format: ExpositionFormat, extraLabels: [Label] = [], defaultTimestamp: Int64
    ) throws(ExpositionError) -> DecodedExposition {
        try decode(
            text,
            ExpositionDecoding(self, format: format, extraLabels: extraLabels, defaultTimestamp: defaultTimestamp))
    }

    /// - Parameters:
    ///   - text: after decompression.
    ///   - transform: makes the labels of every series.
    ///   - defaultTimestamp: of samples without one, in milliseconds since 1970-01-01T00:00:00Z.
    package func decode(
        _ text: Span<UInt8>, format: ExpositionFormat, transform: SeriesTransform, defaultTimestamp: Int64
    ) throws(ExpositionError) -> DecodedExposition {
        try decode(
            text,
            ExpositionDecoding(self, format: format, transform: transform, defaultTimestamp: defaultTimestamp))
    }

    private func decode(
        _ text: Span<UInt8>, _ prepared: ExpositionDecoding
    ) throws(ExpositionError) -> DecodedExposition {
        var decoding = prepared
        let prefix = decoding.keyPrefix
        if prefix.isEmpty {
            decoding.read(text, from: 0)
        } else {
            // The prefix is a part of every key, and a key lies in one piece of memory: so it is put before the text.
            // One copy of the text costs less than a copy of each key, and unlike a cache per prefix it needs no
            // bound of its own.
            let copy = [UInt8](capacity: prefix.count + text.count) { out in
                for byte in prefix { out.append(byte) }
                for index in text.indices { out.append(text[index]) }
            }
            decoding.read(copy.span, from: prefix.count)
        }
        guard !decoding.isOverfull else { throw .tooManyRecords(limit: maximumRecords) }
        return decoding.result
    }
}
