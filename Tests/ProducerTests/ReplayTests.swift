import Foundation
import Testing

@testable import Producer

@Suite struct ReplayTests {
    private final class Folder: Sendable {
        let url = FileManager.default.temporaryDirectory.appending(path: "heliograph-replay-\(UUID().uuidString)")
        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }

        func file(_ name: String, _ text: String) throws -> String {
            let file = url.appending(path: name)
            try Data(text.utf8).write(to: file)
            return file.path
        }
    }

    private func replay(
        _ options: ReplayOptions, rate: ProducerOptions.Rate = .natural, now: Int64 = 1_760_000_000_000
    ) throws -> (records: [SentRecord], due: [Int64], bad: [BadRow]) {
        var bad: [BadRow] = []
        let feed = try ReplayFeed(options: options, rate: rate, now: now) { bad.append($0) }
        var buffer = RecordBuffer()
        var due: [Int64] = []
        while let next = feed.nextDue {
            due.append(next)
            try feed.step(into: &buffer)
        }
        return (try SentRecord.all(in: buffer.bytes), due, bad)
    }

    @Test func csvWithHeaderAndBadRows() throws {
        let folder = try Folder()
        let path = try folder.file(
            "ec2_cpu_utilization_53ea38.csv",
            """
            timestamp,value
            2014-02-14 14:30:00,1.732
            2014-02-14 14:31:00,many

            yesterday,5
            2014-02-14 14:32:00
            2014-02-14 14:33:00,1,2
            2014-02-14 14:34:00,inf
            "2014-02-14 14:35:00", "2e3"\r
            1392388560,7
            """)
        let (records, _, bad) = try replay(ReplayOptions(paths: [path]))
        #expect(records.map(\.value) == [1.732, 2000, 7])
        #expect(records.map(\.timestampText).first == "2014-02-14T14:30:00.000Z")
        #expect(Set(records.map(\.metric)) == ["ec2_cpu_utilization"])
        #expect(Set(records.map(\.source)) == ["53ea38"])
        #expect(bad.map(\.line) == [3, 5, 6, 7, 8])
        #expect(bad.first?.description == "\(path):3: expected a finite number, found \"many\"")
    }

    @Test func csvWithoutHeaderAndWithOtherColumns() throws {
        let folder = try Folder()
        let plain = try folder.file("a.csv", "\u{FEFF}1392388200,1\n1392388201,2")
        #expect(try replay(ReplayOptions(paths: [plain])).records.map(\.value) == [1, 2])
        let wide = try folder.file("b.csv", "id,value,Time\n9,5,1392388200\n8,6,1392388201\n")
        #expect(try replay(ReplayOptions(paths: [wide])).records.map(\.value) == [5, 6])
        let firstBad = try folder.file("c.csv", "2014-99-14 14:30:00,1\n1392388201,2\n")
        let result = try replay(ReplayOptions(paths: [firstBad]))
        #expect(result.records.map(\.value) == [2])
        #expect(result.bad.map(\.line) == [1])
    }

    @Test func contractRecordsKeepEverything() throws {
        let folder = try Folder()
        let path = try folder.file(
            "events.ndjson",
            """
            {"timestamp":"2014-02-14T14:30:00Z","source_id":"a","metric_name":"m","metric_value":1.5,\
            "severity":"error","tags":{"x":"y"},"message":"broke \\"it\\""}
            {"timestamp":1392388201000,"source_id":"a","metric_name":"m","metric_value":2}
            {"timestamp":1392388202000,"source_id":"a","metric_name":"m","metric_value":"2"}
            {"source_id":"a","metric_name":"m","metric_value":2}
            {"timestamp":1392388202000,"source_id":"a","metric_name":"m","metric_value":2,"color":"red"}
            {"timestamp":1392388202000,"source_id":"a","metric_name":"m","metric_value":2,"severity":"loud"}
            {"timestamp":1392388202000,"source_id":"a","metric_value":2}
            [1]
            {"timestamp"
            """)
        let (records, _, bad) = try replay(ReplayOptions(paths: [path]))
        #expect(records.count == 2)
        #expect(records.first?.severity == "error")
        #expect(records.first?.tags == ["x": "y"])
        #expect(records.first?.message == "broke \"it\"")
        #expect(bad.map(\.line) == [3, 4, 5, 6, 7, 8, 9])
        #expect(bad.allSatisfy { $0.reason.contains("expected") || $0.reason.contains("no such field") })
        #expect(bad[2].reason == "color: a record has no such field")
    }

    @Test func tagsThatAreNumbersStayNumbers() throws {
        var rows = ContractRows(metric: nil, source: "other")
        let line = #"{"timestamp":5,"metric_name":"m","metric_value":1,"tags":{"a":1,"b":true,"c":2.5,"d":"x"}}"#
        let row = try rows.row(of: Array(line.utf8))
        #expect(
            String(decoding: row.prefix.bytes, as: UTF8.self)
                == #"{"source_id":"other","metric_name":"m","tags":{"a":1,"b":true,"c":2.5,"d":"x"},"timestamp":""#)
    }

    @Test func deepNestingIsABadRow() {
        var rows = ContractRows(metric: nil, source: nil)
        let line = Array(String(repeating: "{\"tags\":", count: 100_000).utf8)
        #expect(throws: RowFault.self) { try rows.row(of: line) }
    }

    @Test(arguments: [
        ("ec2_cpu_utilization_53ea38.csv", "ec2_cpu_utilization", "53ea38"),
        ("art_daily_no_noise.csv", "art_daily_no_noise", "replay"),
        ("exchange-2_cpm_results.csv", "exchange_2_cpm_results", "replay"), ("TravelTime_387.csv", "TravelTime", "387"),
        ("5.csv", "_5", "replay"), ("", "value", "replay"), ("_1.csv", "_1", "replay"),
    ])
    func namesComeFromTheFile(name: String, metric: String, source: String) {
        #expect(ReplaySeries(fileName: name) == ReplaySeries(metric: metric, source: source))
    }

    @Test func aFolderIsMergedByTimeAndShifted() throws {
        let folder = try Folder()
        _ = try folder.file("a_1.csv", "1000,1\n3000,3\n5000,5\n")
        _ = try folder.file("b_2.csv", "2000,2\n4000,4\n")
        _ = try folder.file("notes.txt", "nothing")
        var options = ReplayOptions(paths: [folder.url.path])
        #expect(try replay(options).records.map(\.value) == [1, 2, 3, 4, 5])
        options.isShiftedToNow = true
        let shifted = try replay(options, now: 1_760_000_000_000).records
        #expect(
            shifted.map { $0.timestamp - 1_760_000_000_000 } == [-4_000_000, -3_000_000, -2_000_000, -1_000_000, 0])
    }

    @Test func speedAndRateSayWhenARowIsDue() throws {
        let folder = try Folder()
        var options = ReplayOptions(paths: [try folder.file("a.csv", "1000,1\n1060,2\n1180,3\n")])
        #expect(try replay(options, now: 500).due == [500, 500, 500])
        options.speed = .factor(60)
        #expect(try replay(options, now: 500).due == [500, 1500, 3500])
        #expect(try replay(options, rate: .recordsPerSecond(0.5), now: 500).due == [500, 2500, 4500])
    }

    @Test func missingFilesAndEmptyFoldersAreErrors() throws {
        let folder = try Folder()
        #expect(throws: ProducerError.nothingToReplay(paths: [folder.url.path])) {
            try replay(ReplayOptions(paths: [folder.url.path]))
        }
        #expect(throws: ProducerError.self) { try replay(ReplayOptions(paths: [folder.url.path + "/none.csv"])) }
    }

    @Test func linesOfAnyLengthAreRead() throws {
        let folder = try Folder()
        let long = String(repeating: "x", count: LineReader.maximumLineBytes + 1)
        let edge = String(repeating: "y", count: LineReader.maximumLineBytes)
        let path = try folder.file("lines", "a\r\n\n\(long)\n\(edge)\nend")
        var reader = try LineReader(path: path)
        var lines: [LineReader.Line] = []
        while let line = try reader.next() { lines.append(line) }
        #expect(
            lines == [.text(Array("a".utf8)), .text([]), .tooLong, .text(Array(edge.utf8)), .text(Array("end".utf8))])
        #expect(reader.lineNumber == 5)
    }

    @Test func recordedDataOfTheWorldIsRead() throws {
        var folder = URL(filePath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let data = folder.appending(path: "shared/nab/data/realAWSCloudwatch")
            guard FileManager.default.fileExists(atPath: data.path) else { continue }
            let (records, _, bad) = try replay(ReplayOptions(paths: [data.path]))
            #expect(records.count > 10_000)
            #expect(bad.isEmpty)
            return
        }
        print("skipped: there is no folder shared/nab beside the project")
    }
}
