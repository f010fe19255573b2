import TestSupport

/// Writes queries from the grammar, mostly well-typed and with all that the language has, and spoils texts.
struct QueryGenerator {
    var random: SeededGenerator

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func any(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }

    private mutating func list(_ count: ClosedRange<Int>, _ element: (inout QueryGenerator) -> String) -> String {
        (0..<Int.random(in: count, using: &random)).map { _ in element(&self) }.joined(separator: any([", ", ","]))
    }

    // MARK: Words

    private static let keywords = [
        "sum", "by", "without", "offset", "start", "end", "step", "range", "fill", "fill_left", "anchored", "smoothed",
        "and", "or", "unless", "topk", "min_of", "info", "rate", "limit_ratio", "atan2", "bool", "on", "inf", "nan",
    ]

    private mutating func metric() -> String { any(["a", "b:c", "_x", "up", ":y"] + Self.keywords.prefix(20)) }

    private mutating func label() -> String {
        any(["job", "le", "__name__", "\"a.b\"", "'é'", "`x y`", "\"\\n\""] + Self.keywords)
    }

    private mutating func text() -> String {
        any([
            "\"\"", "'x'", "`\\d+`", "\"\\x41\\u00e9\\\"\"", "'a|b'", "\".+\"", "\"\\0600\"", "\"é\"", "'\\U0001F600'",
        ])
    }

    private mutating func number() -> String {
        any([
            "0", "1", "2.5", ".5", "5.", "1e3", "1E-3", "0x1F", "017", "1_000", "Inf", "inF", "nan", "5m", "1h30m",
            "1y", "3ms",
            "9007199254740993", "1e308", "08",
        ])
    }

    private mutating func labels() -> String { "(\(list(0...3) { $0.label() })\(chance(10) ? "," : ""))" }

    // MARK: Durations

