import LabelPattern
import Testing

/// A pattern, a value and what its groups capture; nil if the value must not match.
struct MatchCase: Sendable, CustomTestStringConvertible {
    let pattern: String
    let value: String
    let captures: [String?]?

    init(_ pattern: String, _ value: String, _ captures: [String?]?) {
        self.pattern = pattern
        self.value = value
        self.captures = captures
    }

    var testDescription: String { "\(pattern) on \(value.debugDescription)" }
}

@Suite struct MatchingTests {
    static let cases: [MatchCase] = [
        // Literals, whole values only.
        MatchCase("", "", [""]), MatchCase("", "a", nil), MatchCase("abc", "abc", ["abc"]),
        MatchCase("abc", "abcd", nil), MatchCase("abc", "xabc", nil), MatchCase("a|", "", [""]),
        MatchCase("foo|bar|baz", "bar", ["bar"]), MatchCase("foo|bar|baz", "ba", nil),
        MatchCase("a]}", "a]}", ["a]}"]), MatchCase("a{,2}", "a{,2}", ["a{,2}"]), MatchCase("{", "{", ["{"]),
        MatchCase("a{x}", "a{x}", ["a{x}"]), MatchCase("x{01}", "x{01}", ["x{01}"]),
        // Any scalar, newlines included as in Prometheus 3.
        MatchCase(".*", "", [""]), MatchCase(".*", "a\nb", ["a\nb"]), MatchCase(".+", "", nil),
        MatchCase(".+", "\n", ["\n"]), MatchCase("(?-s).+", "a\nb", nil), MatchCase("(?-s:.)\n.", "a\nb", ["a\nb"]),
        MatchCase("a.c", "a\u{1F600}c", ["a\u{1F600}c"]), MatchCase("a..c", "a\u{1F600}c", nil),
        MatchCase("api-.*", "api-", ["api-"]), MatchCase("api-.+", "api-", nil),
        MatchCase(".*-5xx", "a-5xx", ["a-5xx"]),
        MatchCase("a.*a", "a", nil), MatchCase("a.*a", "aa", ["aa"]), MatchCase(".*x.*", "abxcd", ["abxcd"]),
        MatchCase("^foo$", "foo", ["foo"]), MatchCase("(^a$)", "a", ["a", "a"]), MatchCase("a^b", "ab", nil),
        // Groups and preference.
        MatchCase("(a+)(a*)", "aaa", ["aaa", "aaa", ""]), MatchCase("(a+?)(a*)", "aaa", ["aaa", "a", "aa"]),
        MatchCase("(a|ab)(c|bcd)(d*)", "abcd", ["abcd", "a", "bcd", ""]), MatchCase("(a)|(b)", "b", ["b", nil, "b"]),
        MatchCase("(?:(a)|b)*", "ab", ["ab", "a"]), MatchCase("(a*)*", "", ["", ""]),
        MatchCase("(a*)+", "b", nil), MatchCase("(a|b)*", "abba", ["abba", "a"]),
        MatchCase("(?P<x>.)(?<y>.)", "hi", ["hi", "h", "i"]), MatchCase("((a)(b)?)+", "aab", ["aab", "ab", "a", "b"]),
        MatchCase("(?U)(a+)(a*)", "aaa", ["aaa", "a", "aa"]), MatchCase("(?U)(a+?)(a*)", "aaa", ["aaa", "aaa", ""]),
        MatchCase("(.*):(\\d+)", "host:9:80", ["host:9:80", "host:9", "80"]),
        // Counts.
        MatchCase("a{3}", "aaa", ["aaa"]), MatchCase("a{3}", "aa", nil), MatchCase("a{2,}", "aaaaa", ["aaaaa"]),
        MatchCase("a{2,}", "a", nil), MatchCase("a{1,3}", "aaaa", nil), MatchCase("a{0}", "", [""]),
        MatchCase("(a{1,2}?)(a*)", "aaa", ["aaa", "a", "aa"]), MatchCase("(ab){2}", "abab", ["abab", "ab"]),
        MatchCase("(a{1,2}){2}", "aaa", ["aaa", "a"]), MatchCase("(?:){3}", "", [""]),
        // Classes.
        MatchCase("[a-c]+", "abc", ["abc"]), MatchCase("[^a-c]+", "abc", nil), MatchCase("[^a]", "\n", ["\n"]),
        MatchCase("[]a]+", "]a", ["]a"]), MatchCase("[^]a]", "]", nil), MatchCase("[a-]+", "a-", ["a-"]),
        MatchCase("[-a]+", "a-", ["a-"]), MatchCase("[a-c-e]+", "b-e", ["b-e"]), MatchCase("[a\\]]+", "]a", ["]a"]),
        MatchCase("[\\d.]+", "1.2", ["1.2"]), MatchCase("[\\D]+", "ab", ["ab"]),
        MatchCase("[[:alpha:]_]+", "a_Z", ["a_Z"]),
        MatchCase("[[:^digit:]]", "1", nil), MatchCase("[[:word:]]+", "a_9", ["a_9"]),
        MatchCase("[[:x]+", "[:x", ["[:x"]),
        MatchCase("[\\x00-\\x{10FFFF}]", "é", ["é"]), MatchCase("[^\\x00-\\x{10FFFF}]", "a", nil),
        MatchCase("[[a]+", "[a", ["[a"]), MatchCase("[\\n\\t]+", "\n\t", ["\n\t"]), MatchCase("[α-ω]+", "λόγος", nil),
        MatchCase("[α-ωό]+", "λόγος", ["λόγος"]),
        // Escapes.
        MatchCase("\\d\\D\\s\\S\\w\\W", "1a b_-", ["1a b_-"]), MatchCase("\\s", "\u{B}", nil),
        MatchCase("\\w", "é", nil),
        MatchCase("\\a\\f\\v\\r\\n\\t", "\u{7}\u{C}\u{B}\r\n\t", ["\u{7}\u{C}\u{B}\r\n\t"]),
        MatchCase("\\x41\\x{1F600}\\101\\0", "A\u{1F600}A\u{0}", ["A\u{1F600}A\u{0}"]),
        MatchCase("\\Qa.b*\\E+", "a.b**", ["a.b**"]), MatchCase("\\Q(", "(", ["("]),
        MatchCase("\\.\\-\\_\\/", ".-_/", [".-_/"]),
        MatchCase("\\pL+", "aλД", ["aλД"]), MatchCase("\\p{Lu}\\P{Lu}", "Aa", ["Aa"]),
        MatchCase("\\p{Greek}+", "λό", ["λό"]),
        MatchCase("\\p{^Greek}", "λ", nil), MatchCase("[\\p{Nd}-]+", "٣-4", ["٣-4"]), MatchCase("\\pN", "x", nil),
        MatchCase("\\p{Han}\\p{Any}", "漢x", ["漢x"]), MatchCase("\\x{D800}", "", nil), MatchCase("\\x{D800}?", "", [""]),
        // Case.
        MatchCase("(?i)AbC", "aBc", ["aBc"]), MatchCase("(?i)k", "\u{212A}", ["\u{212A}"]),
        MatchCase("(?i)[^k]", "K", nil),
        MatchCase("(?i)σ", "ς", ["ς"]), MatchCase("(?i)STRASSE", "straſſe", ["straſſe"]),
        MatchCase("(?i)ß", "ẞ", ["ẞ"]),
        MatchCase("a(?i)b", "aB", ["aB"]), MatchCase("a(?i)b", "AB", nil), MatchCase("(?i:a)b", "Ab", ["Ab"]),
        MatchCase("(?i:a)b", "AB", nil), MatchCase("(?i)a(?-i)b", "Ab", ["Ab"]),
        MatchCase("(?i)[a-c]+", "ABC", ["ABC"]),
        MatchCase("(a(?i)b)c", "aBc", ["aBc", "aB"]), MatchCase("(a(?i)b)c", "aBC", nil), MatchCase("(?i)ı", "i", nil),
        MatchCase("(?i)é", "É", ["É"]), MatchCase("a(?i)|b", "B", ["B"]),
        // Anchors and boundaries.
        MatchCase("\\Aa\\z", "a", ["a"]), MatchCase("a\\b-\\bb", "a-b", ["a-b"]), MatchCase("a\\bb", "ab", nil),
        MatchCase("a\\Bb", "ab", ["ab"]), MatchCase("\\B", "", [""]), MatchCase("\\b", "", nil),
        MatchCase("é\\ba", "éa", ["éa"]), MatchCase("(?m)a$\n^b", "a\nb", ["a\nb"]), MatchCase("a$\n^b", "a\nb", nil),
        MatchCase("(?m)(^x$\n?)+", "x\nx\n", ["x\nx\n", "x\n"]), MatchCase("(?:^|x)a", "a", ["a"]),
        MatchCase("(?m)^*a", "a", ["a"]),
        // Not normalised: e with an accent in one scalar or in two.
        MatchCase("\u{E9}", "e\u{301}", nil), MatchCase("\u{E9}|x", "e\u{301}", nil),
        MatchCase("[\u{E9}]+y?", "e\u{301}", nil),
        MatchCase("e(.)", "e\u{301}", ["e\u{301}", "\u{301}"]),
    ]

