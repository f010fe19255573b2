package import TelemetryModel
package import TimeSeriesStore

/// A delete: the samples and events of all series that satisfy the matchers, within the range, that had arrived when the log
/// had been applied through `offset`. What arrives later stays.
package struct Tombstone: Sendable, Hashable {
    /// Ascending in the order of deletes, from 1.
    package let id: Int64
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let createdAt: Int64
    /// All of them must accept.
    package let matchers: [LabelMatcher]
    package let range: TimeRange
    package let offset: Int64

    package init(id: Int64, createdAt: Int64, matchers: [LabelMatcher], range: TimeRange, offset: Int64) {
        self.id = id
        self.createdAt = createdAt
        self.matchers = matchers
        self.range = range
        self.offset = offset
    }

    /// Whether it takes away a sample or event of these labels at this time, if that came with an offset of at most `offset`.
    package func covers(_ labels: LabelSet, _ timestamp: Int64) -> Bool {
        range.contains(timestamp) && matchers.allSatisfy { $0.accepts(labels) }
    }
}

extension Tombstone {
    /// Whether some of the block may still have to be taken away: its windows go by the offset through which the block has
    /// them, and not at all if the block was written without what this delete covers.
    func concerns(_ block: Block) -> Bool {
        id > block.deletedThrough && range.overlaps(block.range) && !ranges(in: block).isEmpty
    }

    /// The parts of the range that lie in windows of which the block has nothing that came after the delete; ascending.
    func ranges(in block: Block) -> [TimeRange] {
        var ranges: [TimeRange] = []
        for window in stride(from: block.name.from, to: block.name.to, by: Int(BlockTime.window)) {
            guard block.windowsThrough[window] ?? block.name.through <= offset else { continue }
            let from = max(window, range.from)
            let through = min(window + (BlockTime.window - 1), range.through)
            guard from <= through else { continue }
            if let last = ranges.last, last.through == from - 1 {
                ranges[ranges.count - 1] = TimeRange(from: last.from, through: through)
            } else {
                ranges.append(TimeRange(from: from, through: through))
            }
        }
        return ranges
    }
}
