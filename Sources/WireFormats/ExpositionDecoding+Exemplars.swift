import TelemetryModel

/// What stands behind the `#` of a line with a sample. Its labels are only located.
struct ExpositionExemplar {
    let braces: ByteRange
    let value: Double
    /// Milliseconds since 1970-01-01T00:00:00Z; nil if it has none.
    var timestamp: Int64?
    /// The offset of the line feed, or the end of the text.
    var end: Int
}

extension ExpositionExemplar {
    /// Nil if the labels are beyond the bounds of OpenMetrics, or the time is.
    ///
    /// - Parameter sampleTime: milliseconds, for one without a time of its own.
    func exemplar(_ bytes: Span<UInt8>, sampleTime: Int64) -> Exemplar? {
        Exemplar(checked: labels(bytes), value: value, timestamp: timestamp ?? sampleTime)
    }

    private func labels(_ bytes: Span<UInt8>) -> LabelSet? {
        // Escapes are two bytes for one.
        guard braces.count <= ExemplarLabels.bytes,
            let labels = try? ExpositionLabels(braces, bytes).texts(bytes)
        else { return nil }
        return ExemplarLabels.checked(labels, characters: ExemplarLabels.openMetricsCharacters)
    }
}

extension ExpositionDecoding {
    /// Puts the exemplars of samples whose series have been looked up to those that are taken.
    mutating func putExemplars(of samples: [Pending], _ bytes: Span<UInt8>) {
        for (position, start) in exemplars {
            let sample = samples[position]
            // The grammar was checked when the line was read.
            let exemplar = (try? reader.exemplar(bytes, at: start))?.exemplar(bytes, sampleTime: sample.timestamp)
            let isTaken = ContractTimestamp.range.contains(sample.timestamp)
            result.request.take(isTaken ? exemplar : nil, of: lookUp.references[position])
        }
        exemplars.removeAll(keepingCapacity: true)
    }
}
