import Synchronization

/// Decides whether a value as a whole matches, by a deterministic automaton that is built as values need it.
///
/// A step costs one table look-up once the state is known, and O(program) the first time; the states kept are bounded,
/// and when they are full they are all dropped. Thread-safe: whoever finds the shared states in use builds some for
/// itself.
final class LazyAutomaton: Sendable {
    private let tables: AutomatonTables
    private let shared: Mutex<AutomatonStates>

    init(_ program: PatternProgram) {
        let tables = AutomatonTables(program)
        self.tables = tables
        shared = Mutex(AutomatonStates(tables))
    }

    func matches(_ bytes: Span<UInt8>) -> Bool {
        if let answer = shared.withLockIfAvailable({ $0.accept(bytes, tables) }) { return answer }
        var states = AutomatonStates(tables)
        return states.accept(bytes, tables)
    }

    /// How many instructions and transitions all matches so far have looked at.
    var workCount: Int { shared.withLock { $0.workCount } }
}

/// What does not change while matching.
struct AutomatonTables: Sendable {
    let program: PatternProgram
    let classes: ScalarClasses

    init(_ program: PatternProgram) {
        self.program = program
        // Assertions look at neighbours, so a class must not mix their kinds.
        let kinds: [ScalarSet] = program.hasAssertions ? [.wordCharacters, .newline] : []
        classes = ScalarClasses(dividing: program.sets + kinds)
    }
}

/// The states met so far and the transitions between them.
///
/// A state is the set of instructions that wait: for a scalar, or at an assertion, which can only be decided when the
/// next scalar is known. Where assertions wait, the kind of the scalar before belongs to the state.
struct AutomatonStates: Sendable {
    private struct Key: Hashable {
        let waiting: [Int32]
        let before: ScalarKind
    }

    private enum Acceptance { case unknown, accepts, refuses }

    private static let unknown: Int32 = -1
    private static let dead: Int32 = 0
    /// Memory for states and transitions, roughly; one state more may be kept.
    private static let maximumCellCount = 400_000

    private var keys: [Key] = []
    private var indexes: [Key: Int32] = [:]
    private var acceptances: [Acceptance] = []
    /// `classes.count` a state.
    private var transitions: [Int32] = []
    private var cellCount = 0
    private var cleanUpCount = 0
    private var start: Int32 = unknown
    private(set) var workCount = 0

    /// Instructions already visited in the round whose number they carry.
    private var marks: [UInt32]
    private var round: UInt32 = 0
    private var pending: [Int32] = []

    init(_ tables: AutomatonTables) {
        marks = [UInt32](repeating: 0, count: tables.program.instructions.count)
    }

    mutating func accept(_ bytes: Span<UInt8>, _ tables: AutomatonTables) -> Bool {
        let width = tables.classes.count
        if start == Self.unknown { start = makeStart(tables) }
        var state = start
        var offset = 0
        while true {
            advance(&state, over: bytes, from: &offset, tables.classes)
            if state == Self.dead || offset == bytes.count { break }
            let byte = bytes[offset]
            let classIndex: Int
            if byte < 0x80 {
                classIndex = tables.classes.asciiClass(of: byte)
                offset += 1
            } else {
                classIndex = tables.classes.classIndex(of: bytes.nextScalar(at: &offset))
            }
            let known = transitions[Int(state) * width + classIndex]
            state = known == Self.unknown ? makeTransition(from: state, classIndex, tables) : known
        }
        workCount += offset
        return state != Self.dead && accepts(state, tables)
    }

    /// The inner loop: goes on while bytes are ASCII, transitions known and the state alive.
    private func advance(
        _ state: inout Int32, over bytes: Span<UInt8>, from offset: inout Int, _ classes: borrowing ScalarClasses
    ) {
        let width = classes.count
        let asciiClasses = classes.asciiClasses.span
        let transitions = self.transitions.span
        var index = offset
        var current = state
        while index < bytes.count, current != Self.dead {
            let byte = bytes[index]
            guard byte < 0x80 else { break }
            let next = transitions[Int(current) &* width &+ Int(asciiClasses[Int(byte)])]
            guard next != Self.unknown else { break }
            current = next
            index &+= 1
        }
        state = current
        offset = index
    }

    // MARK: States

    private mutating func makeStart(_ tables: AutomatonTables) -> Int32 {
        var waiting: [Int32] = []
        beginRound()
        follow(tables.program.start, tables) { waiting.append($0) }
        return index(of: waiting, before: .edge, tables)
    }

