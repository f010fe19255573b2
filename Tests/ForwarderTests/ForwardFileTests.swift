import Relabelling
import Testing
import TimeSeriesStore

@testable import Forwarder

@Suite struct ForwardFileTests {
    @Test func aFullReceiverIsRead() throws {
        let receivers = try ForwardFile.receivers(
            in: """
                receivers:
                  - name: central
                    url: https://store.example/api/v1/write
                    match: ['{site="north"}', 'up']
                    headers: {X-Scope-OrgID: plant}
                    bearer_token_file: /run/token
                    own_results: false
                    exemplars: false
                    write_relabel_configs: [{source_labels: [__name__], regex: 'go_.*', action: drop}]
                    from: beginning
                    max_samples_per_send: 500
                    timeout: 5s
                    metadata_interval: 0s
                  - name: other
                    url: http://127.0.0.1:9090/api/v1/write
                """)
        #expect(receivers.count == 2)
        #expect(receivers[0].selectors.map { $0.map(\.description) } == [[#"site="north""#], [#"__name__="up""#]])
        #expect(receivers[0].headers == [.init(name: "X-Scope-OrgID", value: "plant")])
        #expect(receivers[0].bearerTokenFile == "/run/token" && !receivers[0].sendsOwnResults)
        #expect(!receivers[0].sendsExemplars && receivers[0].relabelRules.map(\.action) == [.drop])
        #expect(receivers[0].isFromBeginning && receivers[0].mostSamples == 500 && receivers[0].timeout == .seconds(5))
        #expect(receivers[0].metadataInterval == nil && receivers[1].metadataInterval == .seconds(60))
        #expect(receivers[1] == ForwardReceiver(name: "other", url: "http://127.0.0.1:9090/api/v1/write"))
        #expect(try ForwardFile.receivers(in: "").isEmpty)
    }

    @Test func metadataFollowsTheNamesOfSelectors() throws {
        let receivers = try ForwardFile.receivers(
            in: """
                receivers:
                  - {name: some, url: "http://a", match: ['up', '{__name__=~"http_.*_bucket",site="north"}']}
                  - {name: all, url: "http://a"}
                  - {name: any, url: "http://a", match: ['{site="north"}']}
                  - {name: often, url: "http://a", metadata_interval: 5m}
                """)
        #expect(
            ["up", "http_latency", "http", "down"].map { receivers[0].wants(family: $0) } == [true, true, false, false])
        #expect(receivers[1].wants(family: "down") && receivers[2].wants(family: "down"))
        #expect(receivers[3].metadataInterval == .seconds(300))
    }

    @Test(arguments: [
        ("receivers:\n  - url: http://a", "line 2, column 5: a receiver needs the key `name`"),
        ("receivers:\n  - name: a\n    url: ftp://b", "line 3, column 10: `url` is an address such as"),
        ("receivers:\n  - name: a\n    url: http://b\n    matches: []", "did you mean `match`?"),
        ("receivers:\n  - name: a\n    url: http://b\n    match: ['{']", "is no selector"),
        (
            "receivers:\n  - name: a\n    url: http://b\n    write_relabel_configs: [{regex: '('}]",
            "line 4, column 37: `regex`:"
        ),
        ("receivers:\n  - name: a\n    url: http://b\n    from: now", "`from` is `end` or `beginning`"),
        ("receivers:\n  - name: a\n    url: http://b\n  - name: a\n    url: http://c", "given to two receivers"),
        ("receivers:\n  - name: a\n    url: http://b\n    timeout: 0s", "above zero"),
    ])
    func whatIsWrongIsSaid(text: String, words: String) {
        #expect {
            try ForwardFile.receivers(in: text)
        } throws: {
            "\($0)".contains(words)
        }
    }
}
