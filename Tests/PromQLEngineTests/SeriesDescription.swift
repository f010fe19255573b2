import PromQLSyntax
import TelemetryModel

/// One line of a script: a series and its points (`metric{a="b"} 1+2x5 _ stale`).
struct SeriesDescription {
    enum Point: Equatable {
        case number(Double)
        case missing
        case stale
        case histogram(HistogramDescription)
    }

    struct ParseError: Error, CustomStringConvertible {
        let description: String
    }

    let labels: LabelSet
    var points: [Point] = []

    var hasHistograms: Bool { points.contains { if case .histogram = $0 { true } else { false } } }

    init(labels: LabelSet, points: [Point]) {
        self.labels = labels
        self.points = points
    }

    init(_ line: String) throws {
        let end = Self.endOfSelector(line)
        let selector = String(line[..<end]).filter { $0 != "\t" }
        labels = try Self.labels(selector)
        for word in try Self.words(line[end...]) { points += try Self.points(word) }
    }

    static func points(of text: Substring) throws -> [Point] {
        try words(text).flatMap(points)
    }

    private static func labels(_ selector: String) throws -> LabelSet {
        let bare = selector.filter { $0 != " " }
        if bare == "{}" { return .empty }
        let matchers = try PromQLParser.parseSelector(selector)
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
                if character == "\\" {
                    index = line.index(after: index)
                } else if character == open {
                    quote = nil
                }
            } else if isInBraces, character == "\"" || character == "'" {
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
        if word.hasPrefix("_") {
            let count = word == "_" ? 1 : Int(word.dropFirst(2))
            guard let count else { throw ParseError(description: "not a gap: \(word)") }
            return [Point](repeating: .missing, count: count)
        }
        let parts = word.split(separator: "x", maxSplits: 1)
        guard parts.count == 2 else { return [.number(try number(parts[0]))] }
        guard let repetitions = Int(parts[1]) else { throw ParseError(description: "not a repetition: \(word)") }
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

    static func number(_ text: Substring) throws -> Double {
        let unsigned = text.drop { $0 == "+" || $0 == "-" }
        let sign = text.hasPrefix("-") ? -1.0 : 1.0
        switch unsigned.lowercased() {
        case "inf": return sign * .infinity
        case "nan": return .nan
        default:
            guard let value = Double(unsigned.hasPrefix(".") ? "0" + unsigned : String(unsigned)) else {
                throw ParseError(description: "not a number: \(text)")
            }
            return sign * value
        }
    }
}
