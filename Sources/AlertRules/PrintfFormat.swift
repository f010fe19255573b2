import PromQLSyntax

/// A `printf` format of a template, checked against its arguments when the rule is loaded. Verbs: `%v` for anything; `%s` and
/// `%q` for text; `%e %E %f %F %g %G` for numbers; `%%`. Flags `- + 0` and space, width and precision up to 100.
/// (https://pkg.go.dev/fmt)
struct PrintfFormat: Sendable, Equatable {
    struct Verb: Sendable, Equatable {
        var letter: Character
        var alignsLeft = false
        var showsPlus = false
        var showsSpace = false
        var padsWithZeros = false
        var width = 0
        var precision: Int?
    }

    enum Piece: Sendable, Equatable {
        case text(String)
        case verb(Verb)
    }

    let pieces: [Piece]

    static let largestWidth = 100

    /// Throws a sentence that says what is wrong with the format.
    init(_ format: String) throws(TemplateFunction.Failure) {
        var pieces: [Piece] = []
        var text = ""
        var rest = Substring(format)
        while let character = rest.popFirst() {
            guard character == "%" else {
                text.append(character)
                continue
            }
            if rest.first == "%" {
                rest.removeFirst()
                text.append("%")
                continue
            }
            if !text.isEmpty { pieces.append(.text(text)) }
            text = ""
            pieces.append(.verb(try PrintfFormat.verb(&rest)))
        }
        if !text.isEmpty { pieces.append(.text(text)) }
        self.pieces = pieces
    }

    private static func verb(_ rest: inout Substring) throws(TemplateFunction.Failure) -> Verb {
        var verb = Verb(letter: "v")
        flags: while let flag = rest.first {
            switch flag {
            case "-": verb.alignsLeft = true
            case "+": verb.showsPlus = true
            case " ": verb.showsSpace = true
            case "0": verb.padsWithZeros = true
            default: break flags
            }
            rest.removeFirst()
        }
        verb.width = try number(&rest) ?? 0
        if rest.first == "." {
            rest.removeFirst()
            verb.precision = try number(&rest) ?? 0
        }
        guard let letter = rest.popFirst(), "vsqeEfFgG".contains(letter) else {
            throw TemplateFunction.Failure(reason: "printf knows the verbs %v %s %q %e %E %f %F %g %G and %%")
        }
        verb.letter = letter
        return verb
    }

    private static func number(_ rest: inout Substring) throws(TemplateFunction.Failure) -> Int? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        guard !digits.isEmpty else { return nil }
        guard let number = Int(digits), number <= largestWidth else {
            throw TemplateFunction.Failure(reason: "width and precision of printf go up to \(largestWidth)")
        }
        return number
    }

    /// What is wrong with arguments of these kinds, or nil.
    func mismatch(_ kinds: [TemplateValue.Kind]) -> String? {
        let verbs = pieces.compactMap { if case .verb(let verb) = $0 { verb } else { nil } }
        guard verbs.count == kinds.count else {
            return "the printf format wants \(verbs.count) values, but \(kinds.count) are given"
        }
        for (verb, kind) in zip(verbs, kinds) {
            switch verb.letter {
            case "v": continue
            case "s", "q":
                if kind != .text { return "%\(verb.letter) prints text, but a number is given; use %v or %f" }
            default: if kind != .number { return "%\(verb.letter) prints a number, but text is given; use %s" }
            }
        }
        return nil
    }

    /// One argument per verb, of the right kinds (`mismatch` said so).
    func text(_ arguments: [TemplateValue]) -> String {
        var arguments = arguments[...]
        var out = ""
        for piece in pieces {
            switch piece {
            case .text(let text): out += text
            case .verb(let verb): out += verb.text(arguments.popFirst() ?? .text(""))
            }
        }
        return out
    }
}

extension PrintfFormat.Verb {
    func text(_ value: TemplateValue) -> String {
        switch value {
        case .text(let text):
            let cut = precision.map { String(text.unicodeScalars.prefix($0)) } ?? text
            // Go's `strconv.Quote`, as far as what occurs in labels calls for it, is how PromQL quotes.
            return padded(letter == "q" ? cut.promQLQuoted : cut, zeros: false)
        case .number(let number):
            var digits: String
            switch letter {
            case "g", "G", "v":
                digits =
                    precision.map { FloatText.formatted(number, verb: letter == "G" ? "G" : "g", precision: $0) }
                    ?? FloatText.general(number)
                if letter == "G", number.isFinite { digits = digits.uppercased() }
            case "F": digits = FloatText.formatted(number, verb: "f", precision: precision ?? 6)
            default: digits = FloatText.formatted(number, verb: letter, precision: precision ?? 6)
            }
            if number >= 0, !digits.hasPrefix("+") {
                if showsPlus { digits = "+" + digits } else if showsSpace { digits = " " + digits }
            }
            return padded(digits, zeros: padsWithZeros && number.isFinite)
        }
    }

    private func padded(_ text: String, zeros: Bool) -> String {
        let missing = width - text.unicodeScalars.count
        guard missing > 0 else { return text }
        if alignsLeft { return text + String(repeating: " ", count: missing) }
        guard zeros else { return String(repeating: " ", count: missing) + text }
        let sign = text.prefix { $0 == "-" || $0 == "+" || $0 == " " }
        return sign + String(repeating: "0", count: missing) + text.dropFirst(sign.count)
    }
}
