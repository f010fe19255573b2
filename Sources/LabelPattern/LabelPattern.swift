/// A regular expression in RE2's syntax, as label matchers use it: always against a whole value, `.` matching newlines
/// too (as in Prometheus 3).
///
/// Work is linear in the value's length for every pattern; there is no backtracking. Values are sequences of Unicode
/// scalars; nothing is normalised. Compiled once; equality and hashing look at the text, byte by byte. Thread-safe.
package struct LabelPattern: Sendable {
    package let text: String
    private let compiled: CompiledPattern

    /// - Throws: `LabelPatternError` for a text that RE2 refuses, too, or that exceeds the bounds on length (256 KiB),
    ///   nesting (250), groups (1,000), repetition (1,000) and size of the program.
    package init(_ text: String) throws(LabelPatternError) {
        self.text = text
        compiled = try CompiledPattern(text)
    }

    package func matchesWhole(_ value: String) -> Bool {
        compiled.matches(value.utf8Span.span)
    }

    /// What the groups captured, if the whole value matches: element 0 is the value, element i the i-th group, nil if
    /// the group took no part. Of several ways to match, the one that Perl's backtracking finds first.
    package func firstMatch(_ value: String) -> [String?]? {
        compiled.captures(value)
    }

    /// The name of each element of `firstMatch`'s result; nil for unnamed groups and for element 0.
    package var groupNames: [String?] { compiled.groupNames }

    /// All values that match, if the pattern stands for at most 256 of them (`a|b|c(d|e)`), in order of preference and
    /// without doubles; otherwise nil. Empty if nothing can match. To be compared byte by byte, not by `String`'s `==`,
    /// which equates canonically equivalent texts.
    package var literalAlternatives: [String]? { compiled.alternatives }

    /// What every matching value begins with, byte by byte; perhaps empty.
    package var literalPrefix: String { compiled.prefix }
}

extension LabelPattern: Hashable {
    package static func == (a: LabelPattern, b: LabelPattern) -> Bool {
        a.text.utf8.elementsEqual(b.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }
}

extension LabelPattern: CustomStringConvertible {
    package var description: String { text }
}
