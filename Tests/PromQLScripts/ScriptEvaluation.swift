import LabelPattern
import PromQLSyntax

extension Script {
    enum Moment {
        case instant(Int64)
        case range(from: Int64, through: Int64, step: Int64)
    }

    /// Times from `from` through `through`, all in milliseconds.
    struct Times {
        let from: Int64
        let through: Int64
        let step: Int64

        /// Empty where there are none.
        var all: [Int64] { step > 0 ? Array(stride(from: from, through: through, by: Int(step))) : [] }
    }

    enum TextMatch {
        case any
        case exact(String)
        case pattern(String)

        func accepts(_ text: String) -> Bool {
            switch self {
            case .any: true
            // Some scripts write the quotes, some do not.
            case .exact(let wanted): text == wanted || text == wanted.unquoted
            case .pattern(let pattern): Self.finds(pattern, text) || Self.finds(pattern.unquoted, text)
            }
        }

        private static func finds(_ pattern: String, _ text: String) -> Bool {
            (try? LabelPattern("(?:.*)(?:\(pattern))(?:.*)"))?.matchesWhole(text) ?? false
        }
    }

    /// One `eval` and what it expects.
    struct Evaluation {
        let moment: Moment
        let query: String
        /// All of them must match the error; none: the query must not fail.
        var failures: [TextMatch] = []
        var warnings: [TextMatch] = []
        var infos: [TextMatch] = []
        var forbidsWarnings = false
        var forbidsInfos = false
        var isOrdered = false
        var string: String?
        var rangeVector: Times?
        var series: [SeriesDescription] = []
        var scalar: Double?

        var expectsFailure: Bool { !failures.isEmpty }
    }
}

extension Script.Evaluation {
    /// From what follows the word `eval`.
    init(_ words: inout WordCursor) throws {
        switch words.next() {
        case "instant":
            // Without a time it is at 0.
            moment = .instant(words.take("at") ? try Script.duration(words.next()) : 0)
        case "range":
            try words.expect("from")
            let from = try Script.duration(words.next())
            try words.expect("to")
            let through = try Script.duration(words.next())
            try words.expect("step")
            moment = .range(from: from, through: through, step: try Script.duration(words.next()))
        case let other: throw SeriesDescription.ParseError(description: "neither `instant` nor `range`: \(other)")
        }
        query = words.remainder
    }

    /// Takes in one of the lines under the `eval`.
    mutating func expect(_ line: String) throws {
        var words = WordCursor(line)
        switch words.next() {
        case "expect": try expectation(&words)
        case "expected_fail_message" where expectsFailure: failures = [.exact(words.remainder)]
        case "expected_fail_regexp" where expectsFailure: failures = [.pattern(words.remainder)]
        default:
            if let number = SeriesDescription.scalar(line) {
                scalar = number
            } else {
                series.append(try SeriesDescription(line))
            }
        }
    }

    private mutating func expectation(_ words: inout WordCursor) throws {
        let kind = words.next()
        switch kind {
        case "fail": failures.append(try Self.match(words.remainder))
        case "warn": warnings.append(try Self.match(words.remainder))
        case "info": infos.append(try Self.match(words.remainder))
        case "no_warn": forbidsWarnings = true
        case "no_info": forbidsInfos = true
        case "ordered": isOrdered = true
        case "string":
            guard case .string(let text)? = try? PromQLParser.parse(words.remainder).node else {
                throw SeriesDescription.ParseError(description: "not a string: \(words.remainder)")
            }
            string = text
        case "range":
            try words.expect("vector")
            try words.expect("from")
            let from = try Script.duration(words.next())
            try words.expect("to")
            let through = try Script.duration(words.next())
            try words.expect("step")
            rangeVector = Script.Times(from: from, through: through, step: try Script.duration(words.next()))
        default: throw SeriesDescription.ParseError(description: "unknown expectation \(kind)")
        }
    }

    private static func match(_ detail: String) throws -> Script.TextMatch {
        if detail.isEmpty { return .any }
        if detail.hasPrefix("msg:") { return .exact(String(detail.dropFirst(4)).trimmed) }
        if detail.hasPrefix("regex:") { return .pattern(String(detail.dropFirst(6)).trimmed) }
        throw SeriesDescription.ParseError(description: "neither `msg:` nor `regex:`: \(detail)")
    }
}

extension String {
    fileprivate var unquoted: String {
        count > 1 && first == last && (first == "\"" || first == "`") ? String(dropFirst().dropLast()) : self
    }
}
