import Foundation
import TestSupport
import Testing

@testable import Producer

@Suite struct ImportTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func file(_ name: String, _ text: String) throws -> String {
        let path = "\(folder.path)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func records(_ text: String, _ format: ImportOptions.Format) throws -> [ImportRecord] {
        var reader = try ImportRecords(path: try file("records", text), format: format)
        var records: [ImportRecord] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    private func rows(_ text: String) throws -> [String] {
        try records("timestamp,source_id,metric_name,metric_value,severity,tags\n" + text, .csv).map {
            "\($0.line) " + String(decoding: $0.json, as: UTF8.self) + ($0.fault.map { " (\($0))" } ?? "")
        }
    }

    @Test func linesAreTakenAsTheyAre() throws {
        let found = try records("{\"a\":1}\r\n\n  \n{broken\n{\"b\":2}", .ndjson)
        #expect(found.map(\.line) == [1, 4, 5])
        #expect(found.map { String(decoding: $0.json, as: UTF8.self) } == ["{\"a\":1}", "{broken", "{\"b\":2}"])
    }

    @Test func rowsBecomeRecords() throws {
        #expect(
            try rows(
                ##"""
                2026-01-01T00:00:00.000Z,s,m,-0.0,,
                1767225600000,"a ""b"", c",m,1e300,warning,"{""site"":""x,y"",""n"":1}"

                """##) == [
                    #"2 {"timestamp":"2026-01-01T00:00:00.000Z","source_id":"s","metric_name":"m","metric_value":-0.0}"#,
                    #"3 {"timestamp":1767225600000,"source_id":"a \"b\", c","metric_name":"m","metric_value":1e300,"#
                        + #""severity":"warning","tags":{"site":"x,y","n":1}}"#,
                ])
    }

    /// The server refuses these for the reason that they have; they must not become records of something else.
    @Test func whatIsWrongStaysWrong() throws {
        #expect(
            try rows(
                ##"""
                0,s,m,NaN,,
                0,s,m,0x10,,
                0,s,m,1e999x,,
                0,s,m,"1,""severity"":""error""",,
                ,s,m,1,,
                0,s,m,1,,"{""a"":1},""x"":{}"
                0,"two
                lines",m,1,,
                0,s,m,1
                0,s"t,m,1,,
                0,s,m,2,,

                """##) == [
                    #"2 {"timestamp":0,"source_id":"s","metric_name":"m","metric_value":"NaN"}"#,
                    #"3 {"timestamp":0,"source_id":"s","metric_name":"m","metric_value":"0x10"}"#,
                    #"4 {"timestamp":0,"source_id":"s","metric_name":"m","metric_value":"1e999x"}"#,
                    #"5 {"timestamp":0,"source_id":"s","metric_name":"m","metric_value":"1,\"severity\":\"error\""}"#,
                    #"6 {"timestamp":"","source_id":"s","metric_name":"m","metric_value":1}"#,
                    #"7 {"timestamp":0,"source_id":"s","metric_name":"m","metric_value":1,"tags":"{\"a\":1},\"x\":{}"}"#,
                    #"8 {"timestamp":0,"source_id":"two\u000alines","metric_name":"m","metric_value":1}"#,
                    #"10 "0,s,m,1" (expected 6 columns, found 4)"#,
                    #"11 "0,s\"t,m,1,,\u000a0,s,m,2,," (expected 6 columns, found a stray quotation mark)"#,
                ])
    }

    @Test func aHeaderThatNamesNoRecordsIsRefused() throws {
        for header in ["timestamp,value\n1,2\n", "", "timestamp,source_id,metric_name,metric_value,colour\n"] {
            let error = try #require(#expect(throws: ProducerError.self) { try records(header, .csv) })
            #expect("\(error)".contains("header") || "\(error)".contains("names the columns"))
        }
    }

    @Test func sendsAgainUntilItIsAnsweredFor() async throws {
        let lines = (0..<25).map { "{\"n\":\($0)}" }
        let path = try file("a.ndjson", lines.joined(separator: "\n"))
        try await FlakyServer.withServer(behavior: { request in
            switch request {
            case 1: .answer(status: 429, retryAfter: "0")
            case 3: .answer(status: 503, retryAfter: "0")
            case 4: .close(keepsRecords: true)
            default: .accept
            }
        }) { server in
            var options = ImportOptions(url: server.url + "/", files: [path])
            options.recordsPerRequest = 10
            let summary = try await Importer(options: options).run()
            #expect(summary.accepted == 25 && summary.refused == 0 && summary.retries == 3)
            #expect(server.acknowledged.keys.sorted() == lines.sorted())
            #expect(server.acknowledged.values.allSatisfy { $0 == 1 })
        }
    }

    @Test func anAddressThatIsNoHeliographIsNamed() async throws {
        let path = try file("a.ndjson", "{}")
        try await FlakyServer.withServer(behavior: { _ in .answer(status: 404, retryAfter: nil) }) { server in
            let error = try #require(
                await #expect(throws: ProducerError.self) {
                    try await Importer(options: ImportOptions(url: server.url, files: [path])).run()
                })
            #expect("\(error)".contains("404"))
        }
    }

    @Test func nothingIsSentIfAFileCannotBeRead() async throws {
        let path = try file("a.ndjson", "{}")
        try await FlakyServer.withServer { server in
            await #expect(throws: ProducerError.self) {
                try await Importer(
                    options: ImportOptions(url: server.url, files: [path, folder.path + "/none"])
                ).run()
            }
            #expect(server.requests == 0)
        }
    }
}
