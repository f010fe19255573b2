import Synchronization
package import TelemetryModel
package import TimeSeriesStore

/// Series, label names and values with data in a range. What a chunk or a column of the head covers counts as data, whether or
/// not a sample of it lies in the range.
extension EmbeddedStore {
    package func series(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [LabelSet] {
        try serving { try presentSeries(matcherLists, in: range, budget) }
    }

    private func presentSeries(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, _ budget: QueryBudget
    ) throws -> [LabelSet] {
        var found: [LabelSet] = []
        for matchers in matcherLists.isEmpty ? [[]] : matcherLists {
            let series = head.index.withLock { $0.series(matching: matchers) }
            let present = head.withSamples(series, in: range)
            found = EmbeddedStore.union(found, head.index.withLock { index in present.map { index.labels(of: $0) } })
            try budget.check()
            for block in blocks(in: range) {
                let ids = try block.ids(matching: matchers)
                let isPresent = try block.hasSamples(of: ids, in: range)
                found = EmbeddedStore.union(
                    found, try block.labels(of: zip(ids, isPresent).filter(\.1).map(\.0)))
                try budget.check()
            }
            for block in rollups(in: range) {
                found = EmbeddedStore.union(found, try block.labels(of: try block.ids(matching: matchers)))
                try budget.check()
            }
        }
        try budget.charge(series: found.count)
        return found
    }

    package func labelNames(
        _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [String] {
        var names: Set<String> = []
        if matcherLists.isEmpty {
            if hasHeadData(in: range) { names.formUnion(head.index.withLock { $0.names }) }
            for block in blocks(in: range) + rollups(in: range) { names.formUnion(block.labelNames()) }
        } else {
            for labels in try series(matcherLists, in: range, budget: budget) {
                for label in labels.labels { names.insert(label.name) }
            }
        }
        return names.sorted { $0.isOrderedBeforeByBytes($1) }
    }

    package func labelValues(
        of name: String, _ matcherLists: [[LabelMatcher]], in range: TimeRange, budget: QueryBudget
    ) throws -> [String] {
        guard matcherLists.isEmpty else {
            var values: Set<String> = []
            for labels in try series(matcherLists, in: range, budget: budget) {
                if let value = labels[name] { values.insert(value) }
            }
            return values.sorted { $0.isOrderedBeforeByBytes($1) }
        }
        return try serving {
            var values = hasHeadData(in: range) ? head.index.withLock { $0.values(of: name) } : []
            for block in blocks(in: range) + rollups(in: range) {
                values = EmbeddedStore.union(values, try block.labelValues(of: name)) { $0.comparedByBytes(with: $1) }
                try budget.check()
            }
            return values
        }
    }

    private func hasHeadData(in range: TimeRange) -> Bool {
        state.withLock { state in
            state.windows.keys.contains { Head.overlaps($0, range) }
                || state.leaving?.windows.contains { Head.overlaps($0, range) } == true
        }
    }

    private static func union(_ a: [LabelSet], _ b: [LabelSet]) -> [LabelSet] {
        union(a, b) { $0 == $1 ? 0 : $0 < $1 ? -1 : 1 }
    }

    /// Two ascending lists as one, without doubles.
    ///
    /// - Parameter compare: below, equal to or above zero as its first argument comes before, is, or comes after the other.
    private static func union<Element>(
        _ a: [Element], _ b: [Element], _ compare: (Element, Element) -> Int
    ) -> [Element] {
        if a.isEmpty { return b }
        if b.isEmpty { return a }
        var out: [Element] = []
        out.reserveCapacity(max(a.count, b.count))
        var i = 0
        var j = 0
        while i < a.count, j < b.count {
            let order = compare(a[i], b[j])
            out.append(order <= 0 ? a[i] : b[j])
            if order <= 0 { i += 1 }
            if order >= 0 { j += 1 }
        }
        return out + a[i...] + b[j...]
    }
}
