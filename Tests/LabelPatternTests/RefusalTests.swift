import LabelPattern
import TestSupport
import Testing

@Suite struct RefusalTests {
    typealias Fault = LabelPatternError.Fault

    @Test(
        arguments: [
            ("a)", .unexpectedClosingParenthesis, 1), ("(a", .missingClosingParenthesis, 0),
            ("é(a", .missingClosingParenthesis, 2),
            ("a(?:b", .missingClosingParenthesis, 1), ("(?i", .missingClosingParenthesis, 0),
            ("(", .missingClosingParenthesis, 0),
            ("[a", .missingClosingBracket, 0), ("[]", .missingClosingBracket, 0), ("a[^", .missingClosingBracket, 1),
            ("[a-", .missingClosingBracket, 0), ("[z-a]", .invalidClassRange, 1), ("[a-\\d]", .invalidEscape, 3),
            ("[[:foo:]]", .unknownClassName, 1), ("\\pX", .unknownUnicodeProperty, 0),
            ("\\p{Klingon}", .unknownUnicodeProperty, 0),
            ("\\p", .unknownUnicodeProperty, 0), ("\\p{L", .unknownUnicodeProperty, 0),
            ("\\p{}", .unknownUnicodeProperty, 0),
            ("*a", .nothingToRepeat, 0), ("a|*", .nothingToRepeat, 2), ("(+)", .nothingToRepeat, 1),
            ("{2}", .nothingToRepeat, 0),
            ("(?i)?", .nothingToRepeat, 4), ("a**", .stackedRepetition, 1), ("a*+", .stackedRepetition, 1),
            ("ba{2}{3}", .stackedRepetition, 2), ("a*???", .stackedRepetition, 1),
            ("a{1001}", .invalidRepetitionCount(limit: 1_000), 1), ("a{3,2}", .invalidRepetitionCount(limit: 1_000), 1),
            ("(a{500}){3}", .invalidRepetitionCount(limit: 1_000), 8),
            ("a{99999999999999999999}", .invalidRepetitionCount(limit: 1_000), 1),
            ("(a)\\1", .backReference, 3), ("\\8", .backReference, 0), ("(?P=x)", .backReference, 0),
            ("x(?=a)", .lookAround, 1),
            ("(?!a)", .lookAround, 0), ("(?<=a)", .lookAround, 0), ("(?<!a)", .lookAround, 0),
            ("(?>a)", .unknownGroup, 0),
            ("(?#c)", .unknownGroup, 0), ("(?-)", .unknownGroup, 0), ("(?i-:a)", .unknownGroup, 0),
            ("(?i--s:a)", .unknownGroup, 0),
            ("(?x)", .unknownGroup, 0), ("(?P<>a)", .invalidGroupName, 0), ("(?P<a-b>a)", .invalidGroupName, 0),
            ("(?<n", .invalidGroupName, 0), ("(?P<n>a)(?<n>b)", .duplicateGroupName, 11),
            ("a\\", .trailingBackslash, 1),
            ("\\y", .invalidEscape, 0), ("\\Z", .invalidEscape, 0), ("\\C", .invalidEscape, 0),
            ("\\x{110000}", .invalidEscape, 0),
            ("\\xg0", .invalidEscape, 0), ("\\x{}", .invalidEscape, 0), ("\\x{41", .invalidEscape, 0),
            ("[\\b]", .invalidEscape, 1),
            ("\\é", .invalidEscape, 0),
        ] as [(String, Fault, Int)])
    func faultsHaveAPlace(text: String, fault: Fault, byteOffset: Int) {
        let error = refusal(of: text)
        #expect(error?.fault == fault)
        #expect(error?.byteOffset == byteOffset)
        #expect(error?.description.contains("at byte \(byteOffset)") == true)
    }

    @Test func depthIsBounded() {
        for (open, close) in [("(", ")"), ("(?:", ")"), ("(?i:", ")*"), ("(?P<n", ">"), ("x(", ")")] {
            let text = String(repeating: open, count: 10_000) + "a" + String(repeating: close, count: 10_000)
            #expect(refusal(of: text) != nil)
        }
        #expect(
            refusal(of: String(repeating: "(", count: 10_000) + String(repeating: ")", count: 10_000))?.fault
                == .nestingTooDeep(limit: 250))
        let allowed = String(repeating: "(?:", count: 250) + "a" + String(repeating: ")*", count: 250)
        #expect(refusal(of: allowed) == nil)
    }

    @Test func sizeIsBounded() {
        #expect(
            refusal(of: String(repeating: "a", count: 300_000))?.fault
                == .textTooLong(byteCount: 300_000, limit: 262_144))
        #expect(refusal(of: String(repeating: "()", count: 1_001))?.fault == .tooManyGroups(limit: 1_000))
        let large = "(?:" + String(repeating: "[a-z]b", count: 100) + "){1000}"
        guard case .programTooLarge = refusal(of: large)?.fault else {
            Issue.record("a program of 200,000 instructions was accepted")
            return
        }
        #expect(refusal(of: String(repeating: "(a{0,1000})", count: 90))?.fault != nil)
    }

    @Test(arguments: 0..<6)
    func randomTextsNeverTrap(seed: UInt64) {
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "(", ")", "[", "]", "{", "}", "*", "+", "?", "|", "\\", "^", "$", ".", "-", ":", "a", "1", ",", "é", "(?",
            "(?P<", ">",
            "[:", ":]", "\\p", "\\x", "i", "s", "\\Q", "\\E", "{2}", "{2,", "[^", "0", "\\b", "\u{0}", "\u{10FFFF}",
        ]
        for _ in 0..<3_000 {
            let size = Int.random(in: 0...14, using: &random)
            let text = (0..<size).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            guard let pattern = try? LabelPattern(text) else { continue }
            for value in ["", "a", text, "a1é-"] {
                #expect(pattern.matchesWhole(value) == (pattern.firstMatch(value) != nil), "\(text) on \(value)")
            }
        }
    }

    private func refusal(of text: String) -> LabelPatternError? {
        do throws(LabelPatternError) {
            _ = try LabelPattern(text)
            return nil
        } catch {
            return error
        }
    }
}
