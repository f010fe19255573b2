package import NativeHistograms

/// A native histogram as scripts write it: `{{schema:1 count:3 sum:4.5 buckets:[1 2] offset:1}}`.
package struct HistogramDescription: Equatable {
    package let histogram: NativeHistogram
    /// A hint that is not written is not compared.
    let hasHint: Bool

    package init(_ histogram: NativeHistogram, hasHint: Bool) {
        self.histogram = histogram
        self.hasHint = hasHint
    }

    /// `text` is what stands between the double braces.
    init(_ text: Substring) throws {
        var histogram = NativeHistogram()
        var (offset, negativeOffset) = (Int32(0), Int32(0))
        var hasHint = false
        for (key, value) in try Self.fields(text) {
            switch key {
            case "schema": histogram.schema = try Self.integer(value)
            case "sum": histogram.sum = try SeriesDescription.number(value)
            case "count": histogram.count = try SeriesDescription.number(value)
            case "z_bucket": histogram.zeroCount = try SeriesDescription.number(value)
            case "z_bucket_w": histogram.zeroThreshold = try SeriesDescription.number(value)
            case "offset": offset = try Self.integer(value)
            case "n_offset": negativeOffset = try Self.integer(value)
            case "buckets": histogram.positiveBuckets = try Self.list(value)
            case "n_buckets": histogram.negativeBuckets = try Self.list(value)
            case "custom_values": histogram.customValues = try Self.list(value)
            case "counter_reset_hint":
                hasHint = true
                switch value {
                case "unknown": histogram.counterReset = .unknown
                case "reset": histogram.counterReset = .reset
                case "not_reset": histogram.counterReset = .notReset
                case "gauge": histogram.counterReset = .gauge
                default: throw SeriesDescription.ParseError(description: "not a hint: \(value)")
                }
            default: throw SeriesDescription.ParseError(description: "not a field of a histogram: \(key)")
            }
        }
        if !histogram.positiveBuckets.isEmpty {
            histogram.positiveSpans = [.init(offset: offset, length: UInt32(histogram.positiveBuckets.count))]
        }
        if !histogram.negativeBuckets.isEmpty {
            histogram.negativeSpans = [.init(offset: negativeOffset, length: UInt32(histogram.negativeBuckets.count))]
        }
        self.init(histogram, hasHint: hasHint)
    }

    private static func fields(_ text: Substring) throws -> [(Substring, Substring)] {
        var fields: [(Substring, Substring)] = []
        var rest = text.drop(while: \.isWhitespace)
        while !rest.isEmpty {
            let key = rest.prefix { $0 != ":" }
            rest = rest.dropFirst(key.count + 1)
            let value: Substring
            if rest.hasPrefix("[") {
                value = rest.dropFirst().prefix { $0 != "]" }
                rest = rest.dropFirst(value.count + 2)
            } else {
                value = rest.prefix { !$0.isWhitespace }
                rest = rest.dropFirst(value.count)
            }
            fields.append((key, value))
            rest = rest.drop(while: \.isWhitespace)
        }
        return fields
    }

    private static func integer(_ text: Substring) throws -> Int32 {
        guard let value = Int32(text) else {
            throw SeriesDescription.ParseError(description: "not an integer: \(text)")
        }
        return value
    }

    private static func list(_ text: Substring) throws -> [Double] {
        try text.split(whereSeparator: \.isWhitespace).map(SeriesDescription.number)
    }

    /// The points of a word such as `{{…}}`, `{{…}}x3` or `{{…}}+{{…}}x5`.
    static func points(_ word: String) throws -> [SeriesDescription.Point] {
        var rest = Substring(word)
        let base = try next(&rest)
        var step: NativeHistogram?
        if let sign = rest.first, sign == "+" || sign == "-" {
            rest = rest.dropFirst()
            var histogram = try next(&rest).histogram
            if sign == "-" {
                let hint = histogram.counterReset
                histogram.multiply(by: -1)
                histogram.counterReset = hint
            }
            step = histogram
        }
        guard !rest.isEmpty else { return [.histogram(base)] }
        guard rest.hasPrefix("x") else { throw SeriesDescription.ParseError(description: "not a repetition: \(word)") }
        let repetitions = try SeriesDescription.repetitions(rest.dropFirst())
        var current = base.histogram
        return try (0...repetitions).map { index in
            if index > 0, let step { _ = try current.add(step) }
            return .histogram(HistogramDescription(current, hasHint: base.hasHint))
        }
    }

    private static func next(_ rest: inout Substring) throws -> HistogramDescription {
        guard rest.hasPrefix("{{"), let end = rest.firstRange(of: "}}") else {
            throw SeriesDescription.ParseError(description: "not a histogram: \(rest)")
        }
        let description = try HistogramDescription(rest[rest.index(rest.startIndex, offsetBy: 2)..<end.lowerBound])
        rest = rest[end.upperBound...]
        return description
    }

    /// Equal to six digits, whatever empty buckets there are.
    func isClose(to other: NativeHistogram) -> Bool {
        let (wanted, got) = (histogram.compacted, other.compacted)
        func areClose(_ a: [Double], _ b: [Double]) -> Bool {
            a.count == b.count && zip(a, b).allSatisfy { $0.isClose(to: $1) }
        }
        func indices(_ spans: [NativeHistogram.Span]) -> [Int] {
            var index = 0
            return spans.flatMap { span in
                index += Int(span.offset)
                defer { index += Int(span.length) }
                return (0..<Int(span.length)).map { index + $0 }
            }
        }
        return wanted.schema == got.schema && wanted.zeroThreshold.isClose(to: got.zeroThreshold)
            && wanted.zeroCount.isClose(to: got.zeroCount) && wanted.count.isClose(to: got.count)
            && wanted.sum.isClose(to: got.sum) && wanted.customValues == got.customValues
            && areClose(wanted.positiveBuckets, got.positiveBuckets)
            && areClose(wanted.negativeBuckets, got.negativeBuckets)
            && indices(wanted.positiveSpans) == indices(got.positiveSpans)
            && indices(wanted.negativeSpans) == indices(got.negativeSpans)
            && (!hasHint || wanted.counterReset == got.counterReset)
    }
}
