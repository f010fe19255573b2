import Foundation
import PromQLSyntax
import Testing

@Suite struct TreeJSONTests {
    @Test(arguments: [
        ("1.5", #"{"type":"numberLiteral","val":"1.5"}"#), ("5m", #"{"type":"numberLiteral","val":"300"}"#),
        ("-Inf", #"{"type":"numberLiteral","val":"-Inf"}"#),
        ("\"a\\\"b\\\\\\n\\x01é\"", #"{"type":"stringLiteral","val":"a\"b\\\n\u0001é"}"#),
        ("(1)", #"{"expr":{"type":"numberLiteral","val":"1"},"type":"parenExpr"}"#),
        (
            "-a",
            #"{"expr":{"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"a"}],"name":"a","offset":0,"#
                + #""smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"},"op":"-","#
                + #""type":"unaryExpr"}"#
        ),
        (
            "{b!~'c',__name__=\"d\"} smoothed offset -5m @ 1.5",
            #"{"anchored":false,"matchers":[{"name":"b","type":"!~","value":"c"},"#
                + #"{"name":"__name__","type":"=","value":"d"}],"name":"","offset":-300000,"smoothed":true,"#
                + #""startOrEnd":null,"timestamp":1500,"type":"vectorSelector"}"#
        ),
        (
            "a{b='c'}[5m*2] anchored @ end()",
            #"{"anchored":true,"matchers":[{"name":"b","type":"=","value":"c"},"#
                + #"{"name":"__name__","type":"=","value":"a"}],"name":"a","offset":0,"range":600000,"smoothed":false,"#
                + #""startOrEnd":"end","timestamp":null,"type":"matrixSelector"}"#
        ),
        (
            "vector(1)[1h:step()] @ start() offset 1s",
            #"{"expr":{"args":[{"type":"numberLiteral","val":"1"}],"func":{"argTypes":["scalar"],"name":"vector","#
                + #""returnType":"vector","variadic":0},"type":"call"},"offset":1000,"range":3600000,"#
                + #""startOrEnd":"start","step":0,"timestamp":null,"type":"subquery"}"#
        ),
    ])
    func text(_ query: String, _ wanted: String) throws {
        #expect(try PromQLParser.parse(query).treeJSON == wanted)
    }

    private func object(_ query: String) throws -> [String: Any] {
        let data = Data(try PromQLParser.parse(query).treeJSON.utf8)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func binary() throws {
        let tree = try object("a == bool on (x, y) group_left (z) fill_right(3) b")
        #expect(tree["type"] as? String == "binaryExpr")
        #expect(tree["op"] as? String == "==")
        #expect(tree["bool"] as? Bool == true)
        let matching = try #require(tree["matching"] as? [String: Any])
        #expect(matching["card"] as? String == "many-to-one")
        #expect(matching["on"] as? Bool == true)
        #expect(matching["labels"] as? [String] == ["x", "y"])
        #expect(matching["include"] as? [String] == ["z"])
        let fill = try #require(matching["fillValues"] as? [String: Any])
        #expect(fill["lhs"] is NSNull)
        #expect(fill["rhs"] as? Double == 3)
        #expect(try object("a or b")["matching"].map { ($0 as? [String: Any])?["card"] as? String } == "many-to-many")
        #expect(try object("a + 1")["matching"] is NSNull)
    }

    @Test func aggregation() throws {
        let tree = try object("topk without ('x.y') (3, a)")
        #expect(tree["type"] as? String == "aggregation")
        #expect(tree["op"] as? String == "topk")
        #expect(tree["without"] as? Bool == true)
        #expect(tree["grouping"] as? [String] == ["x.y"])
        #expect((tree["param"] as? [String: Any])?["val"] as? String == "3")
        let plain = try object("sum(a)")
        #expect(plain["param"] is NSNull)
        #expect(plain["grouping"] as? [String] == [])
        #expect(plain["without"] as? Bool == false)
    }

    @Test(arguments: [
        ("round(a)", ["vector", "scalar"], 1, "vector"), ("rate(a[5m])", ["matrix"], 0, "vector"),
        ("label_join(a, 'b', 'c')", ["vector", "string", "string", "string"], -1, "vector"),
        ("hour()", ["vector"], 1, "vector"), ("time()", [], 0, "scalar"),
        ("sort_by_label(a)", ["vector", "string"], -1, "vector"),
        ("histogram_quantiles(a, 'q', 1)", ["vector", "string", "scalar", "scalar"], 9, "vector"),
        ("info(a)", ["vector", "vector"], 1, "vector"),
    ])
    func functions(_ query: String, _ arguments: [String], _ variadic: Int, _ result: String) throws {
        let function = try #require(try object(query)["func"] as? [String: Any])
        #expect(function["argTypes"] as? [String] == arguments)
        #expect(function["variadic"] as? Int == variadic)
        #expect(function["returnType"] as? String == result)
    }
}
