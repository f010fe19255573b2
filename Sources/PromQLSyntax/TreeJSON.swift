extension PromQLExpression {
    /// The tree as JSON in the form of `/api/v1/parse_query`
    /// (https://prometheus.io/docs/prometheus/latest/querying/api/#parsing-a-promql-expressions-into-a-abstract-syntax-tree-ast):
    /// objects with a `type`, keys in alphabetical order, durations and timestamps in milliseconds. A range, step or offset
    /// that depends on a query's step or range is 0.
    package var treeJSON: String {
        var writer = TreeWriter()
        writer.write(self)
        return writer.text
    }
}

private struct TreeWriter {
    private(set) var text = ""

    mutating func write(_ expression: PromQLExpression?) {
        guard let expression else {
            text += "null"
            return
        }
        switch expression.node {
        case .number(let value, _): literal("numberLiteral", value.promQLText)
        case .string(let value): literal("stringLiteral", value)
        case .parentheses(let inner):
            object("parenExpr") { $0.field("expr") { $0.write(inner) } }
        case .negation(let operand): unary("-", operand)
        case .plus(let operand): unary("+", operand)
        case .selector(let selector):
            object("vectorSelector") { $0.fields(of: selector) }
        case .matrix(let selector, let range):
            object("matrixSelector") { $0.fields(of: selector, range) }
        case .subquery(let subquery):
            object("subquery") { writer in
                writer.field("expr") { $0.write(subquery.expression) }
                writer.duration("offset", subquery.shift.offset)
                writer.duration("range", subquery.range)
                writer.field("startOrEnd") { $0.word(subquery.shift.anchor) }
                writer.duration("step", subquery.step ?? .none)
                writer.field("timestamp") { $0.time(subquery.shift.anchor) }
            }
        case .binary(let binary):
            object("binaryExpr") { writer in
                writer.field("bool") { $0.text += "\(binary.returnsBool)" }
                writer.field("lhs") { $0.write(binary.left) }
                writer.field("matching") { $0.write(binary.matching) }
                writer.field("op") { $0.string(binary.operator.rawValue) }
                writer.field("rhs") { $0.write(binary.right) }
            }
        case .call(let function, let arguments):
            object("call") { writer in
                writer.field("args") { $0.list(arguments) { $0.write($1) } }
                writer.field("func") { $0.write(function) }
            }
        case .aggregation(let aggregation): write(aggregation)
        }
    }

    private mutating func literal(_ type: String, _ value: String) {
        object(nil) { writer in
            writer.field("type") { $0.string(type) }
            writer.field("val") { $0.string(value) }
        }
    }

    private mutating func unary(_ sign: String, _ operand: PromQLExpression) {
        object("unaryExpr") { writer in
            writer.field("expr") { $0.write(operand) }
            writer.field("op") { $0.string(sign) }
        }
    }

    private mutating func write(_ aggregation: Aggregation) {
        let (isWithout, labels) =
            switch aggregation.grouping {
            case .by(let labels): (false, labels)
            case .without(let labels): (true, labels)
            }
        object("aggregation") { writer in
            writer.field("expr") { $0.write(aggregation.operand) }
            writer.field("grouping") { $0.list(labels) { $0.string($1) } }
            writer.field("op") { $0.string(aggregation.operator.rawValue) }
            writer.field("param") { $0.write(aggregation.parameter) }
            writer.field("without") { $0.text += "\(isWithout)" }
        }
    }

    private mutating func write(_ matching: VectorMatching?) {
        guard let matching else {
            text += "null"
            return
        }
        object(nil) { writer in
            writer.field("card") { $0.string(matching.cardinality.text) }
            writer.field("fillValues") { writer in
                writer.object(nil) { writer in
                    writer.field("lhs") { $0.number(matching.fillLeft) }
                    writer.field("rhs") { $0.number(matching.fillRight) }
                }
            }
            writer.field("include") { $0.list(matching.include) { $0.string($1) } }
            writer.field("labels") { $0.list(matching.labels) { $0.string($1) } }
            writer.field("on") { $0.text += "\(matching.on)" }
        }
    }

    private mutating func write(_ function: PromQLFunction) {
        let signature = function.signature
        object(nil) { writer in
            writer.field("argTypes") { $0.list(function.documentedArguments) { $0.string($1.treeName) } }
            writer.field("name") { $0.string(function.rawValue) }
            writer.field("returnType") { $0.string(signature.result.treeName) }
            writer.field("variadic") { $0.text += "\(function.variadic)" }
        }
    }

