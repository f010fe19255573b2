import TelemetryModel

/// Labels as protocols without a fixed set of fields bring them: any names, any order.
extension LabelSet {
    static let mostLabels = 128
    /// Bytes.
    static let longestName = 1024
    /// Bytes.
    static let longestValue = 4096

    /// The labels of a series, in order.
    ///
    /// - Throws: without a metric's name, with a name twice, with a label that has no name, and beyond the bounds. Labels with
    ///   an empty value are left out.
    static func series(_ labels: [Label]) throws(Refusal) -> LabelSet {
        guard labels.count <= mostLabels else { throw .tooManyLabels(labels.count) }
        var kept: [Label] = []
        kept.reserveCapacity(labels.count)
        for label in labels where !label.value.isEmpty {
            guard !label.name.isEmpty else { throw .empty("a label's name") }
            let (name, value) = (label.name.utf8.count, label.value.utf8.count)
            guard name <= longestName else {
                throw .tooLong(
                    String(label.name.prefix(64)), limit: longestName, got: name, of: "bytes of a label's name")
            }
            guard value <= longestValue else {
                throw .tooLong(label.name, limit: longestValue, got: value, of: "bytes")
            }
            kept.append(label)
        }
        kept.sort { $0.name.isOrderedBeforeByBytes($1.name) }
        for index in kept.indices.dropFirst() {
            guard kept[index - 1].name.comparedByBytes(with: kept[index].name) != 0 else {
                throw .duplicateLabel(kept[index].name)
            }
        }
        let series = LabelSet(kept)
        guard series.metricName != nil else { throw .noMetricName() }
        return series
    }
}

extension Span<UInt8> {
    /// The text in `range`.
    func text(_ range: ByteRange) throws(Refusal) -> String {
        guard let text = String(validating: array(range), as: UTF8.self) else { throw .noUTF8() }
        return text
    }
}

extension Refusal {
    /// - Parameter timestamp: milliseconds since 1970-01-01T00:00:00Z.
    static func check(_ timestamp: Int64) throws(Refusal) {
        guard ContractTimestamp.range.contains(timestamp) else {
            throw .timestampOutOfRange("\(timestamp) milliseconds")
        }
    }

    static func tooManyLabels(_ count: Int) -> Refusal {
        Refusal(.tooManyTags, "Expected at most \(LabelSet.mostLabels) labels, got \(count).")
    }

    static func duplicateLabel(_ name: String) -> Refusal {
        Refusal(
            .duplicateKey, field: name, "The label \(name) stands in the series more than once. Send each name once.")
    }

    static func noMetricName() -> Refusal {
        Refusal(
            .missingField, field: LabelSet.metricNameLabel,
            "The series has no name of a metric (the label \(LabelSet.metricNameLabel)), which every series needs.")
    }

    static func noUTF8() -> Refusal {
        Refusal(.invalidUTF8, "A label's text is not UTF-8. Send names and values as UTF-8.")
    }
}