    /// The state's number; it is added if new. When memory is full all others go first, so numbers held elsewhere
    /// become invalid, except that of the dead state.
    private mutating func index(of waiting: [Int32], before: ScalarKind, _ tables: AutomatonTables) -> Int32 {
        let cost = tables.classes.count + 2 * waiting.count + 8
        if keys.isEmpty || cellCount + cost > Self.maximumCellCount {
            removeAll(tables)
        }
        guard !waiting.isEmpty else { return Self.dead }
        let program = tables.program
        let seesBefore =
            program.hasAssertions
            && waiting.contains { if case .assert = program.instructions[Int($0)] { true } else { false } }
        let key = Key(waiting: waiting.sorted(), before: seesBefore ? before : .other)
        if let known = indexes[key] { return known }
        return append(key, width: tables.classes.count)
    }

    private mutating func append(_ key: Key, width: Int) -> Int32 {
        let index = Int32(keys.count)
        keys.append(key)
        indexes[key] = index
        acceptances.append(.unknown)
        transitions.append(contentsOf: repeatElement(Self.unknown, count: width))
        cellCount += width + 2 * key.waiting.count + 8
        return index
    }

    private mutating func removeAll(_ tables: AutomatonTables) {
        keys.removeAll(keepingCapacity: true)
        indexes.removeAll(keepingCapacity: true)
        acceptances.removeAll(keepingCapacity: true)
        transitions.removeAll(keepingCapacity: true)
        cellCount = 0
        cleanUpCount += 1
        start = Self.unknown
        _ = append(Key(waiting: [], before: .other), width: tables.classes.count)
    }

    private mutating func makeTransition(from state: Int32, _ classIndex: Int, _ tables: AutomatonTables) -> Int32 {
        let key = keys[Int(state)]
        let scalar = tables.classes.representatives[classIndex]
        let kind = ScalarKind(scalar)
        let ready = resolve(key, after: kind, tables)
        var waiting: [Int32] = []
        workCount += ready.count
        beginRound()
        for instruction in ready {
            guard case .consume(let set, let next) = tables.program.instructions[Int(instruction)],
                tables.program.sets[Int(set)].contains(scalar)
            else { continue }
            follow(next, tables) { waiting.append($0) }
        }
        let earlierCleanUpCount = cleanUpCount
        let target = index(of: waiting, before: kind, tables)
        // After a clean-up the state we came from is no longer there to remember its transition.
        if cleanUpCount == earlierCleanUpCount { transitions[Int(state) * tables.classes.count + classIndex] = target }
        return target
    }

    private mutating func accepts(_ state: Int32, _ tables: AutomatonTables) -> Bool {
        if acceptances[Int(state)] == .unknown {
            let ready = resolve(keys[Int(state)], after: .edge, tables)
            let isAccepted = ready.contains {
                if case .match = tables.program.instructions[Int($0)] { true } else { false }
            }
            acceptances[Int(state)] = isAccepted ? .accepts : .refuses
        }
        return acceptances[Int(state)] == .accepts
    }

    /// What waits once the assertions are decided.
    private mutating func resolve(_ key: Key, after: ScalarKind, _ tables: AutomatonTables) -> [Int32] {
        guard tables.program.hasAssertions else { return key.waiting }
        var ready: [Int32] = []
        beginRound()
        for instruction in key.waiting {
            follow(instruction, tables, between: (key.before, after)) { ready.append($0) }
        }
        return ready
    }

    // MARK: Following instructions

    private mutating func beginRound() {
        if round == .max {
            for index in marks.indices { marks[index] = 0 }
            round = 0
        }
        round += 1
    }

    /// Goes on from `instruction` without consuming, and hands over what is met for the first time in this round and
    /// waits. Assertions wait too, unless the kinds of scalar on either side are given.
    private mutating func follow(
        _ instruction: Int32, _ tables: AutomatonTables, between kinds: (ScalarKind, ScalarKind)? = nil,
        found: (Int32) -> Void
    ) {
        pending.append(instruction)
        while let current = pending.popLast() {
            guard marks[Int(current)] != round else { continue }
            marks[Int(current)] = round
            workCount += 1
            switch tables.program.instructions[Int(current)] {
            case .consume, .match: found(current)
            case .save(_, let next): pending.append(next)
            case .split(let preferred, let other):
                pending.append(other)
                pending.append(preferred)
            case .assert(let assertion, let next):
                if let kinds {
                    if assertion.holds(before: kinds.0, after: kinds.1) { pending.append(next) }
                } else {
                    found(current)
                }
            }
        }
    }
}
