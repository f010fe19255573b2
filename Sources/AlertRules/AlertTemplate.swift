package import TelemetryModel

/// The text of a label or annotation: the part of Go's template language that alert rules use
/// (https://prometheus.io/docs/prometheus/latest/configuration/template_reference/).
///
///     template = { text | "{{" [ "-" ] pipeline [ "-" ] "}}" | "{{/* comment */}}" }
///     pipeline = command { "|" command }
///     command  = operand | function { operand }
///     operand  = $value | .Value | $labels.NAME | .Labels.NAME | "text" | `text` | number | "(" pipeline ")"
///     function = humanize | humanize1024 | humanizeDuration | humanizePercentage | humanizeTimestamp
///              | printf | title | toUpper | toLower
///
/// Types are checked when the rule is loaded; what is left to fail at evaluation is a label that is no number.
package struct AlertTemplate: Sendable, Equatable {
    /// As written.
    package let source: String
    let segments: [Segment]

    enum Segment: Sendable, Equatable {
        case text(String)
        case pipeline(Pipeline)
    }

    /// The result of each command is the last argument of the next.
    struct Pipeline: Sendable, Equatable {
        let commands: [Command]
    }

    enum Command: Sendable, Equatable {
        case operand(Operand)
        case call(TemplateFunction, [Operand])
        case printf(PrintfFormat, [Operand])
    }

    indirect enum Operand: Sendable, Equatable {
        case value
        case label(String)
        case text(String)
        case number(Double)
        case pipeline(Pipeline)
    }

    /// Where and why a template is refused.
    package struct SyntaxError: Error, Sendable, Equatable {
        /// In Unicode scalars from the template's start.
        package let offset: Int
        package let reason: String
    }

    package init(_ source: String) throws(SyntaxError) {
        var parser = TemplateParser(source)
        self.segments = try parser.parse()
        self.source = source
    }

    /// True if the result does not depend on the alert.
    package var isFixed: Bool {
        segments.allSatisfy { if case .text = $0 { true } else { false } }
    }

    /// The finished text. What cannot be computed is replaced as a whole by a text that says so, as in Prometheus, so that
    /// a bad annotation never keeps an alert from firing. A missing label is the empty text.
    package func text(labels: LabelSet, value: Double) -> String {
        do throws(TemplateFunction.Failure) {
            var out = ""
            for segment in segments {
                switch segment {
                case .text(let text): out += text
                case .pipeline(let pipeline): out += try pipeline.result(labels: labels, value: value).text
                }
            }
            return out
        } catch {
            return "<error expanding template: \(error.reason)>"
        }
    }
}

/// What a command yields.
enum TemplateValue: Sendable, Equatable {
    case text(String)
    case number(Double)

    enum Kind: String, Sendable { case text, number }

    var text: String {
        switch self {
        case .text(let text): text
        case .number(let number): FloatText.general(number)
        }
    }
}

extension AlertTemplate.Pipeline {
    func result(labels: LabelSet, value: Double) throws(TemplateFunction.Failure) -> TemplateValue {
        var piped: TemplateValue?
        for command in commands {
            switch command {
            case .operand(let operand): piped = try operand.result(labels: labels, value: value)
            case .call(let function, let operands):
                var arguments = try AlertTemplate.Pipeline.results(operands, labels: labels, value: value)
                if let piped { arguments.append(piped) }
                piped = .text(try arguments.first.map(function.apply) ?? "")
            case .printf(let format, let operands):
                var arguments = try AlertTemplate.Pipeline.results(operands, labels: labels, value: value)
                if let piped { arguments.append(piped) }
                piped = .text(format.text(arguments))
            }
        }
        return piped ?? .text("")
    }

    private static func results(
        _ operands: [AlertTemplate.Operand], labels: LabelSet, value: Double
    ) throws(TemplateFunction.Failure) -> [TemplateValue] {
        var results: [TemplateValue] = []
        for operand in operands { results.append(try operand.result(labels: labels, value: value)) }
        return results
    }

    /// Every function yields text; only a lone operand can be a number.
    var kind: TemplateValue.Kind {
        guard case .operand(let operand)? = commands.last else { return .text }
        return operand.kind
    }
}

extension AlertTemplate.Operand {
    func result(labels: LabelSet, value: Double) throws(TemplateFunction.Failure) -> TemplateValue {
        switch self {
        case .value: .number(value)
        case .label(let name): .text(labels[name] ?? "")
        case .text(let text): .text(text)
        case .number(let number): .number(number)
        case .pipeline(let pipeline): try pipeline.result(labels: labels, value: value)
        }
    }

    var kind: TemplateValue.Kind {
        switch self {
        case .value, .number: .number
        case .label, .text: .text
        case .pipeline(let pipeline): pipeline.kind
        }
    }
}
