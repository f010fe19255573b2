/// A pattern ready to match, by the cheapest of the ways that decide it.
final class CompiledPattern: Sendable {
    private enum Decision: Sendable {
        /// One of these texts, sorted bytewise.
        case literals([[UInt8]])
        case affixes(LiteralAnalysis.Affixes)
        case automaton(LazyAutomaton)
    }

    let groupNames: [String?]
    let alternatives: [String]?
    let prefix: String
    private let program: PatternProgram
    private let decision: Decision

    init(_ text: String) throws(LabelPatternError) {
        var parser = try PatternParser(text)
        let node = try parser.parse()
        groupNames = parser.groupNames
        program = try PatternCompiler.program(
            of: node, groupCount: groupNames.count, scalarCount: parser.scalars.count)
        prefix = LiteralAnalysis.text(LiteralAnalysis.prefix(of: node).scalars)
        let parts = LiteralAnalysis.flattened(node)
        alternatives = LiteralAnalysis.alternatives(of: parts)?.map(LiteralAnalysis.text)
        if let alternatives {
            let texts = alternatives.map { Array($0.utf8) }
            decision = .literals(texts.sorted { $0.lexicographicallyPrecedes($1) })
        } else if let affixes = LiteralAnalysis.affixes(of: parts) {
            decision = .affixes(affixes)
        } else {
            decision = .automaton(LazyAutomaton(program))
        }
    }

    func matches(_ bytes: Span<UInt8>) -> Bool {
        switch decision {
        case .literals(let texts): return CompiledPattern.contains(bytes, in: texts)
        case .affixes(let affixes):
            let fixedCount = affixes.prefix.count + affixes.suffix.count
            // Values and affixes are valid UTF-8, so one byte more is at least one scalar more.
            return bytes.count >= fixedCount + (affixes.isGapRequired ? 1 : 0)
                && bytes.isEqual(to: affixes.prefix)
                && bytes.isEqual(to: affixes.suffix, from: bytes.count - affixes.suffix.count)
        case .automaton(let automaton): return automaton.matches(bytes)
        }
    }

    /// Binary search.
    private static func contains(_ bytes: Span<UInt8>, in texts: [[UInt8]]) -> Bool {
        var low = 0
        var high = texts.count
        while low < high {
            let middle = (low + high) / 2
            let order = bytes.order(relativeTo: texts[middle])
            if order == 0 { return true }
            if order < 0 { high = middle } else { low = middle + 1 }
        }
        return false
    }

    func captures(_ value: String) -> [String?]? {
        guard matches(value.utf8Span.span) else { return nil }
        guard groupNames.count > 1 else { return [value] }
        // Slots hold 32-bit offsets.
        guard value.utf8.count < Int(Int32.max) else { return nil }
        var machine = CaptureMachine(program)
        guard let slots = machine.slots(matching: value.utf8Span.span) else { return nil }
        let bytes = value.utf8
        return (0..<groupNames.count).map { group in
            let (start, end) = (Int(slots[2 * group]), Int(slots[2 * group + 1]))
            guard start >= 0, end >= start else { return nil }
            let from = bytes.index(bytes.startIndex, offsetBy: start)
            return String(value[from..<bytes.index(from, offsetBy: end - start)])
        }
    }
}
