import TelemetryModel

/// Where a line of exposition text breaks the grammar, and how. Without any text, so that it costs nothing to throw.
struct ExpositionFault: Error {
    enum Kind {
        case noMetricName, badMetricName, secondMetricName
        case noLabelName, badLabelName, noEqualsSign, noLabelValue, noCommaOrBrace, openBraces, openQuotes
        case noValue, badValue, valueTooLarge, badTimestamp, timestampTooLarge, noEndOfLine
        case noExemplarLabels, exemplarWithMetricName
        case noFamilyName, badType
        case afterEnd
    }

    let kind: Kind
    /// Of the byte at fault; the end of the text if it ends too early.
    let offset: Int

    init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
    }
}

extension ExpositionFault {
    /// - Parameter start: of the line.
    func refusal(lineAt start: Int, _ bytes: Span<UInt8>) -> Refusal {
        let column = TextPosition(bytes.extracting(start..<max(start, offset)), offset - start).column
        let sentence = "at column \(column), \(sentence(found(bytes)))"
        return switch kind {
        case .valueTooLarge: Refusal(.numberOutOfRange, sentence)
        case .timestampTooLarge: Refusal(.timestampOutOfRange, sentence)
        default: Refusal(.invalidLine, sentence)
        }
    }

    private func found(_ bytes: Span<UInt8>) -> String {
        guard offset < bytes.count, bytes[offset] != ASCII.newline else { return "the end of the line" }
        let end = max(bytes.endOfWord(offset), offset + 1)
        return "\"\(Excerpt.text(bytes, ByteRange(start: offset, end: end)))\""
    }

    private func sentence(_ found: String) -> String {
        switch kind {
        case .noMetricName:
            "expected the name of a metric, before the braces or in quotes inside them, got none."
        case .badMetricName:
            "expected the name of a metric, of letters, digits, _ and :, got \(found). Other names are written in quotes "
                + "inside the braces: {\"a.b\",label=\"value\"}."
        case .secondMetricName: "expected one name of a metric, got a second one, \(found)."
        case .noLabelName: "expected the name of a label or }, got \(found)."
        case .badLabelName:
            "expected the name of a label, of letters, digits and _, got \(found). Other names are written in quotes."
        case .noEqualsSign: "expected = after the label's name, got \(found)."
        case .noLabelValue: "expected the label's value in double quotes, got \(found)."
        case .noCommaOrBrace: "expected a comma or } after the label's value, got \(found)."
        case .openBraces: "expected } after the labels, got \(found)."
        case .openQuotes: "expected a closing quote, got \(found). A line feed in a text is written \\n."
        case .noValue: "expected a value, got \(found)."
        case .badValue: "expected a number, NaN, +Inf or -Inf, got \(found)."
        case .valueTooLarge: "expected a number that a 64-bit float can hold (up to about 1.8e308), got \(found)."
        case .badTimestamp:
            "expected a time (whole milliseconds since 1970; in OpenMetrics seconds with any fraction), got \(found)."
        case .timestampTooLarge: "expected a time in the years from 1970 to 2099, got \(found)."
        case .noEndOfLine: "expected the end of the line, got \(found)."
        case .noExemplarLabels: "expected the labels of an exemplar in braces after #, got \(found)."
        case .exemplarWithMetricName: "expected label=\"value\" in an exemplar, got \(found)."
        case .noFamilyName: "expected the name of a metric after TYPE, got \(found)."
        case .badType:
            "expected one of counter, gauge, histogram, gaugehistogram, summary, info, stateset, untyped and unknown as "
                + "the type, got \(found)."
        case .afterEnd: "expected nothing after # EOF, got \(found)."
        }
    }
}
