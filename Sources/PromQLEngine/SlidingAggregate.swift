/// Something that can be put together from its parts in order.
protocol Combinable: Sendable {
    init(_ value: Double)
    /// `self` stands before `later`.
    func combined(with later: Self) -> Self
}

/// The combination of a moving window in amortised constant time per sample and without subtraction: suffixes of an
/// older part are kept, the newer part is accumulated (the two-stack queue).
///
///     lower ───────┬──────── flip ───────────── upper
///       suffixes[lower - base]     newer part
struct SlidingAggregate<Part: Combinable>: Sendable {
    private var suffixes: [Part] = []
    private var base = 0
    private var flip = 0
    private var newer: Part?
    private var upper = 0

    /// `lower` and `upper` never move back; the range is not empty.
    mutating func value(_ values: UnsafeBufferPointer<Double>, _ lower: Int, _ upper: Int) -> Part {
        if lower >= flip {
            rebuild(values, lower, upper)
        } else {
            while self.upper < upper {
                let part = Part(values[self.upper])
                newer = newer?.combined(with: part) ?? part
                self.upper += 1
            }
        }
        // Suffixes are stored from the newest to the oldest; `lower` is in base..<flip here.
        let suffix = suffixes[flip - 1 - lower]
        return newer.map { suffix.combined(with: $0) } ?? suffix
    }

    private mutating func rebuild(_ values: UnsafeBufferPointer<Double>, _ lower: Int, _ upper: Int) {
        suffixes.removeAll(keepingCapacity: true)
        var suffix = Part(values[upper - 1])
        suffixes.append(suffix)
        var index = upper - 2
        while index >= lower {
            suffix = Part(values[index]).combined(with: suffix)
            suffixes.append(suffix)
            index -= 1
        }
        base = lower
        flip = upper
        self.upper = upper
        newer = nil
    }
}

extension CompensatedSum: Combinable {
    init(_ value: Double) { self.init(sum: value) }

    func combined(with later: CompensatedSum) -> CompensatedSum {
        var total = self
        total.add(later)
        return total
    }
}

/// NaN gives way to any number.
struct Smallest: Combinable {
    let value: Double

    init(_ value: Double) { self.value = value }

    func combined(with later: Smallest) -> Smallest {
        value.isNaN || later.value < value ? later : self
    }
}

/// NaN gives way to any number.
struct Largest: Combinable {
    let value: Double

    init(_ value: Double) { self.value = value }

    func combined(with later: Largest) -> Largest {
        value.isNaN || later.value > value ? later : self
    }
}
