import ArgumentParser
import Foundation
import Settings
import Testing

@testable import heliograph

@Suite struct QueryCommandTests {
    private let now: Int64 = 1_767_225_600_000

    @Test(arguments: [
        ("now", 0), ("-1h", -3_600_000), ("now-30m", -1_800_000), ("+90s", 90_000), ("now+1d", 86_400_000),
        ("1767225599", -1000), ("2026-01-01T00:00:01.5Z", 1500), (" -1h30m ", -5_400_000),
    ])
    func momentsAreAbsoluteOrRelative(text: String, offset: Int64) {
        #expect(QueryTime(argument: text)?.milliseconds(now: now) == now + offset)
    }

    @Test(arguments: ["", "yesterday", "-", "now-", "1h", "now 1h", "-1x"])
    func otherMomentsAreRefused(text: String) { #expect(QueryTime(argument: text) == nil) }

    @Test(arguments: [("30s", 30_000), ("1h30m", 5_400_000), ("0.5", 500), ("15", 15_000)] as [(String, Int64?)])
    func durations(text: String, milliseconds: Int64?) {
        #expect(QueryDuration(argument: text)?.milliseconds == milliseconds)
        #expect(QueryDuration(argument: "-" + text) == nil)
    }

    @Test func aRangeHasAboutAHundredSteps() {
        for (length, step) in [
            (60_000, 1000), (3_600_000, 60_000), (21_600_000, 300_000), (86_400_000, 900_000), (0, 1), (50, 1),
            (30 * 86_400_000, 21_600_000), (400 * 86_400_000, 5 * 86_400_000),
        ] as [(Int64, Int64)] {
            let range = QueryRange(start: now - length, end: now, step: nil)
            #expect(range.step >= step / 2 && range.step <= max(1, step * 2), "\(length) \(range.step)")
            #expect(length / range.step <= 100)
        }
        #expect(QueryRange(start: .min, end: .max, step: nil).step > 0)
        #expect(QueryRange(start: 0, end: 10, step: 7).step == 7)
    }

    private func answer(_ data: String, warnings: String = "") throws -> QueryAnswer {
        try QueryAnswer(json: Data(#"{"status":"success","data":\#(data)\#(warnings)}"#.utf8))
    }

    private var vector: String {
        #"""
        {"resultType":"vector","result":[
        {"metric":{"__name__":"cpu","host":"a"},"value":[1767225600,"1.5"]},
        {"metric":{"host":"b","zone":"é"},"value":[1767225600.25,"+Inf"]}]}
        """#
    }

    @Test func aVectorIsATable() throws {
        let table = AnswerTable(answer: try answer(vector), style: TerminalStyle())
        #expect(
            table.text() == """
                metric  host  zone  value
                cpu     a             1.5
                        b     é      +Inf

                """)
        let colored = AnswerTable(answer: try answer(vector), style: TerminalStyle(hasColors: true))
        #expect(colored.text().hasPrefix("\u{1B}[1mmetric"))
    }

    @Test func otherTables() throws {
        func text(_ data: String) throws -> String {
            AnswerTable(answer: try answer(data), style: TerminalStyle(width: 60)).text()
        }
        #expect(try text(#"{"resultType":"scalar","result":[4,"2"]}"#) == "2\n")
        #expect(try text(#"{"resultType":"string","result":[4,"a b"]}"#) == "a b\n")
        #expect(try text(#"{"resultType":"vector","result":[]}"#) == "no data\n")
        #expect(
            try text(
                #"{"resultType":"matrix","result":[{"metric":{"__name__":"m","a":"\"x\""},"values":[[0,"1"],[1.5,"22"]]}]}"#
            )
                == #"m{a="\"x\""}"# + "\n  1970-01-01 00:00:00       1\n  1970-01-01 00:00:01.500  22\n")
        let histogram =
            #"{"resultType":"vector","result":[{"metric":{"__name__":"h"},"histogram":[1,{"count":"6","sum":"9.5","buckets":"#
            + #"[[3,"-0.5","0.5","2"],[0,"0.5","1","4"]]}]}]}"#
        let bar = { (length: Int) in String(repeating: "█", count: length) }
        #expect(
            try text(histogram) == """
                metric             value
                h       count 6, sum 9.5

                h
                  [-0.5, 0.5]  2  \(bar(21))
                  (0.5, 1]     4  \(bar(42))

                """)
    }

    @Test func valuesAreCSV() throws {
        #expect(
            AnswerTable.csv(try answer(vector)) == "timestamp,metric,host,zone,value\r\n"
                + "2026-01-01T00:00:00.000Z,cpu,a,,1.5\r\n2026-01-01T00:00:00.250Z,,b,é,+Inf\r\n")
        let awkward = #"{"resultType":"vector","result":[{"metric":{"a":"x,\"y\"\n"},"value":[0,"1"]}]}"#
        #expect(AnswerTable.csv(try answer(awkward)).contains("\"x,\"\"y\"\"\n\",1\r\n"))
    }

    @Test func whatIsNoAnswerIsSaid() {
        for text in ["", "<html>", #"{"status":"success"}"#, #"{"data":{"resultType":"other","result":[]}}"#] {
            #expect(throws: CommandFailure.self) { try QueryAnswer(json: Data(text.utf8)) }
        }
    }

    // MARK: What is asked

    private func command(_ arguments: String...) throws -> QueryCommand {
        try #require(try Heliograph.parseAsRoot(["query"] + arguments) as? QueryCommand)
    }

    @Test func momentsBeforeNowAreTaken() throws {
        let asked = try command("up", "--time", "-1h").form(now: now, nil)
        #expect(asked.map(\.value) == ["up", "1767222000.000"])
        #expect(try command("--", "-up").query == "-up")
    }

    /// What was acknowledged a moment ago is in.
    @Test func thePresentIsTheServers() throws {
        #expect(try command("up").form(now: now, nil).map(\.name) == ["query"])
        let range = try #require(try command("up", "--start", "-1m").range(now: now + 1))
        #expect(range.end == now + 1000 && range.start == now - 59_000)
        #expect(try command("up", "--start", "-1m").range(now: now)?.end == now)
        #expect(try command("up").range(now: now) == nil)
    }

    @Test func aPlanIsATableOrJSON() throws {
        #expect(try command("up", "--explain", "-o", "json").explain)
        for output in ["csv", "chart"] {
            #expect(throws: (any Error).self) { try command("up", "--explain", "--output", output) }
        }
    }

    @Test func settingsOfTheServerApply() throws {
        let command = try command("up", "--data", "x", "--set", "query.timeout=7s")
        let settings = try command.settings.load(environment: [:])
        #expect(settings.query.timeout == .seconds(7))
    }

    // MARK: What senders must not do

    @Test func namesCannotDriveTheTerminal() throws {
        let nasty = #"a\u001b[2J\u009b1m\u202eb\nc\u2028"#
        let shown = #"a\u{1B}[2J\u{9B}1m\u{202E}b"#
        let metric = #"{"__name__":"\#(nasty)","\#(nasty)":"\#(nasty)"}"#
        let vector = #"{"resultType":"vector","result":[{"metric":\#(metric),"value":[1,"1"]}]}"#
        let matrix = #"{"resultType":"matrix","result":[{"metric":\#(metric),"values":[[1,"1"]]}]}"#
        let texts = [
            AnswerTable(answer: try answer(vector), style: TerminalStyle()).text(),
            AnswerTable(answer: try answer(matrix), style: TerminalStyle()).text(),
            TerminalChart(
                try answer(matrix), range: QueryRange(start: 0, end: 2000, step: 1000), style: TerminalStyle()
            ).text(),
        ]
        for text in texts {
            #expect(text.contains(shown), "\(text.debugDescription)")
            let scalars = text.unicodeScalars
            #expect(!scalars.contains { $0.value < 0x20 && $0 != "\n" || 0x7F...0x9F ~= $0.value || $0 == "\u{202E}" })
        }
        #expect(texts[0].split(separator: "\n").count == 2)
        #expect(AnswerTable.csv(try answer(vector)).contains("\u{1B}[2J"), "other programs get it as it is")
        #expect("é ünï 中 \u{200D}".printable == "é ünï 中 \u{200D}")
    }

    @Test func aCaretStandsUnderTheMistake() {
        func text(_ query: String, _ message: String) -> String {
            QueryFailure(query: query, kind: "bad_data", message: message).text()
        }
        #expect(
            text("sum(é", #"invalid parameter "query": 1:7: parse error: unexpected end"#)
                == "error: invalid parameter \"query\": 1:7: parse error: unexpected end\n  sum(é\n       ^\n")
        #expect(text("a\n\tb)", "2:3: parse error: x") == "error: 2:3: parse error: x\n  \tb)\n  \t ^\n")
        #expect(text("a", "the query timed out") == "error: the query timed out\n")
        #expect(text("a", "9:9: parse error: x") == "error: 9:9: parse error: x\n")
        #expect(QueryFailure(query: "", kind: "execution", message: "").exitCode == QueryFailure.executionCode)
    }
}
