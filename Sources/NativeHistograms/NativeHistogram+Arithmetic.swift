/// What is to be said about an addition or subtraction that went well.
package struct HistogramCombination: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// One operand says that counting began anew before it, the other that it did not.
    package static let conflictingResets = HistogramCombination(rawValue: 1)
    /// The custom bounds differed and were reduced to those that both have.
    package static let reconciledBounds = HistogramCombination(rawValue: 2)
}

extension NativeHistogram {
    /// Adds bucket by bucket. The result has the lower of two resolutions, the wider of two zero buckets, and the custom
    /// bounds that both have; what is known of counter resets is what is true of both.
    package mutating func add(_ other: NativeHistogram) throws(HistogramMismatch) -> HistogramCombination {
        try combine(other, isSubtracted: false)
    }

    /// As `add`; whether the difference is a gauge is for the caller to say.
    package mutating func subtract(_ other: NativeHistogram) throws(HistogramMismatch) -> HistogramCombination {
        try combine(other, isSubtracted: true)
    }

    private mutating func combine(
        _ other: NativeHistogram, isSubtracted: Bool
    ) throws(HistogramMismatch) -> HistogramCombination {
        let (hint, conflict) = counterReset.combined(with: other.counterReset)
        var combination: HistogramCombination = conflict ? .conflictingResets : []
        // Mostly the two are of one series: bucket by bucket, where they are.
        if hasSameLayout(as: other) {
            addInPlace(other, isSubtracted: isSubtracted)
            counterReset = hint
            return combination
        }
        var term = other
        if isSubtracted { term.scale { -$0 } }
        var cells = CellHistogram<Double>(self)
        if try cells.add(term) { combination.insert(.reconciledBounds) }
        self = cells.histogram(hint)
        return combination
    }

    /// `other` has the same layout, thus as many buckets.
    private mutating func addInPlace(_ other: NativeHistogram, isSubtracted: Bool) {
        func add(_ term: Double, to count: inout Double) { count += isSubtracted ? -term : term }
        add(other.zeroCount, to: &zeroCount)
        add(other.count, to: &count)
        add(other.sum, to: &sum)
        for index in positiveBuckets.indices { add(other.positiveBuckets[index], to: &positiveBuckets[index]) }
        for index in negativeBuckets.indices { add(other.negativeBuckets[index], to: &negativeBuckets[index]) }
    }

    /// A negative factor makes a gauge.
    package mutating func multiply(by factor: Double) {
        scale { $0 * factor }
        if factor < 0 { counterReset = .gauge }
    }

    /// A negative divisor makes a gauge. Divided by zero, only the totals and the zero bucket are left.
    package mutating func divide(by divisor: Double) {
        scale { $0 / divisor }
        if divisor < 0 { counterReset = .gauge }
        guard divisor == 0 else { return }
        positiveSpans = []
        positiveBuckets = []
        negativeSpans = []
        negativeBuckets = []
    }

    private mutating func scale(_ change: (Double) -> Double) {
        zeroCount = change(zeroCount)
        count = change(count)
        sum = change(sum)
        for index in positiveBuckets.indices { positiveBuckets[index] = change(positiveBuckets[index]) }
        for index in negativeBuckets.indices { negativeBuckets[index] = change(negativeBuckets[index]) }
    }

    /// With a lower resolution; the same if `schema` is no lower one.
    package func reduced(to schema: Int32) -> NativeHistogram {
        guard schema < self.schema, !usesCustomBuckets else { return self }
        var cells = CellHistogram<Double>(self)
        cells.reduce(to: schema)
        return cells.histogram(counterReset)
    }

    /// Without empty buckets.
    package var compacted: NativeHistogram {
        guard positiveBuckets.contains(0) || negativeBuckets.contains(0) else { return self }
        func filled(_ spans: [Span], _ buckets: [Double]) -> CellBuckets<Double> {
            var list = CellBuckets(spans: spans, cells: buckets)
            list.move { index, count in count == 0 ? nil : index }
            return list
        }
        var compacted = self
        let positive = filled(positiveSpans, positiveBuckets)
        compacted.positiveSpans = positive.spans
        compacted.positiveBuckets = positive.cells
        let negative = filled(negativeSpans, negativeBuckets)
        compacted.negativeSpans = negative.spans
        compacted.negativeBuckets = negative.cells
        return compacted
    }
}

extension NativeHistogram.CounterReset {
    /// What is known of the sum of two histograms, and whether what is said of them contradicts.
    package func combined(
        with other: NativeHistogram.CounterReset
    ) -> (hint: NativeHistogram.CounterReset, isConflict: Bool) {
        if self == other { return (self, false) }
        if self == .gauge || other == .gauge { return (.gauge, false) }
        return (.unknown, self != .unknown && other != .unknown)
    }
}
