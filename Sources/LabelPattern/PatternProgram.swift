/// A pattern as instructions of a non-deterministic machine over Unicode scalars (Thompson's construction; Cox,
/// "Regular Expression Matching: the Virtual Machine Approach", 2009). It accepts if it reaches `match` at the end of
/// the value.
struct PatternProgram: Sendable {
    enum Instruction: Sendable {
        /// Consumes one scalar of the set with this index.
        case consume(set: Int32, next: Int32)
        /// Goes both ways, `preferred` first.
        case split(preferred: Int32, other: Int32)
        /// Notes the position in a capture slot.
        case save(slot: Int32, next: Int32)
        case assert(PatternAssertion, next: Int32)
        case match
    }

    let instructions: [Instruction]
    let start: Int32
    let sets: [ScalarSet]
    /// Two per group, the whole pattern being group 0: where it starts and where it ends.
    let slotCount: Int
    let hasAssertions: Bool
}

/// Turns a tree into a program from back to front: what comes next is known when an instruction is made.
struct PatternCompiler {
    /// Instructions beyond one per scalar of the pattern: what repetition may multiply.
    static let maximumExpansion = 100_000
    /// Bounds the memory of a search with captures (instructions × slots).
    static let maximumCaptureCells = 1 << 24

    private var instructions: [PatternProgram.Instruction] = []
    private var sets: [ScalarSet] = []
    private var setIndexes: [ScalarSet: Int32] = [:]
    private var scalarIndexes: [UInt32: Int32] = [:]
    private var hasAssertions = false
    private let limit: Int

    /// - Parameter scalarCount: the length of the pattern's text.
    static func program(
        of node: PatternNode, groupCount: Int, scalarCount: Int
    ) throws(LabelPatternError) -> PatternProgram {
        var compiler = PatternCompiler(limit: scalarCount + maximumExpansion)
        let end = try compiler.emit(.match)
        let start = try compiler.compile(node, next: end)
        let slotCount = 2 * groupCount
        guard compiler.instructions.count * slotCount <= maximumCaptureCells else { throw compiler.tooLarge }
        return PatternProgram(
            instructions: compiler.instructions, start: start, sets: compiler.sets, slotCount: slotCount,
            hasAssertions: compiler.hasAssertions)
    }

    private init(limit: Int) {
        self.limit = limit
    }

    private var tooLarge: LabelPatternError {
        LabelPatternError(fault: .programTooLarge(limit: limit), byteOffset: 0, fragment: "")
    }

    private mutating func emit(_ instruction: PatternProgram.Instruction) throws(LabelPatternError) -> Int32 {
        guard instructions.count < limit else { throw tooLarge }
        instructions.append(instruction)
        return Int32(instructions.count - 1)
    }

    /// Adds instructions that match `node` and then go to `next`; returns where they begin.
    private mutating func compile(_ node: PatternNode, next: Int32) throws(LabelPatternError) -> Int32 {
        switch node {
        case .empty: return next
        case .scalar(let scalar): return try emit(.consume(set: index(of: scalar), next: next))
        case .set(let set): return try emit(.consume(set: index(of: set), next: next))
        case .assertion(let assertion):
            hasAssertions = true
            return try emit(.assert(assertion, next: next))
        case .group(let body, let index):
            let close = try emit(.save(slot: Int32(2 * index + 1), next: next))
            let entry = try compile(body, next: close)
            return try emit(.save(slot: Int32(2 * index), next: entry))
        case .concatenation(let parts):
            var entry = next
            for part in parts.reversed() { entry = try compile(part, next: entry) }
            return entry
        case .alternation(let branches):
            var entry: Int32?
            for branch in branches.reversed() {
                let branchEntry = try compile(branch, next: next)
                entry =
                    try entry.map { other throws(LabelPatternError) in
                        try emit(.split(preferred: branchEntry, other: other))
                    } ?? branchEntry
            }
            return entry ?? next
        case .repetition(let body, let minimum, let maximum, let lazy):
            return try compileRepetition(of: body, minimum: minimum, maximum: maximum, lazy: lazy, next: next)
        }
    }

    private mutating func compileRepetition(
        of body: PatternNode, minimum: Int, maximum: Int?, lazy: Bool, next: Int32
    ) throws(LabelPatternError) -> Int32 {
        var entry = next
        var copiesLeft = minimum
        if let maximum {
            // x{0,3} is (x(x(x)?)?)?, whose every skip goes to the end.
            for _ in 0..<(maximum - minimum) {
                let copy = try compile(body, next: entry)
                entry = try emit(split(into: copy, past: next, lazy: lazy))
            }
        } else {
            let loop = try emit(split(into: next, past: next, lazy: lazy))
            let copy = try compile(body, next: loop)
            instructions[Int(loop)] = split(into: copy, past: next, lazy: lazy)
            if minimum > 0 {
                entry = copy
                copiesLeft -= 1
            } else if body.canBeEmpty {
                // As (x+)?: otherwise an empty first round would find the loop already visited and lose its preference.
                entry = try emit(split(into: copy, past: next, lazy: lazy))
            } else {
                entry = loop
            }
        }
        for _ in 0..<copiesLeft { entry = try compile(body, next: entry) }
        return entry
    }

    private func split(into body: Int32, past next: Int32, lazy: Bool) -> PatternProgram.Instruction {
        lazy ? .split(preferred: next, other: body) : .split(preferred: body, other: next)
    }

    private mutating func index(of scalar: UInt32) -> Int32 {
        if let known = scalarIndexes[scalar] { return known }
        let index = index(of: ScalarSet(scalar))
        scalarIndexes[scalar] = index
        return index
    }

    private mutating func index(of set: ScalarSet) -> Int32 {
        if let known = setIndexes[set] { return known }
        let index = Int32(sets.count)
        sets.append(set)
        setIndexes[set] = index
        return index
    }
}
