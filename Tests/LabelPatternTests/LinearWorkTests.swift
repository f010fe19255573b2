import TestSupport
import Testing

@testable import LabelPattern

/// Work is counted in instructions and transitions looked at, so that the tests say the same on every machine.
@Suite struct LinearWorkTests {
    static let valueSize = 100_000

    @Test(arguments: ["(a*)*b", "(a+a+)+b", "(a|a)*b", "(a|aa)+b", "(.*)(.*)(.*)(.*)b", "(a?){50}a+b"])
    func patternsThatExplodeUnderBacktracking(text: String) throws {
        let program = try Self.program(text)
        let value = String(repeating: "a", count: Self.valueSize)

        let automaton = LazyAutomaton(program)
        #expect(!automaton.matches(value))
        // A look at every scalar, and a few states to build.
        #expect(automaton.workCount <= 2 * Self.valueSize + 1_000_000)

        var machine = CaptureMachine(program)
        let sample = String(value.prefix(5_000))
        #expect(machine.slots(matching: sample) == nil)
        #expect(machine.workCount <= program.instructions.count * (sample.utf8.count + 1))
        machine = CaptureMachine(program)
        #expect(machine.slots(matching: (sample + "b")) != nil)
    }

    /// 2^15 states exist; the table is dropped when full and work stays below one program a scalar (and once more to
    /// look).
    @Test func statesAreBounded() throws {
        let program = try Self.program("(?:a|b)*a(?:a|b){14}[c-p]?[q-z]?")
        var random = SeededGenerator(seed: 5)
        print("seed 5")
        let automaton = LazyAutomaton(program)
        var machine = CaptureMachine(program)
        for size in [15, 16, 400, 40_000] {
            let value = String((0..<size).map { _ in Bool.random(using: &random) ? "a" : "b" as Character })
            machine = CaptureMachine(program)
            #expect(automaton.matches(value) == (machine.slots(matching: value) != nil))
        }
        #expect(automaton.workCount <= 3 * program.instructions.count * 41_000)
    }

    @Test func aKnownStateCostsOneLookUp() throws {
        let automaton = LazyAutomaton(try Self.program("(?:x+x+)+y|\\bz+"))
        let value = String(repeating: "x", count: Self.valueSize) + "y"
        #expect(automaton.matches(value))
        let afterFirst = automaton.workCount
        #expect(automaton.matches(value))
        #expect(automaton.workCount - afterFirst == Self.valueSize + 1)
    }

    @Test func alphabetIsDividedByTheSetsOnly() {
        let classes = ScalarClasses(dividing: [.digits, .wordCharacters, ScalarSet([0x61...0x66])])
        #expect(classes.count == 4)
        #expect(classes.classIndex(of: 0x61) == classes.classIndex(of: 0x66))
        #expect(classes.classIndex(of: 0x61) != classes.classIndex(of: 0x67))
        #expect(classes.classIndex(of: 0x2D) == classes.classIndex(of: 0x10FFFF))
        for byte in UInt8.min...0x7F { #expect(classes.asciiClass(of: byte) == classes.classIndex(of: UInt32(byte))) }
    }

    static func program(_ text: String) throws -> PatternProgram {
        var parser = try PatternParser(text)
        let node = try parser.parse()
        return try PatternCompiler.program(
            of: node, groupCount: parser.groupNames.count, scalarCount: parser.scalars.count)
    }
}

// `#expect` cannot pass on a span.
extension LazyAutomaton {
    fileprivate func matches(_ value: String) -> Bool { matches(value.utf8Span.span) }
}

extension CaptureMachine {
    fileprivate mutating func slots(matching value: String) -> [Int32]? { slots(matching: value.utf8Span.span) }
}
