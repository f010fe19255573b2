import ConfigurationYAML
import Relabelling
import Testing

@Suite struct RelabelErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let yaml: String
        let line: Int
        let column: Int
        let words: String
        var testDescription: String { yaml }
    }

    static let cases = [
        Case(yaml: "- action: relplace", line: 1, column: 11, words: "there is no action `relplace`"),
        Case(yaml: "- {target_lable: a}", line: 1, column: 4, words: "did you mean `target_label`?"),
        Case(yaml: "- {source_labels: [a]}", line: 1, column: 3, words: "the action replace needs a `target_label`"),
        Case(yaml: "- {target_label: a, action: hashmod}", line: 1, column: 3, words: "`modulus` above 0"),
        Case(
            yaml: "- {target_label: a, modulus: x, action: hashmod}", line: 1, column: 30,
            words: "`modulus` is a whole number"),
        Case(yaml: "-\n  target_label: 'a${'", line: 2, column: 17, words: "no valid `target_label`"),
        Case(yaml: "- {target_label: '$$a'}", line: 1, column: 18, words: "no valid `target_label`"),
        Case(
            yaml: "- {regex: '(.*', target_label: a}", line: 1, column: 11, words: "`regex`: invalid regular expression"
        ),
        Case(yaml: "- {source_labels: a, target_label: b}", line: 1, column: 19, words: "`source_labels` is a list"),
        Case(yaml: "- {source_labels: [''], target_label: b}", line: 1, column: 20, words: "empty name"),
        Case(
            yaml: "- {regex: a, action: labelmap, replacement: ''}", line: 1, column: 45,
            words: "no valid `replacement`"),
        Case(
            yaml: "- {source_labels: [a], regex: a, action: labeldrop}", line: 1, column: 4,
            words: "labeldrop has no use for `source_labels`"),
        Case(
            yaml: "- {source_labels: [a], target_label: b, regex: c, action: keepequal}", line: 1, column: 41,
            words: "keepequal has no use for `regex`"),
        Case(
            yaml: "- {source_labels: [a], target_label: b, replacement: c, action: lowercase}", line: 1, column: 41,
            words: "lowercase has no use for `replacement`"),
        Case(yaml: "relabel: x", line: 1, column: 1, words: "is a list of relabelling rules"),
        Case(yaml: "- x", line: 1, column: 3, words: "a relabelling rule is a mapping"),
        Case(yaml: "- {action: keep]  ", line: 1, column: 16, words: "not valid YAML"),
    ]

    @Test("A refused rule says what is wrong, and where", arguments: cases)
    func refused(_ example: Case) throws {
        let error = #expect(throws: RelabelError.self) {
            let node = try #require(try ConfigurationFault.compose(example.yaml))
            _ = try RelabelRule.rules(yaml: node, key: "relabel_configs")
        }
        #expect(error?.message.contains(example.words) == true, "\(error?.message ?? "")")
        #expect(error?.line == example.line)
        #expect(error?.column == example.column)
    }

    @Test("Fields with the value they have by default are no contradiction")
    func defaultsGiven() throws {
        let yaml = "- {action: labeldrop, regex: a, separator: ';', replacement: $1}"
        let node = try #require(try ConfigurationFault.compose(yaml))
        #expect(throws: Never.self) { try RelabelRule.rules(yaml: node, key: "relabel_configs") }
    }
}
