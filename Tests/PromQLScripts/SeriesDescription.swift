import NativeHistograms
import PromQLSyntax
package import TelemetryModel

/// One line of a script: a series and its points (`metric{a="b"} 1+2x5 _ stale`).
package struct SeriesDescription {
    package enum Point: Equatable, CustomStringConvertible {
        case number(Double)
        case missing
        case stale
        case histogram(HistogramDescription)

        package var description: String {
            switch self {
            case .number(let number): "\(number)"
            case .missing: "_"
            case .stale: "stale"
            case .histogram(let histogram): "\(histogram.histogram) (\(histogram.histogram.counterReset))"
            }
        }
    }

    package struct ParseError: Error, CustomStringConvertible {
        package let description: String
    }

    package let labels: LabelSet
    package var points: [Point] = []

    init(labels: LabelSet, points: [Point]) {
        self.labels = labels
        self.points = points
    }

    init(_ line: String) throws {
        let end = Self.endOfSelector(line)
        labels = try Self.labels(line[..<end].trimmed)
        for word in try Self.words(line[end...]) { points += try Self.points(word) }
    }

    private static func labels(_ selector: String) throws -> LabelSet {
        if selector.filter({ !$0.isWhitespace }) == "{}" { return .empty }
        let matchers = try PromQLParser.parseSelector(selector)
        guard matchers.allSatisfy({ $0.operator == .equal }) else {
            throw ParseError(description: "labels of a series have no other operator than `=`: \(selector)")
        }
        return LabelSet(matchers.map { Label($0.name, $0.value) })
    }

    /// After the closing brace outside of quotes, or at the first blank if there are no braces before it.
    private static func endOfSelector(_ line: String) -> String.Index {
        var isInBraces = false
        var quote: Character?
        var index = line.startIndex
        while index < line.endIndex {
            let character = line[index]
            if let open = quote {
                if character == "\\", open != "`" {
                    index = line.index(after: index)
                } else if character == open {
                    quote = nil
                }
            } else if isInBraces, character == "\"" || character == "'" || character == "`" {
                quote = character
            } else if character == "{" {
                isInBraces = true
            } else if character == "}" {
                return line.index(after: index)
            } else if character == " " || character == "\t", !isInBraces {
                return index
            }
            index = line.index(after: index)
        }
        return line.endIndex
    }

    /// Split at blanks outside of `{{…}}`.
    private static func words(_ text: Substring) throws -> [String] {
        var words: [String] = []
        var word = ""
        var depth = 0
        for character in text {
            if character == "{" { depth += 1 }
            if character == "}" { depth -= 1 }
            if character == " " || character == "\t", depth == 0 {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    private static func points(_ word: String) throws -> [Point] {
        if word.hasPrefix("{{") { return try HistogramDescription.points(word) }
        if word == "stale" { return [.stale] }
        if word.hasPrefix("_") { return [Point](repeating: .missing, count: try gap(word)) }
        let parts = word.split(separator: "x", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return [.number(try number(parts[0]))] }
        let repetitions = try repetitions(parts[1])
        let (start, step) = try startAndStep(parts[0])
        // Added up step by step, as the scripts' expectations are.
        var value = start
        return (0...repetitions).map { index in
            if index > 0 { value += step }
            return .number(value)
        }
    }

    /// `10-2` is 10 going down by 2; the sign of an exponent (`1e-3`) does not count.
    private static func startAndStep(_ text: Substring) throws -> (Double, Double) {
        var previous: Character = " "
        for index in text.indices.dropFirst() {
            defer { previous = text[index] }
            guard text[index] == "+" || text[index] == "-", previous.lowercased() != "e" else { continue }
            return (try number(text[..<index]), try number(text[index...]))
        }
        return (try number(text), 0)
    }

    /// How many samples are missing at `_` or `_x3`.
    static func gap(_ word: some StringProtocol) throws -> Int {
        if word == "_" { return 1 }
        guard word.hasPrefix("_x") else { throw ParseError(description: "not a gap: \(word)") }
        return try repetitions(word.dropFirst(2))
    }

    /// What stands after an `x`.
    static func repetitions(_ text: some StringProtocol) throws -> Int {
        guard let count = Int(text), (0...10_000_000).contains(count) else {
            throw ParseError(description: "not a number of repetitions: \(text)")
        }
        return count
    }

    /// Milliseconds.
    static func signedDuration(_ text: Substring) throws -> Int64 {
        let milliseconds = try PromQLDuration.parse(String(text.drop { $0 == "+" || $0 == "-" }))
        return text.hasPrefix("-") ? -milliseconds : milliseconds
    }

    /// The value of a line that is nothing but a number, in any form that PromQL has or `0x1p-2`.
    static func scalar(_ line: String) -> Double? {
        let unsigned = line.drop { $0 == "+" || $0 == "-" }
        guard !unsigned.contains(where: \.isWhitespace) else { return nil }
        var value = Double(unsigned)
        if case .number(let number, _)? = (try? PromQLParser.parse(String(unsigned)))?.node { value = number }
        return value.map { line.hasPrefix("-") ? -$0 : $0 }
    }

    /// Durations stand for seconds.
    static func number(_ text: Substring) throws -> Double {
        let unsigned = text.drop { $0 == "+" || $0 == "-" }
        let sign = text.hasPrefix("-") ? -1.0 : 1.0
        switch unsigned.lowercased() {
        case "inf": return sign * .infinity
        case "nan": return .nan
        default:
            if let value = Double(unsigned.hasPrefix(".") ? "0" + unsigned : String(unsigned)) { return sign * value }
            guard let milliseconds = try? PromQLDuration.parse(String(unsigned)) else {
                throw ParseError(description: "not a number: \(text)")
            }
            return sign * Double(milliseconds) / 1000
        }
    }
}
