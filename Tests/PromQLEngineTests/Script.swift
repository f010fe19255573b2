import PromQLSyntax
import TelemetryModel

/// A text in the language of Prometheus' PromQL tests: `load`, `clear` and `eval` with what is expected.
struct Script {
    struct ParseError: Error, CustomStringConvertible {
        let line: Int
        let reason: String
        var description: String { "line \(line): \(reason)" }
    }

    enum Command {
        /// `addsHistograms`: the classic histograms among the series are meant to be loaded as native ones, too.
        case load(interval: Int64, [SeriesDescription], [StartDescription], addsHistograms: Bool)
        case clear
        case evaluate(Evaluation)
    }

    enum Moment {
        case instant(Int64)
        case range(from: Int64, through: Int64, step: Int64)
    }

    enum TextMatch {
        case any
        case exact(String)
        case pattern(String)
    }

    struct Evaluation {
        let line: Int
        let moment: Moment
        let query: String
        var failure: TextMatch?
        var warnings: [TextMatch] = []
        var infos: [TextMatch] = []
        var forbidsWarnings = false
        var forbidsInfos = false
        var isOrdered = false
        var string: String?
        var rangeVector: (from: Int64, through: Int64, step: Int64)?
        var series: [SeriesDescription] = []
        var scalar: Double?

        var expectsHistograms: Bool { series.contains(where: \.hasHistograms) }
    }

    private(set) var commands: [Command] = []

    init(_ text: String) throws {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.trimmed
        }
        var index = 0
        while index < lines.count {
            let line = lines[index]
            index += 1
            if line.isEmpty || line.hasPrefix("#") { continue }
            let start = index
            while index < lines.count, !lines[index].isEmpty, !lines[index].beginsCommand { index += 1 }
            let block = lines[start..<index].filter { !$0.hasPrefix("#") }
            do {
                commands.append(try Self.command(line, block, number: start))
            } catch let error as ParseError {
                throw error
            } catch {
                throw ParseError(line: start, reason: "\(error)")
            }
        }
    }

    private static func command(_ line: String, _ block: [String], number: Int) throws -> Command {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        if words[0] == "clear" { return .clear }
        if words[0] == "load" || words[0] == "load_with_nhcb" {
            let series = try block.filter { !StartDescription.isOne($0) }.map(SeriesDescription.init)
            let starts = try block.filter(StartDescription.isOne).map(StartDescription.init)
            return .load(
                interval: try duration(words[1]), series, starts, addsHistograms: words[0] == "load_with_nhcb")
        }
        guard words[0].hasPrefix("eval") else { throw ParseError(line: number, reason: "unknown command \(words[0])") }
        var evaluation: Evaluation
        if words[1] == "instant" {
            let query = words.dropFirst(4).joined(separator: " ")
            evaluation = Evaluation(line: number, moment: .instant(try duration(words[3])), query: rest(line, query, 4))
        } else {
            let moment = Moment.range(
                from: try duration(words[3]), through: try duration(words[5]), step: try duration(words[7]))
            evaluation = Evaluation(line: number, moment: moment, query: rest(line, "", 8))
        }
        switch words[0] {
        case "eval_fail": evaluation.failure = .any
        case "eval_warn": evaluation.warnings = [.any]
        case "eval_info": evaluation.infos = [.any]
        case "eval_ordered": evaluation.isOrdered = true
        default: break
        }
        for line in block { try evaluation.expect(line) }
        return .evaluate(evaluation)
    }

    /// What follows the first `count` words, as it is written.
    private static func rest(_ line: String, _ fallback: String, _ count: Int) -> String {
        var rest = Substring(line)
        for _ in 0..<count {
            rest = rest.drop { $0 == " " || $0 == "\t" }
            rest = rest.drop { $0 != " " && $0 != "\t" }
        }
        return String(rest).trimmed
    }

    /// Milliseconds; a plain number is in seconds.
    static func duration(_ text: String) throws -> Int64 {
        if let seconds = Double(text) { return Int64((seconds * 1000).rounded()) }
        if text.hasPrefix("-") { return -(try PromQLDuration.parse(String(text.dropFirst()))) }
        return try PromQLDuration.parse(text)
    }
}

extension Script.Evaluation {
    fileprivate mutating func expect(_ line: String) throws {
        guard line.hasPrefix("expect ") else {
            if let value = try? SeriesDescription.points(of: Substring(line)), case .number(let number)? = value.first,
                value.count == 1
            {
                scalar = number
            } else {
                series.append(try SeriesDescription(line))
            }
            return
        }
        let body = String(line.dropFirst("expect ".count)).trimmed
        let kind = String(body.prefix { $0 != " " })
        let detail = String(body.dropFirst(kind.count)).trimmed
        switch kind {
        case "fail": failure = Self.match(detail)
        case "warn": warnings.append(Self.match(detail))
        case "info": infos.append(Self.match(detail))
        case "no_warn": forbidsWarnings = true
        case "no_info": forbidsInfos = true
        case "ordered": isOrdered = true
        case "string":
            guard case .string(let text)? = try? PromQLParser.parse(detail).node else {
                throw SeriesDescription.ParseError(description: "not a string: \(detail)")
            }
            string = text
        case "range":
            let words = detail.split(separator: " ").map(String.init)
            rangeVector = (
                try Script.duration(words[2]), try Script.duration(words[4]), try Script.duration(words[6])
            )
        default: throw SeriesDescription.ParseError(description: "unknown expectation \(line)")
        }
    }

    private static func match(_ detail: String) -> Script.TextMatch {
        if detail.hasPrefix("msg:") {
            let text = String(detail.dropFirst(4)).trimmed
            return .exact(text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text)
        }
        if detail.hasPrefix("regex:") { return .pattern(String(detail.dropFirst(6)).trimmed) }
        return .any
    }
}

extension StringProtocol {
    var trimmed: String {
        var text = Substring(self)
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }

    fileprivate var beginsCommand: Bool {
        ["load ", "load_with_nhcb ", "eval ", "eval_fail ", "eval_warn ", "eval_info ", "eval_ordered "]
            .contains(where: hasPrefix) || self == "clear"
    }
}
