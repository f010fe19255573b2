/// All scalars, divided so that those in one class are in the same sets of a program: the automaton's alphabet.
struct ScalarClasses: Sendable {
    /// Above this much work, intervals are not merged: every interval is its own class, which is correct but larger.
    private static let maximumMergeWork = 4_000_000

    let count: Int
    /// One scalar of each class.
    let representatives: [UInt32]
    /// The class of each of the first 128 scalars.
    let asciiClasses: [Int32]
    /// Where each interval starts, ascending from 0, and its class.
    private let starts: [UInt32]
    private let classes: [Int32]

    init(dividing sets: [ScalarSet]) {
        var boundaries: Set<UInt32> = [0]
        for set in sets {
            for range in set.ranges {
                boundaries.insert(range.lowerBound)
                if range.upperBound < ScalarSet.highestScalar { boundaries.insert(range.upperBound + 1) }
            }
        }
        let starts = boundaries.sorted()
        let merged = ScalarClasses.mergedClasses(starts: starts, sets: sets)
        var classes: [Int32] = []
        var representatives: [UInt32] = []
        var numbers: [Int32: Int32] = [:]
        for (index, key) in merged.enumerated() {
            if let known = numbers[key] {
                classes.append(known)
            } else {
                numbers[key] = Int32(representatives.count)
                classes.append(Int32(representatives.count))
                representatives.append(starts[index])
            }
        }
        var asciiClasses: [Int32] = []
        var interval = 0
        for scalar in 0..<0x80 as Range<UInt32> {
            while interval + 1 < starts.count, starts[interval + 1] <= scalar { interval += 1 }
            asciiClasses.append(classes[interval])
        }
        self.starts = starts
        self.classes = classes
        self.representatives = representatives
        self.asciiClasses = asciiClasses
        count = representatives.count
    }

    /// A key per interval, equal for those in the same sets.
    private static func mergedClasses(starts: [UInt32], sets: [ScalarSet]) -> [Int32] {
        guard sets.count * starts.count <= maximumMergeWork else { return (0..<starts.count).map { Int32($0) } }
        var keys = [Int32](repeating: 0, count: starts.count)
        var fresh: Int32 = 1
        for set in sets {
            var moved: [Int32: Int32] = [:]
            var range = 0
            for (index, start) in starts.enumerated() {
                while range < set.ranges.count, set.ranges[range].upperBound < start { range += 1 }
                guard range < set.ranges.count else { break }
                guard set.ranges[range].lowerBound <= start else { continue }
                if let key = moved[keys[index]] {
                    keys[index] = key
                } else {
                    moved[keys[index]] = fresh
                    keys[index] = fresh
                    fresh += 1
                }
            }
        }
        return keys
    }

    func asciiClass(of byte: UInt8) -> Int { Int(asciiClasses[Int(byte)]) }

    /// O(log intervals).
    func classIndex(of scalar: UInt32) -> Int {
        var low = 0
        var high = starts.count
        // The last interval that starts at or before the scalar; the first starts at 0.
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= scalar { low = middle } else { high = middle }
        }
        return Int(classes[low])
    }
}
