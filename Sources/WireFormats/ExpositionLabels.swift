import TelemetryModel

/// Goes through what stands between the braces of a series.
///
/// A name is letters, digits and _, or any text in quotes; a text in quotes without a value is the metric's name
/// (https://prometheus.io/docs/instrumenting/exposition_formats/, "UTF-8").
struct ExpositionLabelPairs {
    /// All ranges are the inside of the quotes, where there are any.
    struct Pair {
        let name: ByteRange
        /// Nil for the metric's name.
        let value: ByteRange?
    }

    private var index: Int
    private var isFirst = true
    /// The offset of the closing brace.
    private let end: Int

    /// - Parameter braces: with both of them, the outermost ones outside of quotes.
    init(_ braces: ByteRange) {
        index = braces.start + 1
        end = braces.end - 1
    }

    /// Nil at the end.
    mutating func next(_ bytes: Span<UInt8>) throws(ExpositionFault) -> Pair? {
        try separate(bytes)
        guard index < end else { return nil }
        let isQuoted = bytes[index] == ASCII.quote
        let name = isQuoted ? try quoted(bytes) : try unquoted(bytes)
        index = bytes.skippingBlanks(index)
        if isQuoted, index >= end || bytes[index] == ASCII.comma { return Pair(name: name, value: nil) }
        guard index < end, bytes[index] == ASCII.equals else { throw ExpositionFault(.noEqualsSign, at: index) }
        index = bytes.skippingBlanks(index + 1)
        guard index < end, bytes[index] == ASCII.quote else { throw ExpositionFault(.noLabelValue, at: index) }
        return Pair(name: name, value: try quoted(bytes))
    }

    private mutating func unquoted(_ bytes: Span<UInt8>) throws(ExpositionFault) -> ByteRange {
        let start = index
        while index < end, bytes[index] > ASCII.space, bytes[index] != ASCII.comma, bytes[index] != ASCII.equals {
            guard ExpositionName.isLabelByte(bytes[index], isFirst: index == start) else {
                throw ExpositionFault(.badLabelName, at: start)
            }
            index += 1
        }
        guard index > start else { throw ExpositionFault(.noLabelName, at: index) }
        return ByteRange(start: start, end: index)
    }

    private mutating func quoted(_ bytes: Span<UInt8>) throws(ExpositionFault) -> ByteRange {
        let start = index + 1
        guard let quote = bytes.closingQuoteInLine(start), quote < end else {
            throw ExpositionFault(.openQuotes, at: end)
        }
        index = quote + 1
        return ByteRange(start: start, end: quote)
    }

    /// Moves to the next pair, or to the end: there is a comma after each, which may be missing after the last one.
    private mutating func separate(_ bytes: Span<UInt8>) throws(ExpositionFault) {
        index = bytes.skippingBlanks(index)
        guard index < end, !isFirst else {
            isFirst = false
            return
        }
        guard bytes[index] == ASCII.comma else { throw ExpositionFault(.noCommaOrBrace, at: index) }
        index = bytes.skippingBlanks(index + 1)
    }
}

/// Which bytes names have that stand without quotes.
enum ExpositionName {
    static func isLabelByte(_ byte: UInt8, isFirst: Bool) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || byte == UInt8(ascii: "_")
            || (!isFirst && ASCII.digit(byte) <= 9)
    }

    static func isMetricByte(_ byte: UInt8, isFirst: Bool) -> Bool {
        isLabelByte(byte, isFirst: isFirst) || byte == ASCII.colon
    }
}

/// The labels of a series, from its text. Only for series that were not seen before, and for what is refused.
struct ExpositionLabels {
    private struct Part {
        /// Nil for the metric's name.
        let name: ByteRange?
        let value: ByteRange
    }

    private var parts: [Part] = []

    /// Checks the grammar.
    ///
    /// - Parameter series: the metric's name and the braces, of which one may be missing.
    init(_ series: ByteRange, _ bytes: Span<UInt8>) throws(ExpositionFault) {
        var index = series.start
        while index < series.end, bytes[index] > ASCII.space, bytes[index] != ASCII.openBrace {
            guard ExpositionName.isMetricByte(bytes[index], isFirst: index == series.start) else {
                throw ExpositionFault(.badMetricName, at: series.start)
            }
            index += 1
        }
        var hasName = index > series.start
        if hasName { parts.append(Part(name: nil, value: ByteRange(start: series.start, end: index))) }
        index = bytes.skippingBlanks(index)
        guard index < series.end else { return }
        var pairs = ExpositionLabelPairs(ByteRange(start: index, end: series.end))
        while let pair = try pairs.next(bytes) {
            guard let value = pair.value else {
                guard !hasName else { throw ExpositionFault(.secondMetricName, at: pair.name.start - 1) }
                hasName = true
                parts.append(Part(name: nil, value: pair.name))
                continue
            }
            parts.append(Part(name: pair.name, value: value))
        }
    }

    /// The labels as they read, in the order in which they are written.
    func texts(_ bytes: Span<UInt8>) throws(Refusal) -> [Label] {
        var labels: [Label] = []
        labels.reserveCapacity(parts.count)
        for part in parts {
            let name = if let name = part.name { try Self.text(name, bytes) } else { LabelSet.metricNameLabel }
            labels.append(Label(name, try Self.text(part.value, bytes)))
        }
        return labels
    }

    /// The value of a label in a line that may be broken, if it can be read up to there.
    static func value(of name: String, inLine line: ByteRange, _ bytes: Span<UInt8>) -> String? {
        var brace = line.start
        while brace < line.end, bytes[brace] != ASCII.openBrace { brace += 1 }
        guard brace < line.end else { return nil }
        // The closing brace is no pair, so it ends there at the latest.
        var pairs = ExpositionLabelPairs(ByteRange(start: brace, end: line.end + 1))
        while let pair = try? pairs.next(bytes) {
            guard let value = pair.value, bytes.array(pair.name).elementsEqual(name.utf8) else { continue }
            return try? text(value, bytes)
        }
        return nil
    }

    /// The text in quotes. `\\`, `\"` and `\n` are escapes; any other backslash stands for itself.
    private static func text(_ range: ByteRange, _ bytes: Span<UInt8>) throws(Refusal) -> String {
        guard !bytes.isPlainASCII(range) else { return String(decoding: bytes.array(range), as: UTF8.self) }
        guard let text = String(validating: bytes.unescaped(range, quotes: true), as: UTF8.self) else {
            throw .noUTF8()
        }
        return text
    }
}
