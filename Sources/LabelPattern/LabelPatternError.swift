/// Why a text is not a pattern, and where.
package struct LabelPatternError: Error, Hashable, Sendable {
    package enum Fault: Hashable, Sendable {
        case textTooLong(byteCount: Int, limit: Int)
        case nestingTooDeep(limit: Int)
        /// The compiled program would be too large: repetition counts or character classes multiply.
        case programTooLarge(limit: Int)
        case tooManyGroups(limit: Int)
        case backReference
        case lookAround
        /// `(?` and something that RE2 does not have.
        case unknownGroup
        case invalidGroupName
        case duplicateGroupName
        case missingClosingParenthesis
        case unexpectedClosingParenthesis
        case missingClosingBracket
        case invalidClassRange
        case unknownClassName
        case unknownUnicodeProperty
        case invalidEscape
        case trailingBackslash
        /// A repetition with nothing before it.
        case nothingToRepeat
        /// A repetition of a repetition, like `a**`.
        case stackedRepetition
        /// A count above the limit (also as the product of nested counts), or a minimum above the maximum.
        case invalidRepetitionCount(limit: Int)
    }

    package let fault: Fault
    /// Where in the pattern, in UTF-8 bytes from its start.
    package let byteOffset: Int
    /// The part of the pattern at fault; empty if it is the pattern as a whole.
    package let fragment: String
}

extension LabelPatternError: CustomStringConvertible {
    package var description: String {
        let part = fragment.isEmpty ? "" : " `\(fragment)`"
        return "invalid regular expression at byte \(byteOffset)\(part): \(sentence)"
    }

    private var sentence: String {
        switch fault {
        case .textTooLong(let count, let limit):
            "expected at most \(limit) bytes, found \(count); split it into several matchers"
        case .nestingTooDeep(let limit): "expected at most \(limit) groups within each other; flatten it"
        case .programTooLarge(let limit):
            "it compiles to more than \(limit) steps; lower the repetition counts or simplify the character classes"
        case .tooManyGroups(let limit):
            "expected at most \(limit) capturing groups; use (?:…) where nothing is captured"
        case .backReference: "back-references are not part of RE2's syntax; write out what should repeat"
        case .lookAround:
            "look-ahead and look-behind are not part of RE2's syntax; use a second matcher, perhaps a negative one"
        case .unknownGroup: "expected (?:…), (?P<name>…), (?<name>…) or flags from i, m, s, U after `(?`"
        case .invalidGroupName: "expected a group name of ASCII letters, digits and underscores, closed by `>`"
        case .duplicateGroupName: "expected a name that no earlier group has; rename one of them"
        case .missingClosingParenthesis: "expected `)` before the end; close the group or escape the `(`"
        case .unexpectedClosingParenthesis: "found `)` without `(`; escape it if it is meant literally"
        case .missingClosingBracket: "expected `]` before the end; close the class or escape the `[`"
        case .invalidClassRange: "expected a range from a lower to a higher character; swap its ends or escape the `-`"
        case .unknownClassName: "expected a class such as [:alpha:], [:digit:] or [:space:]"
        case .unknownUnicodeProperty: "expected a general category such as L or Nd, or a script such as Greek"
        case .invalidEscape: "expected an escape that RE2 knows; write \\\\ for a backslash"
        case .trailingBackslash: "expected a character after the last backslash; write \\\\ for a backslash"
        case .nothingToRepeat: "expected something to repeat before it; escape it if it is meant literally"
        case .stackedRepetition: "expected at most one repetition after an element; put the inner one into (?:…)"
        case .invalidRepetitionCount(let limit):
            "expected counts of at most \(limit), nested ones multiplied, the lower one first"
        }
    }
}
