/// Finds what the groups captured when a value as a whole matches: all ways at once, in order of preference (Pike's
/// construction), so that the first way to reach the end is the one that Perl's backtracking would have found.
///
/// Work and memory are O(program × value) and O(program × groups).
struct CaptureMachine {
    private enum Step {
        case visit(Int32)
        /// Puts back what a slot held before a branch was taken.
        case restore(slot: Int, position: Int32)
    }

    /// Instructions that wait for a scalar, preferred ones first, and the slots of each.
    private struct Threads {
        var instructions: [Int32] = []
        var slots: [Int32] = []
    }

    private let program: PatternProgram
    private var current = Threads()
    private var following = Threads()
    private var marks: [UInt32]
    private var round: UInt32 = 0
    private var working: [Int32]
    private var pending: [Step] = []
    /// How many instructions have been looked at.
    private(set) var workCount = 0

    init(_ program: PatternProgram) {
        self.program = program
        marks = [UInt32](repeating: 0, count: program.instructions.count)
        working = [Int32](repeating: -1, count: program.slotCount)
    }

    /// For each slot the byte offset or -1; nil if the value does not match. For one value only.
    mutating func slots(matching bytes: Span<UInt8>) -> [Int32]? {
        var offset = 0
        var before = ScalarKind.edge
        add(program.start, at: 0, between: before, kind(of: bytes, at: 0))
        while offset < bytes.count, !following.instructions.isEmpty {
            swap(&current, &following)
            following.instructions.removeAll(keepingCapacity: true)
            following.slots.removeAll(keepingCapacity: true)
            let scalar = bytes.nextScalar(at: &offset)
            before = ScalarKind(scalar)
            let after = kind(of: bytes, at: offset)
            round += 1
            for (index, instruction) in current.instructions.enumerated() {
                guard case .consume(let set, let next) = program.instructions[Int(instruction)],
                    program.sets[Int(set)].contains(scalar)
                else { continue }
                let first = index * program.slotCount
                for slot in 0..<program.slotCount { working[slot] = current.slots[first + slot] }
                add(next, at: Int32(offset), between: before, after)
            }
        }
        guard offset == bytes.count else { return nil }
        for (index, instruction) in following.instructions.enumerated() {
            guard case .match = program.instructions[Int(instruction)] else { continue }
            let first = index * program.slotCount
            var slots = Array(following.slots[first..<first + program.slotCount])
            slots[0] = 0
            slots[1] = Int32(offset)
            return slots
        }
        return nil
    }

    private func kind(of bytes: Span<UInt8>, at offset: Int) -> ScalarKind {
        // All that matters is ASCII, whose bytes are their own scalars; others are of the kind `other` from their lead
        // on.
        offset < bytes.count ? ScalarKind(UInt32(bytes[offset])) : .edge
    }

    /// Goes on from `instruction` without consuming, and appends what waits to the following threads.
    private mutating func add(
        _ instruction: Int32, at position: Int32, between before: ScalarKind, _ after: ScalarKind
    ) {
        if round == 0 { round = 1 }
        pending.append(.visit(instruction))
        while let step = pending.popLast() {
            switch step {
            case .restore(let slot, let old): working[slot] = old
            case .visit(let index):
                guard marks[Int(index)] != round else { continue }
                marks[Int(index)] = round
                workCount += 1
                switch program.instructions[Int(index)] {
                case .consume, .match:
                    following.instructions.append(index)
                    following.slots.append(contentsOf: working)
                case .split(let preferred, let other):
                    pending.append(.visit(other))
                    pending.append(.visit(preferred))
                case .save(let slot, let next):
                    pending.append(.restore(slot: Int(slot), position: working[Int(slot)]))
                    working[Int(slot)] = position
                    pending.append(.visit(next))
                case .assert(let assertion, let next):
                    if assertion.holds(before: before, after: after) { pending.append(.visit(next)) }
                }
            }
        }
    }
}
