import ConfigurationYAML

/// Reads a template; see `AlertTemplate` for the grammar. Positions are counted in Unicode scalars.
struct TemplateParser {
    typealias SyntaxError = AlertTemplate.SyntaxError

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    private static let deepestNesting = 16

    init(_ source: String) { self.scalars = Array(source.unicodeScalars) }

    mutating func parse() throws(SyntaxError) -> [AlertTemplate.Segment] {
        var segments: [AlertTemplate.Segment] = []
        var text = String.UnicodeScalarView()
        var trimsNext = false
        while position < scalars.count {
            guard starts(with: "{{") else {
                if !(trimsNext && TemplateParser.isSpace(scalars[position])) {
                    text.append(scalars[position])
                    trimsNext = false
                }
                position += 1
                continue
            }
            let start = position
            position += 2
            if current == "-", position + 1 < scalars.count, TemplateParser.isSpace(scalars[position + 1]) {
                position += 1
                while let last = text.last, TemplateParser.isSpace(last) { text.removeLast() }
            }
            if !text.isEmpty { segments.append(.text(String(text))) }
            text = .init()
            if let pipeline = try action(from: start) { segments.append(.pipeline(pipeline)) }
            trimsNext = try closeAction(from: start)
        }
        if !text.isEmpty { segments.append(.text(String(text))) }
        return segments
    }

    /// What stands between the braces; nil for a comment.
    private mutating func action(from start: Int) throws(SyntaxError) -> AlertTemplate.Pipeline? {
        skipSpace()
        guard starts(with: "/*") else { return try pipeline() }
        while position < scalars.count, !starts(with: "*/") { position += 1 }
        guard position < scalars.count else {
            throw SyntaxError(offset: start, reason: "the comment is not closed by */")
        }
        position += 2
        return nil
    }

    /// Returns true if white space after the action is trimmed.
    private mutating func closeAction(from start: Int) throws(SyntaxError) -> Bool {
        skipSpace()
        var trims = false
        if starts(with: "-}}") {
            position += 1
            trims = true
        }
        guard starts(with: "}}") else {
            let reason = position < scalars.count ? "expected `|` or `}}`" : "`{{` is not closed by `}}`"
            throw SyntaxError(offset: position < scalars.count ? position : start, reason: reason)
        }
        position += 2
        return trims
    }

    private mutating func pipeline() throws(SyntaxError) -> AlertTemplate.Pipeline {
        depth += 1
        defer { depth -= 1 }
        guard depth <= TemplateParser.deepestNesting else {
            throw SyntaxError(
                offset: position, reason: "parentheses are nested deeper than \(TemplateParser.deepestNesting)")
        }
        var commands: [AlertTemplate.Command] = []
        var piped: TemplateValue.Kind?
        repeat {
            if !commands.isEmpty { position += 1 }
            skipSpace()
            let command = try command(piped: piped)
            commands.append(command)
            if case .operand(let operand) = command { piped = operand.kind } else { piped = .text }
            skipSpace()
        } while current == "|"
        return AlertTemplate.Pipeline(commands: commands)
    }

    private mutating func command(piped: TemplateValue.Kind?) throws(SyntaxError) -> AlertTemplate.Command {
        let start = position
        guard let first = current, TemplateParser.isNameStart(first) else {
            let operand = try operand()
            if piped != nil { throw SyntaxError(offset: start, reason: "after `|` comes a function") }
            return .operand(operand)
        }
        let name = name()
        let function = TemplateFunction(rawValue: name)
        guard function != nil || name == "printf" else { throw unknown(name, at: start) }
        var operands: [(operand: AlertTemplate.Operand, offset: Int)] = []
        skipSpace()
        while let next = current, next != "|", next != "}", next != ")", !starts(with: "-}}") {
            let offset = position
            operands.append((try operand(), offset))
            skipSpace()
        }
        let kinds = operands.map(\.operand.kind) + (piped.map { [$0] } ?? [])
        guard let function else { return try printf(operands, kinds: kinds, start: start) }
        guard kinds.count == 1 else {
            throw SyntaxError(offset: start, reason: "`\(name)` takes one value, but \(kinds.count) are given")
        }
        if !function.takesNumbers, kinds[0] == .number {
            throw SyntaxError(
                offset: start, reason: "`\(name)` takes text, but a number is given; turn it into text with printf")
        }
        return .call(function, operands.map(\.operand))
    }

