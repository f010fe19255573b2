/// The combination of a moving window in amortised constant time per pane and without subtraction: suffixes of an
/// older part are kept, the newer part is accumulated (the two-stack queue).
///
///     lower ───────┬──────── flip ───────────── upper
///       suffixes[flip - 1 - lower]     newer
struct SlidingAggregate<Part: WindowAggregate>: Sendable {
    private var suffixes: [Part] = []
    private var flip = 0
    private var newer = Part()
    private var upper = 0

    /// To begin again with other panes.
    mutating func reset() {
        flip = 0
        upper = 0
    }

    /// `lower` and `upper` lie within the panes and never move back; the range is not empty.
    mutating func value(_ panes: [WindowPane<Part>], _ lower: Int, _ upper: Int) -> Part {
        if lower >= flip {
            rebuild(panes, lower, upper)
        } else {
            while self.upper < upper {
                newer = newer.combined(with: panes[self.upper].part)
                self.upper += 1
            }
        }
        // Suffixes are stored from the newest to the oldest; `lower` is before `flip` here.
        return suffixes[flip - 1 - lower].combined(with: newer)
    }

    private mutating func rebuild(_ panes: [WindowPane<Part>], _ lower: Int, _ upper: Int) {
        suffixes.removeAll(keepingCapacity: true)
        var suffix = panes[upper - 1].part
        suffixes.append(suffix)
        var index = upper - 2
        while index >= lower {
            suffix = panes[index].part.combined(with: suffix)
            suffixes.append(suffix)
            index -= 1
        }
        flip = upper
        self.upper = upper
        newer = Part()
    }
}
