import LabelPattern
import TelemetryModel
import TimeSeriesStore

/// The head's inverted index: labels ⇄ series, as numbers. Series are dense from 0 and never reused within one process.
///
/// A series costs four bytes a label for itself and four in the postings; the labels' text is kept once. Not thread-safe.
struct HeadIndex: Sendable {
    private var symbols = SymbolTable()
    /// Series with the pair, ascending, by the pair's number.
    private var postings: [[UInt32]] = []
    private var values: [String: LabelValues] = [:]
    /// The pairs of series i: `pairs[offsets[i] ..< offsets[i + 1]]`, in label order.
    private var offsets: [UInt32] = [0]
    private var pairs: [UInt32] = []
    private var digests: [UInt64] = []
    /// Open addressing by digest: series + 1, or 0.
    private var slots: [UInt32] = [UInt32](repeating: 0, count: 64)
    /// Series in label order, as far as they are sorted.
    private var ordered: [UInt32] = []

    var count: Int { digests.count }
    var pairCount: Int { symbols.count }

    /// Bytes that the index holds, the labels' text included, about.
    var byteCount: Int {
        var bytes = symbols.byteCount + digests.capacity * 8
        bytes += (offsets.capacity + pairs.capacity + slots.capacity + ordered.capacity) * 4
        for list in postings { bytes += 56 + list.capacity * 4 }
        // Strings of up to 15 bytes need no storage of their own.
        for pair in symbols.pairs where pair.value.utf8.count > 15 { bytes += 48 + pair.value.utf8.count }
        return bytes
    }

    // MARK: Series