    private func printf(
        _ operands: [(operand: AlertTemplate.Operand, offset: Int)], kinds: [TemplateValue.Kind], start: Int
    ) throws(SyntaxError) -> AlertTemplate.Command {
        guard case .text(let text)? = operands.first?.operand else {
            throw SyntaxError(offset: start, reason: "printf needs its format first, as a text in quotes")
        }
        do throws(TemplateFunction.Failure) {
            let format = try PrintfFormat(text)
            if let mismatch = format.mismatch(Array(kinds.dropFirst())) {
                throw TemplateFunction.Failure(reason: mismatch)
            }
            return .printf(format, operands.dropFirst().map(\.operand))
        } catch {
            throw SyntaxError(offset: operands[0].offset, reason: error.reason)
        }
    }

    private func unknown(_ name: String, at offset: Int) -> SyntaxError {
        let known = TemplateFunction.allCases.map(\.rawValue) + ["printf"]
        if let nearest = NearestName.of(name, among: known) {
            return SyntaxError(offset: offset, reason: "there is no function `\(name)`; did you mean `\(nearest)`?")
        }
        return SyntaxError(
            offset: offset,
            reason: "`\(name)` is not supported in rule templates; there are \(known.joined(separator: ", "))")
    }

    private mutating func operand() throws(SyntaxError) -> AlertTemplate.Operand {
        let start = position
        switch current {
        case "$", ".": return try variable()
        case "\"": return .text(try quotedText())
        case "`":
            position += 1
            let from = position
            while position < scalars.count, scalars[position] != "`" { position += 1 }
            guard current == "`" else {
                throw SyntaxError(offset: start, reason: "the text is not closed by a backtick")
            }
            position += 1
            return .text(TemplateParser.string(scalars[from..<(position - 1)]))
        case "(":
            position += 1
            let inner = try pipeline()
            guard current == ")" else { throw SyntaxError(offset: start, reason: "`(` is not closed by `)`") }
            position += 1
            return .pipeline(inner)
        case let first? where first == "-" || first == "+" || TemplateParser.isDigit(first):
            while let next = current, !TemplateParser.isSpace(next), next != "|", next != "}", next != ")" {
                position += 1
            }
            let text = TemplateParser.string(scalars[start..<position])
            guard let number = Double(text), number.isFinite else {
                throw SyntaxError(offset: start, reason: "`\(text)` is not a number")
            }
            return .number(number)
        case let first? where TemplateParser.isNameStart(first):
            let name = name()
            throw SyntaxError(
                offset: start, reason: "`\(name)` stands where a value is expected; put it in parentheses")
        default:
            throw SyntaxError(offset: start, reason: "expected a value such as $value or $labels.name")
        }
    }

    private mutating func variable() throws(SyntaxError) -> AlertTemplate.Operand {
        let start = position
        position += 1
        let name = TemplateParser.string(scalars[start..<start + 1]) + name()
        switch name {
        case "$value", ".Value": return .value
        case "$labels", ".Labels":
            guard current == "." else {
                throw SyntaxError(offset: start, reason: "`\(name)` needs a label's name after it: \(name).instance")
            }
            position += 1
            let label = self.name()
            guard !label.isEmpty else { throw SyntaxError(offset: position, reason: "a label's name is missing") }
            if current == "." { throw SyntaxError(offset: position, reason: "a label's value has no fields") }
            return .label(label)
        default:
            throw SyntaxError(
                offset: start, reason: "there is no `\(name)`; there are $value, $labels.NAME, .Value and .Labels.NAME")
        }
    }

    private mutating func quotedText() throws(SyntaxError) -> String {
        let start = position
        position += 1
        var text = String.UnicodeScalarView()
        while let next = current, next != "\"", next != "\n" {
            position += 1
            guard next == "\\" else {
                text.append(next)
                continue
            }
            switch current {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "r": text.append("\r")
            case "\\": text.append("\\")
            case "\"": text.append("\"")
            default: throw SyntaxError(offset: position - 1, reason: #"known escapes are \n, \t, \r, \\ and \""#)
            }
            position += 1
        }
        guard current == "\"" else { throw SyntaxError(offset: start, reason: "the text is not closed by a quote") }
        position += 1
        return String(text)
    }

    private mutating func name() -> String {
        let start = position
        while let next = current, TemplateParser.isNameStart(next) || TemplateParser.isDigit(next) { position += 1 }
        return TemplateParser.string(scalars[start..<position])
    }

    private var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private func starts(with text: String) -> Bool { scalars[position...].starts(with: text.unicodeScalars) }

    private mutating func skipSpace() {
        while let next = current, TemplateParser.isSpace(next) { position += 1 }
    }

    private static func string(_ slice: ArraySlice<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(slice))
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r"
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { "0" <= scalar && scalar <= "9" }

    private static func isNameStart(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic
    }
}
