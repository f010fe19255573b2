import AlertRules
import Testing

struct RuleFileTests {
    static let whole = """
        groups:
          - name: fleet
            interval: 30s
            limit: 10
            query_offset: 1m
            labels: {team: infra, severity: info}
            rules:
              - record: source:cpu:avg5m
                expr: avg by (source_id) (avg_over_time(cpu_usage[5m]))
                labels:
                  unit: percent
              - alert: HighCPU
                expr: |
                  cpu_usage
                    > 90
                for: 5m
                keep_firing_for: 2m
                labels:
                  severity: critical
                  shard: 7
                annotations:
                  summary: "{{ $labels.source_id }} is at {{ $value | printf \\"%.1f\\" }}%"
          - name: quiet
            rules: []
        """

    @Test func readsEveryField() throws {
        let file = try RuleFile.parse(RuleFileTests.whole, path: "rules.yml")
        #expect(file.path == "rules.yml")
        try #require(file.groups.count == 2)
        let group = file.groups[0]
        #expect(group.name == "fleet" && group.file == "rules.yml")
        #expect(group.intervalMilliseconds == 30_000 && group.limit == 10 && group.queryOffsetMilliseconds == 60_000)
        guard case .recording(let recording) = group.rules[0], case .alerting(let alerting) = group.rules[1] else {
            Issue.record("expected a recording rule and an alerting rule")
            return
        }
        #expect(recording.name == "source:cpu:avg5m")
        #expect(recording.labels.map { "\($0.name)=\($0.value)" } == ["severity=info", "team=infra", "unit=percent"])
        #expect(alerting.name == "HighCPU" && alerting.expression == "cpu_usage\n  > 90\n")
        #expect(alerting.holdMilliseconds == 300_000 && alerting.keepFiringMilliseconds == 120_000)
        let labels = alerting.labels.map { "\($0.name)=\($0.template.source)" }
        #expect(labels == ["severity=critical", "shard=7", "team=infra"])
        #expect(alerting.annotations.map(\.name) == ["summary"])
        #expect(file.groups[1].rules.isEmpty && file.groups[1].intervalMilliseconds == nil)
    }

    @Test(arguments: ["", "# nothing here\n", "groups: []", "groups:\n"])
    func fileWithoutGroups(_ text: String) throws {
        #expect(try RuleFile.parse(text, path: "f").groups.isEmpty)
    }

    @Test func mergeKeysAndAliases() throws {
        let text = """
            groups:
              - name: g
                rules:
                  - &base
                    alert: A
                    expr: up == 0
                    for: 1m
                  - <<: *base
                    alert: B
            """
        let rules = try RuleFile.parse(text, path: "f").groups[0].rules
        guard case .alerting(let second) = rules[1] else {
            Issue.record("expected an alerting rule")
            return
        }
        #expect(second.name == "B" && second.expression == "up == 0" && second.holdMilliseconds == 60_000)
    }

    /// One thing wrong in an otherwise good file, and where it must be found.
    struct Broken: Sendable, CustomTestStringConvertible {
        let text: String
        let line: Int
        let column: Int
        let problem: RuleFileError.Problem

        init(_ text: String, _ line: Int, _ column: Int, _ problem: RuleFileError.Problem) {
            self.text = text
            self.line = line
            self.column = column
            self.problem = problem
        }

        var testDescription: String { "\(problem)" }
    }

    static func rule(_ body: String) -> String { "groups:\n- name: g\n  rules:\n  - \(body)\n" }