    func series(with labels: LabelSet) -> UInt32? {
        var slot = Int(truncatingIfNeeded: labels.digest) & (slots.count - 1)
        while slots[slot] != 0 {
            let series = slots[slot] - 1
            if digests[Int(series)] == labels.digest, has(series, labels) { return series }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The series with these labels, made if there is none. O(labels) amortised.
    mutating func insert(_ labels: LabelSet) -> UInt32 {
        if let known = series(with: labels) { return known }
        let series = UInt32(count)
        for label in labels.labels {
            let (number, isNew) = symbols.insert(label)
            if isNew {
                postings.append([])
                values[label.name, default: LabelValues()].append(number)
            }
            postings[Int(number)].growBySixteenths()
            postings[Int(number)].append(series)
            pairs.growBySixteenths()
            pairs.append(number)
        }
        offsets.growBySixteenths()
        offsets.append(UInt32(pairs.count))
        digests.growBySixteenths()
        digests.append(labels.digest)
        if count * 4 > slots.count * 3 {
            slots = [UInt32](repeating: 0, count: slots.count * 2)
            for known in 0..<series { place(known) }
        }
        place(series)
        return series
    }

    func labels(of series: UInt32) -> LabelSet {
        let start = Int(offsets[Int(series)])
        let length = Int(offsets[Int(series) + 1]) - start
        let labels = [Label](unsafeUninitializedCapacity: length) { labels, count in
            for position in 0..<length {
                labels.initializeElement(at: position, to: symbols.pairs[Int(pairs[start + position])])
            }
            count = length
        }
        return LabelSet(canonical: labels, digest: digests[Int(series)])
    }

    private func pairs(of series: UInt32) -> ArraySlice<UInt32> {
        pairs[Int(offsets[Int(series)])..<Int(offsets[Int(series) + 1])]
    }

    private func has(_ series: UInt32, _ labels: LabelSet) -> Bool {
        let numbers = pairs(of: series)
        return numbers.count == labels.labels.count
            && zip(numbers, labels.labels).allSatisfy { symbols.pairs[Int($0)].isIdentical(to: $1) }
    }

    private mutating func place(_ series: UInt32) {
        var slot = Int(truncatingIfNeeded: digests[Int(series)]) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = series + 1
    }

    // MARK: Matching

    /// Series that satisfy all matchers, in label order.
    mutating func series(matching matchers: [LabelMatcher]) -> [UInt32] {
        var found: [UInt32]?
        var excluded: [[UInt32]] = []
        for matcher in matchers {
            if matcher.acceptsMissing {
                // What is there and refused goes; series without the label stay.
                excluded.append(union(ofPairs: pairs(of: matcher.name) { !matcher.accepts($0) }))
                continue
            }
            let list = union(ofPairs: pairs(accepting: matcher))
            let known = found
            found = known.map { PostingArithmetic.intersection($0, list) } ?? list
            if found?.isEmpty == true { return [] }
        }
        var result = found ?? Array(0..<UInt32(count))
        for list in excluded where !list.isEmpty { result = PostingArithmetic.difference(result, list) }
        return inLabelOrder(result)
    }

    private mutating func pairs(accepting matcher: LabelMatcher) -> [UInt32] {
        switch matcher.condition {
        case .equal(let value): return exactly(matcher.name, [value])
        case .matches(let pattern):
            if let alternatives = pattern.literalAlternatives { return exactly(matcher.name, alternatives) }
            let prefix = pattern.literalPrefix
            if !prefix.isEmpty, var list = values[matcher.name] {
                let candidates = list.pairs(withPrefix: prefix, in: symbols)
                values[matcher.name] = list
                return candidates.filter { pattern.matchesWhole(symbols.pairs[Int($0)].value) }
            }
            return pairs(of: matcher.name) { pattern.matchesWhole($0) }
        case .notEqual, .doesNotMatch: return pairs(of: matcher.name) { matcher.accepts($0) }
        }
    }

    private func exactly(_ name: String, _ texts: [String]) -> [UInt32] {
        texts.compactMap { symbols.number(of: Label(name, $0)) }
    }

    private func pairs(of name: String, where accepts: (String) -> Bool) -> [UInt32] {
        (values[name]?.pairs ?? []).filter { accepts(symbols.pairs[Int($0)].value) }
    }

    private func union(ofPairs numbers: [UInt32]) -> [UInt32] {
        numbers.count == 1
            ? postings[Int(numbers[0])] : PostingArithmetic.union(numbers.map { postings[Int($0)] }, below: count)
    }

    // MARK: Names and values

    /// Label names of any series.
    var names: [String] { Array(values.keys) }

    /// Ascending. Amortised: new values are sorted once.
    mutating func values(of name: String) -> [String] {
        guard var list = values[name] else { return [] }
        if list.sort(in: symbols) { values[name] = list }
        return list.pairs.map { symbols.pairs[Int($0)].value }
    }

    /// How the series are spread over labels and their values, at most `limit` of each kind. O(pairs + names).
    func cardinality(limit: Int) -> CardinalityReport {
        var byValues = LargestCounts(limit)
        var byBytes = LargestCounts(limit)
        var byPair = LargestCounts(limit)
        var uses: [(name: String, values: Int, series: Int, bytes: Int)] = []
        for (position, (name, list)) in values.enumerated() {
            var series = 0
            var bytes = 0
            for pair in list.pairs {
                let count = postings[Int(pair)].count
                series += count
                bytes += symbols.pairs[Int(pair)].value.utf8.count
                byPair.offer(Int(pair), count: count)
            }
            byValues.offer(position, count: list.pairs.count)
            byBytes.offer(position, count: bytes)
            uses.append((name, list.pairs.count, series, bytes))
        }
        let use = { (largest: (item: Int, count: Int)) in
            let (name, values, series, bytes) = uses[largest.item]
            let top = self.largest(of: name, min(limit, CardinalityReport.topValues))
            return CardinalityReport.LabelUse(
                name: name, values: values, series: series, bytes: bytes, top: self.counts(top))
        }
        return CardinalityReport(
            series: count, labelPairs: pairCount, labelNames: uses.count,
            metrics: counts(largest(of: LabelSet.metricNameLabel, limit)),
            sources: counts(largest(of: "source_id", limit)),
            labelsByValues: byValues.sorted.map(use), labelsByBytes: byBytes.sorted.map(use),
            pairs: byPair.sorted.map { largest in
                let label = symbols.pairs[largest.item]
                return CardinalityReport.PairCount(name: label.name, value: label.value, series: largest.count)
            })
    }

    private func largest(of name: String, _ limit: Int) -> LargestCounts {
        var top = LargestCounts(limit)
        for pair in values[name]?.pairs ?? [] { top.offer(Int(pair), count: postings[Int(pair)].count) }
        return top
    }

    private func counts(_ largest: LargestCounts) -> [CardinalityReport.Count] {
        largest.sorted.map { .init(name: symbols.pairs[$0.item].value, series: $0.count) }
    }

    // MARK: Order

    /// Sorts the given series by labels. Amortised: new series are sorted once.
    private mutating func inLabelOrder(_ series: [UInt32]) -> [UInt32] {
        guard series.count > 1 else { return series }
        guard series.count > count / 32 else { return series.sorted { isOrdered($0, before: $1) } }
        if ordered.count < count { sortNewSeries() }
        guard series.count < count else { return ordered }
        var isWanted = [Bool](repeating: false, count: count)
        for number in series { isWanted[Int(number)] = true }
        return ordered.filter { isWanted[Int($0)] }
    }

    private mutating func sortNewSeries() {
        let unsorted = UInt32(ordered.count)..<UInt32(count)
        let new: [UInt32]
        if unsorted.count > HeadIndex.rankedAtLeast {
            let ranks = pairRanks()
            new = unsorted.sorted { a, b in
                pairs(of: a).lexicographicallyPrecedes(pairs(of: b)) { ranks[Int($0)] < ranks[Int($1)] }
            }
        } else {
            new = unsorted.sorted { isOrdered($0, before: $1) }
        }
        var merged: [UInt32] = []
        merged.reserveCapacity(count)
        var next = 0
        for series in ordered {
            while next < new.count, isOrdered(new[next], before: series) {
                merged.append(new[next])
                next += 1
            }
            merged.append(series)
        }
        merged.append(contentsOf: new[next...])
        ordered = merged
    }

    /// New series from which on comparing ranks pays for working them out.
    private static let rankedAtLeast = 2000

    /// The place of every pair in the order of all pairs.
    private func pairRanks() -> [UInt32] {
        let sorted = symbols.pairs.indices.sorted { symbols.pairs[$0].isOrdered(before: symbols.pairs[$1]) }
        var ranks = [UInt32](repeating: 0, count: sorted.count)
        for (rank, pair) in sorted.enumerated() { ranks[pair] = UInt32(rank) }
        return ranks
    }

    private func isOrdered(_ a: UInt32, before b: UInt32) -> Bool {
        let left = pairs(of: a)
        let right = pairs(of: b)
        for (x, y) in zip(left, right) where x != y {
            return symbols.pairs[Int(x)].isOrdered(before: symbols.pairs[Int(y)])
        }
        return left.count < right.count
    }
}

/// The values of one label name, as pair numbers, sorted by value when somebody asks for a prefix.
struct LabelValues: Sendable {
    private(set) var pairs: [UInt32] = []
    private var sortedCount = 0

    mutating func append(_ pair: UInt32) { pairs.append(pair) }

    /// Puts the pairs in the order of their values; false if they were.
    mutating func sort(in symbols: SymbolTable) -> Bool {
        guard sortedCount < pairs.count else { return false }
        pairs.sort { symbols.pairs[Int($0)].value.isOrderedBeforeByBytes(symbols.pairs[Int($1)].value) }
        sortedCount = pairs.count
        return true
    }

    /// Pairs whose value begins with `prefix`.
    mutating func pairs(withPrefix prefix: String, in symbols: SymbolTable) -> ArraySlice<UInt32> {
        _ = sort(in: symbols)
        let bytes = Array(prefix.utf8)
        let start = pairs.partitioningIndex { pair in
            !symbols.pairs[Int(pair)].value.utf8.lexicographicallyPrecedes(bytes)
        }
        return pairs[start...].prefix { symbols.pairs[Int($0)].value.utf8.starts(with: bytes) }
    }
}

extension Array {
    /// Makes room for more elements if there is none, a sixteenth more than there are: Swift's own doubling would leave up to
    /// half of the head's memory unused. Appending stays amortised O(1).
    mutating func growBySixteenths(by additional: Int = 1) {
        if count + additional > capacity { reserveCapacity(count + Swift.max(4, additional, count / 16)) }
    }
}
