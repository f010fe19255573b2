import PromQLSyntax
import Testing

@Suite struct PrettyTests {
    private func pretty(_ text: String) throws -> String { try PromQLParser.parse(text).prettyText }

    @Test func shortStaysOnOneLine() throws {
        #expect(try pretty("sum(rate( foo [ 5m ] ))by(job)") == "sum by (job) (rate(foo[5m]))")
        let text = "label_replace(up{job=\"api-server\",service=\"a:c\"}, \"foo\", \"$1\", \"service\", \"(.*):.*\")"
        #expect(try pretty(text) == text)
    }

    @Test func exactlyAHundredBytesStay() throws {
        let fits = "abs(\(String(repeating: "m", count: 95)))"
        #expect(fits.utf8.count == 100)
        #expect(try pretty(fits) == fits)
        let name = String(repeating: "m", count: 96)
        #expect(try pretty("abs(\(name))") == "abs(\n  \(name)\n)")
        // Bytes count, not characters.
        #expect(try pretty("abs({\"\(String(repeating: "é", count: 46))\"})").contains("\n"))
    }

    @Test func operands() throws {
        let text =
            "sum by (cluster, namespace) (rate(http_requests_total{job=\"api\"}[5m])) / on (cluster) group_left (zone) "
            + "sum without (pod) (rate(http_requests_started_total{job=\"api\"}[5m])) > bool 0.5"
        #expect(
            try pretty(text) == """
                    sum by (cluster, namespace) (rate(http_requests_total{job="api"}[5m]))
                  / on (cluster) group_left (zone)
                    sum without (pod) (rate(http_requests_started_total{job="api"}[5m]))
                > bool
                  0.5
                """)
    }

    @Test func argumentsAndParentheses() throws {
        let text =
            "histogram_quantile(0.99, sum by (le, handler) (rate(http_request_duration_seconds_bucket{job=\"api\"}[5m] "
            + "offset 1h))) * (topk(5, http_requests_total{environment=~\"staging|testing|development\",method!=\"GET\"} "
            + "offset 1h30m30s) + -count_values(\"version\", build_version{environment=~\"staging|testing|development\"}))"
        #expect(
            try pretty(text) == """
                  histogram_quantile(
                    0.99,
                    sum by (le, handler) (rate(http_request_duration_seconds_bucket{job="api"}[5m] offset 1h))
                  )
                *
                  (
                      topk(
                        5,
                        http_requests_total{environment=~"staging|testing|development",method!="GET"} offset 1h30m30s
                      )
                    +
                      -count_values("version", build_version{environment=~"staging|testing|development"})
                  )
                """)
    }

    @Test func subqueriesAndSigns() throws {
        let name = String(repeating: "n", count: 90)
        #expect(
            try pretty("-max_over_time(sum(rate(\(name)[5m]))[1h:1m] @ end())") == """
                -max_over_time(
                  sum(
                    rate(\(name)[5m])
                  )[1h:1m] @ end()
                )
                """)
    }

    @Test func deepTreesAreFast() throws {
        let text = "a" + String(repeating: " + \(String(repeating: "b", count: 2000))", count: 299)
        let printed = try pretty(text)
        #expect(try PromQLParser.parse(printed).description == text)
    }
}