    private mutating func duration(_ depth: Int) -> String {
        guard depth > 0, chance(60) else {
            return any(["5m", "1h30m", "300", "0.5", "step()", "range()", "STEP( )", "10s", "1w"])
        }
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return "(\(duration(depth - 1)))"
        case 1: return any(["-", "+"]) + duration(depth - 1)
        case 2: return "\(any(["min_of", "max_of"]))(\(duration(depth - 1)), \(duration(depth - 1)))"
        default:
            return duration(depth - 1) + any([" + ", "-", "*", " / ", " % ", "^"]) + duration(depth - 1)
        }
    }

    private mutating func modifiers(allowsExtended: Bool) -> String {
        var parts: [String] = []
        if chance(20) {
            parts.append(" offset " + any(["5m", "-5m", "100", "step()", "-range()", "(\(duration(2)))"]))
        }
        if chance(20) { parts.append(any([" @ 100", " @ -1.5", " @ start()", " @ end()", " @ 5m", " @ 1e3"])) }
        if allowsExtended, chance(20) { parts.append(any([" anchored", " smoothed"])) }
        return parts.shuffled(using: &random).joined()
    }

    // MARK: Expressions

    private mutating func selector() -> String {
        func matcher(_ generator: inout QueryGenerator) -> String {
            generator.label() + generator.any(["=", "!=", "=~", "!~"]) + generator.text()
        }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return metric()
        case 1: return metric() + "{" + list(0...3, matcher) + "}"
        case 2: return "{" + any(["\"m.x\"", "'bool'", "`a`"]) + (chance(50) ? ", " + list(1...2, matcher) : "") + "}"
        default: return "{x=\"y\", " + list(0...2, matcher) + "}"
        }
    }

    mutating func rangeVector(_ depth: Int) -> String {
        if depth > 0, chance(40) {
            let step = chance(50) ? duration(1) : ""
            return "(\(vector(depth - 1)))[\(duration(2)):\(step)]" + modifiers(allowsExtended: false)
        }
        return "\(selector())[\(duration(2))]" + modifiers(allowsExtended: true)
    }

    mutating func scalar(_ depth: Int) -> String {
        guard depth > 0, chance(60) else { return number() }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return "scalar(\(vector(depth - 1)))"
        case 1: return any(["time()", "pi()", "start()", "end()", "step()", "range()"])
        case 2: return "min_of(\(scalar(depth - 1)), \(scalar(depth - 1)))"
        case 3: return "-\(scalar(depth - 1))"
        case 4: return "(\(scalar(depth - 1)))"
        default:
            return
                "\(scalar(depth - 1)) \(any(["+", "-", "*", "/", "%", "^", "== bool", "atan2"])) \(scalar(depth - 1))"
        }
    }

    mutating func vector(_ depth: Int) -> String {
        guard depth > 0, chance(85) else { return selector() + modifiers(allowsExtended: true) }
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return "(\(vector(depth - 1)))"
        case 1: return any(["-", "+", "- -"]) + vector(depth - 1)
        case 2, 3: return binary(depth)
        case 4: return aggregation(depth)
        case 5: return "\(any(["rate", "increase", "changes", "sum_over_time", "deriv"]))(\(rangeVector(depth - 1)))"
        case 6: return "\(any(["abs", "ceil", "sort", "timestamp", "start_timestamp", "absent"]))(\(vector(depth - 1)))"
        case 7: return call(depth)
        case 8: return "\(vector(depth - 1)) \(any(["+", ">", "</", ">/", "== bool", "^"])) \(scalar(depth - 1))"
        default: return "\(scalar(depth - 1)) \(any(["*", "<", "!= bool", "%"])) \(vector(depth - 1))"
        }
    }

    private mutating func call(_ depth: Int) -> String {
        let operand = vector(depth - 1)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return "label_replace(\(operand), \(text()), \(text()), \(text()), \(text()))"
        case 1: return "label_join(\(operand), \(list(2...4) { $0.text() }))"
        case 2: return "histogram_quantiles(\(operand), \"q\", \(list(1...10) { $0.scalar(1) }))"
        case 3: return "info(\(operand), {\(list(0...2) { "\($0.label())=~\($0.text())" })})"
        case 4: return "round(\(operand)\(chance(50) ? ", \(scalar(1))" : ""))"
        case 5: return any(["hour()", "vector(\(scalar(1)))", "year(\(operand))"])
        case 6: return "sort_by_label(\(operand)\(chance(50) ? ", \(text())" : ""))"
        default: return "quantile_over_time(\(scalar(1)), \(rangeVector(depth - 1)))"
        }
    }

    private mutating func binary(_ depth: Int) -> String {
        let isSet = chance(30)
        var `operator` =
            isSet
            ? any(["and", "or", "unless", "AND"]) : any(["+", "-", "*", "/", "%", "^", "==", ">", "<=", "</", "atan2"])
        if ["==", ">", "<="].contains(`operator`), chance(30) { `operator` += " bool" }
        if chance(40) {
            `operator` += " \(any(["on", "ignoring", "ON"])) \(labels())"
            if !isSet, chance(40) {
                `operator` += " \(any(["group_left", "group_right"])) \(chance(50) ? labels() : "")"
            }
        }
        if !isSet, chance(25) {
            `operator` += any([" fill(0)", " fill_left(-1)", " fill_right(Inf) fill_left(2)", " fill(nan)"])
        }
        return "\(vector(depth - 1)) \(`operator`) \(vector(depth - 1))"
    }

    private mutating func aggregation(_ depth: Int) -> String {
        let clause = chance(50) ? " \(any(["by", "without", "BY"])) \(labels()) " : ""
        let name = any([
            "sum", "avg", "count", "group", "stddev", "topk", "limitk", "limit_ratio", "quantile", "count_values",
        ])
        var body = vector(depth - 1)
        switch name {
        case "topk", "limitk", "limit_ratio", "quantile": body = "\(scalar(1)), \(body)"
        case "count_values": body = "\(text()), \(body)"
        default: break
        }
        return chance(50) ? "\(name)\(clause)(\(body))" : "\(name)(\(body))\(clause)"
    }

    mutating func query() -> String {
        let depth = Int.random(in: 0...4, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return scalar(depth)
        case 1: return text()
        case 2: return rangeVector(depth)
        default: return vector(depth)
        }
    }

    // MARK: Spoiling

    /// Bytes or words of `text` taken out, doubled, exchanged, or brought in from `other`.
    mutating func spoiled(_ text: String, with other: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let range = chance(50) ? word(in: bytes) : stretch(of: bytes)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.removeSubrange(range)
            case 1: bytes.insert(contentsOf: Array(bytes[range]), at: range.upperBound)
            case 2:
                let donor = Array(other.utf8)
                bytes.replaceSubrange(range, with: donor[word(in: donor)])
            case 3:
                let donor = Array(other.utf8)
                bytes.insert(contentsOf: donor[stretch(of: donor)], at: range.lowerBound)
            case 4:
                let symbols = Array("(){}[],:@\"'`\\#\n+-*/%^<>=!~_. 0x9eE\u{0}é".utf8)
                bytes.insert(symbols.randomElement(using: &random) ?? 0, at: range.lowerBound)
            default:
                if let index = range.randomElement(using: &random) {
                    bytes[index] = UInt8.random(in: 0...255, using: &random)
                }
            }
        }
        return bytes
    }

    private mutating func stretch(of bytes: [UInt8]) -> Range<Int> {
        let start = Int.random(in: 0...bytes.count, using: &random)
        return start..<Int.random(in: start...min(bytes.count, start + 8), using: &random)
    }

    private mutating func word(in bytes: [UInt8]) -> Range<Int> {
        func isWord(_ byte: UInt8) -> Bool {
            byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte == 0x5F || byte >= 0x80
        }
        let start = Int.random(in: 0...bytes.count, using: &random)
        var (lower, upper) = (start, start)
        while lower > 0, isWord(bytes[lower - 1]) { lower -= 1 }
        while upper < bytes.count, isWord(bytes[upper]) { upper += 1 }
        if lower == upper, upper < bytes.count { upper += 1 }
        return lower..<upper
    }
}
