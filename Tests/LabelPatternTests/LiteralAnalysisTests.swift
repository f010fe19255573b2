import LabelPattern
import Testing

@Suite struct LiteralAnalysisTests {
    @Test(
        arguments: [
            ("a|b|c(d|e)", ["a", "b", "cd", "ce"]), ("", [""]), ("abc", ["abc"]), ("^(?:x|y)$", ["x", "y"]),
            ("a?b", ["b", "ab"]),
            ("[ab]c{2}", ["acc", "bcc"]), ("a|a|b", ["a", "b"]), ("(?i)ab", ["AB", "Ab", "aB", "ab"]),
            ("a{1,3}", ["a", "aa", "aaa"]),
            ("\\Qa.b\\E", ["a.b"]), ("[^\\x00-\\x{10FFFF}]", []), ("5..|x", nil), (".*", nil), ("a+", nil),
            ("a\\b", nil),
            ("[a-z]{2}", nil), ("\\d{2}", (0..<100).map { $0 < 10 ? "0\($0)" : "\($0)" }), ("\\d{3}", nil),
            ("(a|b){9}", nil), ("(a|b)(c|)", ["ac", "a", "bc", "b"]),
        ] as [(String, [String]?)])
    func alternatives(text: String, expected: [String]?) throws {
        let pattern = try LabelPattern(text)
        #expect(pattern.literalAlternatives.map { $0.sorted() } == expected.map { $0.sorted() })
        for value in expected ?? [] { #expect(pattern.matchesWhole(value)) }
    }

    @Test func orderIsThatOfThePattern() throws {
        #expect(try LabelPattern("b|a|c(e|d)").literalAlternatives == ["b", "a", "ce", "cd"])
    }

    @Test(arguments: [
        ("abc", "abc"), ("abc.*", "abc"), ("ab+c", "ab"), ("ab*c", "a"), ("(abc|abd).*", "ab"), ("(foo)(bar)?", "foo"),
        ("^api-.+", "api-"), ("a{3}b*", "aaa"), (".*", ""), ("(?i)abc", ""), ("x|y", ""), ("[a]b.", "ab"),
        ("a\\bb", "ab"),
        ("(ab){2,}", "abab"), ("a{2,3}", "aa"), ("(?:ab|ab)c.", "abc"), ("é.", "é"), ("(a|)b", ""), ("(ab|ab.)c", "ab"),
        ("(ab|abc)d", "ab"), ("\\x{D800}a", ""),
    ])
    func prefixes(text: String, expected: String) throws {
        let prefix = try LabelPattern(text).literalPrefix
        #expect(prefix.utf8.elementsEqual(expected.utf8))
    }

    @Test func manyHostsStayWithinBounds() throws {
        let hosts = (0..<4_000).map { "host-\($0).example.com:9100" }
        let pattern = try LabelPattern(hosts.joined(separator: "|"))
        #expect(pattern.literalAlternatives == nil)
        #expect(pattern.literalPrefix == "host-")
        #expect(pattern.matchesWhole("host-3999.example.com:9100"))
        #expect(!pattern.matchesWhole("host-4000.example.com:9100"))
        #expect(!pattern.matchesWhole("host-1.example.com:910"))
    }
}
