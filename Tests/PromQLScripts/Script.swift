/// A text in the language of Prometheus' PromQL tests: `load`, `clear` and `eval` with what is expected.
///
/// The language is that of https://github.com/prometheus/prometheus/blob/main/promql/promqltest/README.md, the forms that it
/// calls deprecated included. Lenient where Prometheus refuses a script: comments do not end a block, durations may be
/// fractions and negative.
package struct Script {
    enum Command {
        /// `addsHistograms`: the classic histograms among the series are meant to be loaded as native ones, too.
        case load(interval: Int64, [SeriesDescription], [StartDescription], addsHistograms: Bool)
        case clear
        case evaluate(Evaluation)
        /// What could not be read, and why.
        case unreadable(text: String, reason: String)
    }

    struct NumberedCommand {
        /// From 1.
        let line: Int
        let command: Command
    }

    private(set) var commands: [NumberedCommand] = []

    /// Never fails: a command that cannot be read counts as one that failed when the script is run.
    package init(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(\.trimmed)
        var index = 0
        while index < lines.count {
            let line = lines[index]
            index += 1
            if line.isEmpty || line.hasPrefix("#") { continue }
            let number = index
            while index < lines.count, !lines[index].isEmpty, !lines[index].beginsCommand { index += 1 }
            let block = lines[number..<index].filter { !$0.hasPrefix("#") }
            do {
                commands.append(NumberedCommand(line: number, command: try Self.command(line, block)))
            } catch {
                commands.append(
                    NumberedCommand(line: number, command: .unreadable(text: line, reason: "not readable: \(error)")))
            }
        }
    }

    private static func command(_ line: String, _ block: [String]) throws -> Command {
        var words = WordCursor(line)
        let name = words.next()
        switch name {
        case "clear": return .clear
        case "load", "load_with_nhcb":
            let interval = try duration(words.next())
            let series = try block.filter { !StartDescription.isOne($0) }.map(SeriesDescription.init)
            let starts = try block.filter(StartDescription.isOne).map(StartDescription.init)
            return .load(interval: interval, series, starts, addsHistograms: name == "load_with_nhcb")
        case "eval", "eval_fail", "eval_warn", "eval_info", "eval_ordered":
            var evaluation = try Evaluation(&words)
            switch name {
            case "eval_fail": evaluation.failures = [.any]
            case "eval_warn": evaluation.warnings = [.any]
            case "eval_info": evaluation.infos = [.any]
            case "eval_ordered": evaluation.isOrdered = true
            default: break
            }
            for line in block { try evaluation.expect(line) }
            return .evaluate(evaluation)
        default: throw SeriesDescription.ParseError(description: "unknown command \(name)")
        }
    }

    /// Milliseconds; a plain number is in seconds.
    static func duration(_ text: String) throws -> Int64 {
        if let seconds = Double(text) {
            guard let milliseconds = Int64(exactly: (seconds * 1000).rounded()) else {
                throw SeriesDescription.ParseError(description: "out of bounds: \(text)")
            }
            return milliseconds
        }
        return try SeriesDescription.signedDuration(Substring(text))
    }
}

/// The words of a line, one after the other, and what follows them as it is written.
struct WordCursor {
    private var rest: Substring

    init(_ line: String) { rest = Substring(line) }

    /// Empty at the end.
    mutating func next() -> String {
        rest = rest.drop { $0.isWhitespace }
        let word = rest.prefix { !$0.isWhitespace }
        rest = rest.dropFirst(word.count)
        return String(word)
    }

    /// Takes the next word if it is this one.
    mutating func take(_ word: String) -> Bool {
        var ahead = self
        guard ahead.next() == word else { return false }
        self = ahead
        return true
    }

    mutating func expect(_ word: String) throws {
        guard take(word) else {
            throw SeriesDescription.ParseError(description: "expected `\(word)` before `\(remainder)`")
        }
    }

    var remainder: String { rest.trimmed }
}

extension StringProtocol {
    var trimmed: String {
        var text = Substring(self)
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }

    fileprivate var beginsCommand: Bool {
        var words = WordCursor(String(self))
        return switch words.next() {
        case "load", "load_with_nhcb", "eval", "eval_fail", "eval_warn", "eval_info", "eval_ordered": true
        case "clear": words.remainder.isEmpty
        default: false
        }
    }
}
