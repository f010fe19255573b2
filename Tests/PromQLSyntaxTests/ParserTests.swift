import PromQLSyntax
import Testing

@Suite struct ParserTests {
    private func error(_ text: String) -> PromQLSyntaxError? {
        do {
            _ = try PromQLParser.parse(text)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        ("1 + 2 * 3", "1 + (2 * 3)"), ("2 ^ 3 ^ 2", "2 ^ (3 ^ 2)"), ("-a ^ 2", "-(a ^ 2)"), ("-a * 2", "(-a) * 2"),
        ("a - b - c", "(a - b) - c"), ("a or b and c", "a or (b and c)"), ("a unless b or c", "(a unless b) or c"),
        ("a > b + 1", "a > (b + 1)"), ("a == b > c", "(a == b) > c"), ("a atan2 b + c", "(a atan2 b) + c"),
        ("a ^ -b * c", "(a ^ (-b)) * c"), ("-a @ 10", "-(a @ 10)"), ("a % b offset 1m", "a % (b offset 1m)"),
    ])
    func precedence(_ text: String, _ grouped: String) throws {
        #expect(try shape(PromQLParser.parse(text)) == shape(PromQLParser.parse(grouped)))
    }

    /// The tree with parentheses left out: two texts have the same one if they mean the same.
    private func shape(_ expression: PromQLExpression) -> String {
        switch expression.node {
        case .parentheses(let inner): shape(inner)
        case .binary(let binary): "(\(shape(binary.left)) \(binary.operator.rawValue) \(shape(binary.right)))"
        case .negation(let operand): "-[\(shape(operand))]"
        default: expression.description
        }
    }

    @Test func everyNodeKnowsItsPlace() throws {
        let text = "sum by (job) (rate(errors_total{job=\"api\"}[5m])) / 2"
        let root = try PromQLParser.parse(text)
        func part(_ expression: PromQLExpression) -> String {
            let utf8 = Array(text.utf8)
            return String(decoding: utf8[expression.range], as: UTF8.self)
        }
        guard case .binary(let division) = root.node, case .aggregation(let sum) = division.left.node,
            case .call(let function, let arguments) = sum.operand.node
        else {
            Issue.record("unexpected tree \(root)")
            return
        }
        #expect(part(root) == text)
        #expect(part(division.right) == "2")
        #expect(part(division.left) == "sum by (job) (rate(errors_total{job=\"api\"}[5m]))")
        #expect(function == .rate)
        #expect(part(arguments[0]) == "errors_total{job=\"api\"}[5m]")
        #expect(root.type == .instantVector)
        #expect(arguments[0].type == .rangeVector)
    }

    @Test func selectors() throws {
        let matchers = try PromQLParser.parseSelector("up{job=\"a\", zone!='b', path=~`\\d+`, \"my.label\"!~\"x\",}")
        #expect(matchers.map(\.name) == ["__name__", "job", "zone", "path", "my.label"])
        #expect(matchers.map(\.value) == ["up", "a", "b", "\\d+", "x"])
        #expect(matchers.map(\.operator) == [.equal, .equal, .notEqual, .matches, .doesNotMatch])
        let quoted = try PromQLParser.parseSelector("{\"my.metric\", a=\"b\"}")
        #expect(quoted.map(\.value) == ["my.metric", "b"])
        #expect(throws: PromQLSyntaxError.self) { try PromQLParser.parseSelector("up offset 5m") }
        #expect(throws: PromQLSyntaxError.self) { try PromQLParser.parseSelector("up[5m]") }
        #expect(throws: PromQLSyntaxError.self) { try PromQLParser.parseSelector("1") }
    }

    @Test func keywordsAreNamesWhereTheyCanBe() throws {
        for text in ["sum", "by + offset", "sum(by) by (on, ignoring, and)", "and and and", "{bool=\"1\"}", "start"] {
            #expect(throws: Never.self, "\(text)") { try PromQLParser.parse(text) }
        }
        #expect(try PromQLParser.parse("SUM BY (a) (x)").description == "sum by (a) (x)")
        #expect(try PromQLParser.parse("a AND ON(b) c").description == "a and on (b) c")
        #expect(error("bool") != nil)
        #expect(error("RATE(x[5m])")?.message == "unknown function with name \"RATE\"")
    }

    @Test(arguments: [
        ("", "1:1"), ("a +", "1:4"), ("a b", "1:3"), ("sum(a", "1:6"), ("a{b}", "1:4"), ("a{b=c}", "1:5"),
        ("{}", "1:1"), ("a{b=\"\"}\n +\n {c=\"\"}", "3:2"), ("a[5m", "1:5"), ("a[0s]", "1:3"), ("a[5x]", "1:3"),
        ("a[5m][5m:]", "1:1"), ("rate(a)", "1:6"), ("rate(a[5m], 1)", "1:1"), ("topk(a)", "1:1"), ("nope(a)", "1:1"),
        ("1 == 1", "1:1"), ("1 and a", "1:1"), ("a + on(b) 1", "1:5"), ("a + bool b", "1:5"), ("\"x\" + 1", "1:1"),
        ("a offset 5m offset 5m", "1:13"), ("a @ 1 @ 2", "1:7"), ("(a) offset 5m", "1:5"), ("a offset 5m [5m]", "1:1"),
        ("a and on(b) group_left c", "1:13"), ("a * group_left(c) b", "1:5"), ("a * on(b) group_left(b) c", "1:5"),
        ("a{b=\"c}", "1:5"), ("\"\\q\"", "1:2"), ("'\\xff'", "1:1"), ("a[5m] + 1", "1:1"), ("-a[5m]", "1:2"),
        ("sum(a[5m])", "1:5"), ("a{__name__=\"b\"}", "1:3"), ("{\"a\",\"b\"}", "1:6"), ("a ; b", "1:3"),
        ("sum by (a) (b) by (c)", "1:1"), ("5m30", "1:1"), ("1_", "1:1"), ("0xg", "1:1"), ("é", "1:1"),
    ])
    func errorsSayWhere(_ text: String, _ position: String) {
        let found = error(text)
        #expect(found.map { "\($0.line):\($0.column)" } == position, "\(text): \(found?.description ?? "no error")")
    }

    @Test func nestingIsBounded() {
        for text in [
            String(repeating: "(", count: 10_000) + "a" + String(repeating: ")", count: 10_000),
            String(repeating: "-(", count: 10_000), String(repeating: "abs(", count: 10_000),
            "a" + String(repeating: " + a", count: 10_000), "a" + String(repeating: " ^ a", count: 10_000),
            String(repeating: "-", count: 10_000) + "a", "a" + String(repeating: "[5m:]", count: 10_000),
        ] {
            #expect(error(text) != nil, "\(text.prefix(20))")
        }
        #expect(error(String(repeating: "(", count: 99) + "a" + String(repeating: ")", count: 99)) == nil)
        #expect(error("a" + String(repeating: " + a", count: 299)) == nil)
        #expect(error(String(repeating: " ", count: 2_000_000)) != nil)
    }
}
