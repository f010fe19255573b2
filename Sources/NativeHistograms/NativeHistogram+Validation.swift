/// What is wrong with a histogram that came from outside.
package enum HistogramFault: Error, Equatable, CustomStringConvertible {
    case unknownSchema(Int32)
    /// The spans of one sign have another number of buckets than there are counts.
    case bucketCount(sign: String, expected: Int, found: Int)
    /// Only the first span may begin below the index after the span before.
    case overlappingSpans(sign: String)
    case negativeCount(String, Double)
    case zeroThreshold(Double)
    case customValues(String)

    package var description: String {
        switch self {
        case .unknownSchema(let schema):
            "schema \(schema) is neither from \(NativeHistogram.exponentialSchemas.lowerBound) to "
                + "\(NativeHistogram.exponentialSchemas.upperBound) nor \(NativeHistogram.customBuckets)"
        case .bucketCount(let sign, let expected, let found):
            "the spans of \(sign) buckets have \(expected) buckets, but there are \(found) counts"
        case .overlappingSpans(let sign): "a span of \(sign) buckets begins before the end of the one before it"
        case .negativeCount(let place, let count): "\(place) has \(count) observations, which is below zero"
        case .zeroThreshold(let threshold): "the zero threshold must be a number from 0 upwards, not \(threshold)"
        case .customValues(let reason): "custom bucket bounds \(reason)"
        }
    }
}

extension NativeHistogram {
    /// Whether this is a histogram as somebody may have observed it. Everything else here takes any histogram.
    package func validate() throws(HistogramFault) {
        guard usesCustomBuckets || Self.exponentialSchemas.contains(schema) else { throw .unknownSchema(schema) }
        guard zeroThreshold >= 0, zeroThreshold < .infinity else { throw .zeroThreshold(zeroThreshold) }
        try Self.validate(positiveSpans, positiveBuckets, sign: "positive")
        try Self.validate(negativeSpans, negativeBuckets, sign: "negative")
        if zeroCount < 0 { throw .negativeCount("the zero bucket", zeroCount) }
        if count < 0 { throw .negativeCount("the histogram", count) }
        if usesCustomBuckets {
            try validateCustomBuckets()
        } else if !customValues.isEmpty {
            throw .customValues("come with schema \(schema), which has its own")
        }
    }

    private static func validate(
        _ spans: [Span], _ buckets: [Double], sign: String
    ) throws(HistogramFault) {
        var length = 0
        for (position, span) in spans.enumerated() {
            if position > 0, span.offset < 0 { throw .overlappingSpans(sign: sign) }
            length += Int(span.length)
        }
        guard length == buckets.count else {
            throw .bucketCount(sign: sign, expected: length, found: buckets.count)
        }
        if let count = buckets.first(where: { $0 < 0 }) { throw .negativeCount("a \(sign) bucket", count) }
    }

    private func validateCustomBuckets() throws(HistogramFault) {
        for (lower, upper) in zip(customValues, customValues.dropFirst()) where !(lower < upper) {
            throw .customValues("must ascend, but \(upper) follows \(lower)")
        }
        if let bound = customValues.first(where: { $0.isNaN || $0 == .infinity }) {
            throw .customValues("must be finite, not \(bound)")
        }
        if zeroCount != 0 || zeroThreshold != 0 { throw .customValues("leave no room for a zero bucket") }
        if !negativeBuckets.isEmpty { throw .customValues("leave no room for negative buckets") }
        let indices = BucketIndices.of(positiveSpans, count: positiveBuckets.count)
        if let first = indices.first, first < 0 { throw .customValues("have no bucket \(first)") }
        if let last = indices.last, last > customValues.count {
            throw .customValues("are \(customValues.count), which leaves no bucket \(last)")
        }
    }
}