    @Test(arguments: cases)
    func table(example: MatchCase) throws {
        let pattern = try LabelPattern(example.pattern)
        #expect(pattern.matchesWhole(example.value) == (example.captures != nil))
        let found = pattern.firstMatch(example.value)
        #expect(found.map(scalars) == example.captures.map(scalars))
    }

    /// Text as scalars, for `String` compares in canonical equivalence.
    private func scalars(_ captures: [String?]) -> [[UInt32]?] {
        captures.map { $0.map { $0.unicodeScalars.map(\.value) } }
    }

    @Test func namesStandBesideTheirGroups() throws {
        #expect(try LabelPattern("(a)(?P<first>b)(?:c)(?<second_2>d)").groupNames == [nil, nil, "first", "second_2"])
        #expect(try LabelPattern("a").groupNames == [nil])
    }

    @Test func equalityIsOfTextByteByByte() throws {
        #expect(try LabelPattern("a|b") == LabelPattern("a|b"))
        #expect(try LabelPattern("a|b") != LabelPattern("b|a"))
        #expect(try LabelPattern("\u{E9}") != LabelPattern("e\u{301}"))
        #expect(try Set([LabelPattern("x"), LabelPattern("x"), LabelPattern("y")]).count == 2)
    }

    @Test func manyTasksMatchAtOnce() async throws {
        let pattern = try LabelPattern("(?:[a-f]+[0-9]*)+z")
        await withTaskGroup(of: Bool.self) { group in
            for task in 0..<16 {
                group.addTask {
                    (0..<200).allSatisfy { round in
                        let value = String(repeating: "ab\(task)", count: round % 7 + 1)
                        return pattern.matchesWhole(value + "z") && !pattern.matchesWhole(value)
                    }
                }
            }
            for await succeeded in group { #expect(succeeded) }
        }
    }
}
