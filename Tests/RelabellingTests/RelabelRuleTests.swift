import ConfigurationYAML
import Relabelling
import TelemetryModel
import Testing

@Suite struct RelabelRuleTests {
    private func rules(_ yaml: String) throws -> [RelabelRule] {
        let node = try #require(try ConfigurationFault.compose(yaml))
        return try RelabelRule.rules(yaml: node, key: "relabel_configs")
    }

    /// The labels by name, as the rules leave them.
    private func applied(_ yaml: String, _ labels: KeyValuePairs<String, String>) throws -> [String: String]? {
        try rules(yaml).apply(to: LabelSet(labels)).map { set in
            Dictionary(uniqueKeysWithValues: set.labels.map { ($0.name, $0.value) })
        }
    }

    @Test("The defaults copy the joined source labels")
    func defaults() throws {
        let copied = try applied("- {source_labels: [a, none, b], target_label: c}", ["a": "1", "b": "2"])
        #expect(copied == ["a": "1", "b": "2", "c": "1;;2"])
    }

    @Test("A regular expression is anchored, and groups are expanded in target and replacement")
    func groups() throws {
        let yaml = #"- {source_labels: [a], regex: '(?P<k>\w+)-(\d+)', target_label: 'x_$k', replacement: '${2}/$k$$'}"#
        #expect(try applied(yaml, ["a": "web-17"]) == ["a": "web-17", "x_web": "17/web$"])
        #expect(try applied(yaml, ["a": "web-17 "]) == ["a": "web-17 "])
        // A name goes as far as letters reach: $1x is group "1x", which is none.
        #expect(
            try applied("- {source_labels: [a], target_label: b, replacement: '$1x'}", ["a": "v", "b": "old"])
                == ["a": "v"])
    }

    @Test("The dot matches newlines")
    func newlines() throws {
        #expect(
            try applied("- {source_labels: [a], regex: 'x.y', target_label: b, replacement: z}", ["a": "x\ny"])?["b"]
                == "z")
    }

    @Test("Without a match nothing is replaced; an empty result removes the label")
    func noMatch() throws {
        #expect(
            try applied("- {source_labels: [a], regex: 'q', target_label: b, replacement: z}", ["a": "p", "b": "old"])
                == ["a": "p", "b": "old"])
        #expect(
            try applied("- {source_labels: [none], target_label: b}", ["a": "p", "b": "old"]) == ["a": "p"])
        #expect(try applied("- {target_label: b, replacement: fixed}", ["a": "p"]) == ["a": "p", "b": "fixed"])
    }

    @Test("keep and drop")
    func keepAndDrop() throws {
        let keep = "- {source_labels: [a, b], separator: '-', regex: '1-[23]', action: keep}"
        #expect(try applied(keep, ["a": "1", "b": "2"]) != nil)
        #expect(try applied(keep, ["a": "1", "b": "24"]) == nil)
        let drop = "- {source_labels: [a], regex: 'x|y', action: DROP}"
        #expect(try applied(drop, ["a": "x"]) == nil)
        #expect(try applied(drop, ["a": "xx"]) == ["a": "xx"])
        // An absent label is an empty one.
        #expect(try applied("- {source_labels: [none], regex: '', action: drop}", ["a": "x"]) == nil)
    }

    @Test("keepequal and dropequal compare bytes")
    func equality() throws {
        let keep = "- {source_labels: [a], target_label: b, action: keepequal}"
        #expect(try applied(keep, ["a": "x", "b": "x"]) != nil)
        #expect(try applied(keep, ["a": "x", "b": "y"]) == nil)
        // The letter é, composed and decomposed.
        #expect(try applied(keep, ["a": "\u{e9}", "b": "e\u{301}"]) == nil)
        let drop = "- {source_labels: [a], target_label: b, action: dropequal}"
        #expect(try applied(drop, ["a": "x", "b": "x"]) == nil)
        #expect(try applied(drop, ["a": "x"]) == ["a": "x"])
    }

    @Test("hashmod takes the last eight bytes of MD5, big-endian", arguments: [(1000, "402"), (7, "6"), (1, "0")])
    func hashmod(modulus: Int, expected: String) throws {
        // md5("hello") = 5d41402abc4b2a76b9719d911017c592; 0xb9719d911017c592 = 13362634815750784402.
        #expect(0xb971_9d91_1017_c592 % UInt64(modulus) == UInt64(expected))
        let yaml = "- {source_labels: [a], target_label: shard, modulus: \(modulus), action: hashmod}"
        #expect(try applied(yaml, ["a": "hello"])?["shard"] == expected)
    }

    @Test("labelmap, labeldrop and labelkeep work on names")
    func names() throws {
        #expect(
            try applied("- {regex: '__meta_(.+)', action: labelmap}", ["__meta_zone": "z", "a": "1"])
                == ["__meta_zone": "z", "a": "1", "zone": "z"])
        #expect(
            try applied("- {regex: '(.)_(.)', replacement: '$2$1', action: labelmap}", ["p_q": "1"])
                == ["p_q": "1", "qp": "1"])
        #expect(try applied("- {regex: 'a.*', action: labeldrop}", ["a": "1", "ab": "2", "ba": "3"]) == ["ba": "3"])
        #expect(
            try applied("- {regex: 'a.*', action: labelkeep}", ["a": "1", "ab": "2", "ba": "3"]) == [
                "a": "1", "ab": "2",
            ])
    }

    @Test("Of two labels mapped to one name, the one set later wins")
    func collisions() throws {
        let map = "- {regex: '[xyz](.)', action: labelmap}"
        #expect(try applied(map, ["xk": "1", "yk": "2"])?["k"] == "2")
        // What a rule has set comes after what was there, whatever its name.
        #expect(try applied("- {target_label: xk, replacement: new}\n" + map, ["xk": "1", "yk": "2"])?["k"] == "new")
    }

    @Test(
        "Case is changed scalar by scalar",
        arguments: [
            ("lowercase", "ÄB\u{130}", "äbi"), ("uppercase", "straße ŉ", "STRAßE ŉ"),
            ("uppercase", "\u{1fb3}ǆ", "\u{1fbc}Ǆ"),
        ])
    func letterCase(action: String, text: String, expected: String) throws {
        let yaml = "- {source_labels: [a], target_label: b, action: \(action)}"
        let changed = try #require(try applied(yaml, ["a": text])?["b"])
        #expect(changed.unicodeScalars.elementsEqual(expected.unicodeScalars))
    }

    @Test("Rules work one after the other, and stop at a drop")
    func sequence() throws {
        let yaml = """
            - source_labels: [__address__]
              regex: '([^:]+):\\d+'
              target_label: host
            - {source_labels: [host], regex: 'db.*', action: drop}
            - {regex: '__.*', action: labeldrop}
            """
        #expect(try applied(yaml, ["__address__": "web1:9100"]) == ["host": "web1"])
        #expect(try applied(yaml, ["__address__": "db1:9100"]) == nil)
        #expect([RelabelRule]().apply(to: LabelSet(["a": "1"])) == LabelSet(["a": "1"]))
    }
}