    private mutating func fields(of selector: VectorSelector, _ range: WrittenDuration? = nil) {
        field("anchored") { $0.text += "\(selector.extended == .anchored)" }
        // The name's own matcher, which the parser puts first, is last in Prometheus' trees.
        let own = selector.metricName == nil ? 0 : 1
        let matchers = selector.matchers.dropFirst(own) + selector.matchers.prefix(own)
        field("matchers") { writer in
            writer.list(Array(matchers)) { writer, matcher in
                writer.object(nil) { writer in
                    writer.field("name") { $0.string(matcher.name) }
                    writer.field("type") { $0.string(matcher.operator.rawValue) }
                    writer.field("value") { $0.string(matcher.value) }
                }
            }
        }
        field("name") { $0.string(selector.metricName ?? "") }
        duration("offset", selector.shift.offset)
        if let range { duration("range", range) }
        field("smoothed") { $0.text += "\(selector.extended == .smoothed)" }
        field("startOrEnd") { $0.word(selector.shift.anchor) }
        field("timestamp") { $0.time(selector.shift.anchor) }
    }

    private mutating func duration(_ name: String, _ duration: WrittenDuration) {
        field(name) { $0.text += "\(duration.constantMilliseconds)" }
    }

    private mutating func word(_ anchor: TimeShift.Anchor?) {
        switch anchor {
        case .queryStart: string("start")
        case .queryEnd: string("end")
        case .time, nil: text += "null"
        }
    }

    private mutating func time(_ anchor: TimeShift.Anchor?) {
        if case .time(let milliseconds)? = anchor { text += "\(milliseconds)" } else { text += "null" }
    }

    // MARK: JSON

    /// The type comes last, since it does in all objects but literals.
    private mutating func object(_ type: String?, _ fields: (inout TreeWriter) -> Void) {
        text += "{"
        fields(&self)
        if let type { field("type") { $0.string(type) } }
        text += "}"
    }

    private mutating func field(_ name: String, _ value: (inout TreeWriter) -> Void) {
        if text.utf8.last != UInt8(ascii: "{") { text += "," }
        text += "\"\(name)\":"
        value(&self)
    }

    private mutating func list<Element>(_ elements: [Element], _ write: (inout TreeWriter, Element) -> Void) {
        text += "["
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            write(&self, element)
        }
        text += "]"
    }

    /// JSON has no NaN and no infinities: they are strings.
    private mutating func number(_ value: Double?) {
        switch value {
        case nil: text += "null"
        case let value? where value.isFinite: text += value.promQLText
        case let value?: string(value.promQLText)
        }
    }

    /// RFC 8259, section 7.
    private mutating func string(_ value: String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default:
                guard scalar.value < 0x20 else {
                    text.unicodeScalars.append(scalar)
                    continue
                }
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        text += "\""
    }
}

extension WrittenDuration {
    /// 0 if it depends on a query, or has no value.
    fileprivate var constantMilliseconds: Int64 {
        switch self {
        case .fixed(let milliseconds): return milliseconds
        case .computed(let expression, _):
            guard !expression.dependsOnQuery, let seconds = try? expression.value(step: 0, range: 0) else { return 0 }
            return seconds.durationMilliseconds ?? 0
        }
    }
}

extension VectorMatching.Cardinality {
    fileprivate var text: String {
        switch self {
        case .oneToOne: "one-to-one"
        case .manyToOne: "many-to-one"
        case .oneToMany: "one-to-many"
        case .manyToMany: "many-to-many"
        }
    }
}

extension PromQLExpression.ValueType {
    fileprivate var treeName: String {
        switch self {
        case .scalar: "scalar"
        case .string: "string"
        case .instantVector: "vector"
        case .rangeVector: "matrix"
        }
    }
}

extension PromQLFunction {
    /// How many arguments may follow those that must be there; -1 for any number.
    fileprivate var variadic: Int {
        let signature = signature
        guard let most = signature.most else { return -1 }
        return most - signature.required
    }

    /// Prometheus lists the first repetition of a repeated argument.
    fileprivate var documentedArguments: [PromQLExpression.ValueType] {
        self == .histogramQuantiles ? signature.arguments + [.scalar] : signature.arguments
    }
}