    static let broken: [Broken] = [
        Broken(
            "group: []\n#a long comment", 1, 1,
            .unknownKey("group", place: "the rule file", nearest: "groups", known: ["groups"])),
        Broken(
            rule("alert: A\n    expr: up\n    annotation: {a: b}"), 6, 5,
            .unknownKey(
                "annotation", place: "a rule", nearest: "annotations",
                known: ["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"])),
        Broken(
            "groups:\n- name: g\n  quantum: 3\n  rules: []\n", 3, 3,
            .unknownKey(
                "quantum", place: "a group", nearest: nil,
                known: ["name", "interval", "limit", "query_offset", "labels", "rules"])),
        Broken("groups:\n- rules: []\n", 2, 3, .missingKey("name", place: "a group")),
        Broken(
            "groups: 7\n# a long comment\n", 1, 9, .wrongShape(key: "groups", expected: "a list", found: "`7`")),
        Broken("groups:\n- name: g\n- name: g\n", 3, 3, .duplicateGroup("g")),
        Broken("groups:\n- name: g\n  interval: 5 min\n", 3, 13, .invalidDuration(key: "interval", text: "5 min")),
        Broken("groups:\n- name: g\n  limit: many\n", 3, 10, .invalidNumber(key: "limit", text: "many")),
        Broken(rule("expr: up"), 4, 5, .neitherRecordNorAlert),
        Broken(rule("{alert: A, record: b, expr: up}"), 4, 5, .recordAndAlert),
        Broken(rule("alert: A"), 4, 5, .missingKey("expr", place: "a rule")),
        Broken(rule("record: a\n    expr: up\n    for: 5m"), 6, 10, .notForRecordingRules(key: "for")),
        Broken(rule("record: 'a{b=\"c\"}'\n    expr: up"), 4, 13, .invalidMetricName("a{b=\"c\"}")),
        Broken(rule("record: a\n    expr: up\n    labels: {__name__: x}"), 6, 14, .reservedLabel("__name__")),
        Broken(
            rule("alert: A\n    expr: up[5m]"), 5, 11,
            .invalidExpression(
                reason:
                    "a rule needs an instant vector or a scalar, but this is a range vector; put it in a function such as rate()"
            )),
        Broken(
            rule("alert: A\n    expr: up\n    labels: {a: \"x {{ $values }}\"}"), 6, 23,
            .invalidTemplate(
                name: "a", reason: "there is no `$values`; there are $value, $labels.NAME, .Value and .Labels.NAME")),
        Broken(
            rule(
                "alert: A\n    expr: up\n    annotations:\n      text: |\n        first\n        {{ humanise $value }}"),
            9,
            12,
            .invalidTemplate(
                name: "text", reason: "there is no function `humanise`; did you mean `humanize`?")),
        Broken("groups:\n- name: g\n  name: h\n", 2, 3, .duplicateKeys(["name"])),
    ]

    @Test(arguments: broken)
    func saysWhatIsWrongAndWhere(_ broken: Broken) throws {
        let error = #expect(throws: RuleFileErrors.self) { try RuleFile.parse(broken.text, path: "dir/f.yml") }
        let expected = RuleFileError(
            file: "dir/f.yml", line: broken.line, column: broken.column, problem: broken.problem)
        #expect(error?.errors == [expected])
        #expect(error?.description.hasPrefix("dir/f.yml:\(broken.line):\(broken.column): ") == true)
    }

    @Test func positionOfExpressionErrors() throws {
        for (text, line, column) in [
            (RuleFileTests.rule("alert: A\n    expr: up == )"), 5, 17),
            (RuleFileTests.rule("alert: A\n    expr: \"up == )\""), 5, 18),
            (RuleFileTests.rule("alert: A\n    expr: |\n      up\n      == )"), 7, 10),
        ] {
            let error = #expect(throws: RuleFileErrors.self) { try RuleFile.parse(text, path: "f") }
            #expect(error?.errors.first.map { [$0.line, $0.column] } == [line, column], "\(text)")
        }
    }

    @Test func reportsEverythingInOrder() throws {
        let text = """
            groups:
            - name: g
              rules:
              - alert: A
                expr: up ==
                fro: 5m
              - record: b
                expr: up
                for: 1m
              colour: red
            """
        let error = #expect(throws: RuleFileErrors.self) { try RuleFile.parse(text, path: "f") }
        #expect(error?.errors.map(\.line) == [5, 6, 9, 10])
    }

    @Test(arguments: [
        "\t", "groups: [", "groups: *nowhere", "{", "a: b: c: d", "\u{0}\u{1}", "--- a\n--- b", "groups:\n - - - -",
        "? [a]\n: b", "groups: {a: b}", String(repeating: "[", count: 5000), "&a [*a]", "groups: &a [*a]",
    ])
    func brokenYAMLIsAnError(_ text: String) {
        #expect(throws: RuleFileErrors.self) { try RuleFile.parse(text, path: "f") }
    }
}
