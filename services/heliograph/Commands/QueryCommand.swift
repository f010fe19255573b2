import ArgumentParser
import Foundation
import PromQLEngine
import TimeSeriesStore

struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Evaluate a PromQL expression, on a running server or over a data folder.",
        discussion: """
            At one moment (--time, by default now) or over a range (--start, --end, --step):
              heliograph query 'sum by (region) (rate(http_requests_total[5m]))'
              heliograph query 'cpu_usage > 90' --time 2026-01-31T12:00:00Z
              heliograph query 'avg(cpu_usage)' --start -6h --output chart
              heliograph query 'up' --start -1d --end -12h --step 5m --output csv > up.csv
              heliograph query 'count({__name__=~".+"})' --data ./data
              heliograph query -- '-avg(cpu_usage)'     (everything behind -- is the query, also if it begins with -)
            Moments are RFC 3339, seconds since 1970, now, or relative to now as in -1h and now-30m. Without --step a range is
            divided into about a hundred steps. With --data no server is needed, and nothing in the folder changes; the
            settings of a server (--config, --set, environment) then apply to the query.

            Exit codes: 0 a result (also an empty one), 1 no answer, 2 the query was refused, 3 it could not be evaluated,
            64 the command line was wrong.
            """)

    enum Output: String, ExpressibleByArgument, CaseIterable { case table, json, csv, chart }

    @Argument(help: "The expression.")
    var query: String

    @Option(help: "The server (default http://127.0.0.1:8040).")
    var url: String?

    @Option(help: "A data folder to read instead, which no server has open.")
    var data: String?

    @Option(parsing: .unconditional, help: "The moment of the value (default now).")
    var time: QueryTime?

    @Option(parsing: .unconditional, help: "First moment of a range.")
    var start: QueryTime?

    @Option(parsing: .unconditional, help: "Last moment of a range (default now).")
    var end: QueryTime?

    @Option(help: "Distance of the moments of a range, as in 30s or 5m.")
    var step: QueryDuration?

    @Option(name: .shortAndLong, help: "table, json, csv or chart; a chart without --start shows the last hour.")
    var output = Output.table

    @Flag(help: "Print how the query was evaluated and what each part of it cost, instead of the result.")
    var explain = false

    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        if url != nil, data != nil { throw ValidationError("expected --url or --data, got both") }
        if time != nil, start != nil || end != nil || step != nil {
            throw ValidationError("expected --time, or --start, --end and --step, got both")
        }
        if start == nil, output != .chart, end != nil || step != nil {
            throw ValidationError("expected --start with --end and --step")
        }
        if explain, output == .csv || output == .chart {
            throw ValidationError(
                "--explain prints a table, or with --output json the answer; it has no \(output.rawValue)")
        }
        if time != nil, output == .chart { throw ValidationError("a chart needs a range: give --start and --end") }
    }

    func run() async throws {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let range = try range(now: now)
        do {
            let bytes = try await answer(now: now, range)
            try print(bytes, range)
        } catch let failure as QueryFailure {
            FileHandle.standardError.write(Data(failure.text().utf8))
            throw failure.exitCode
        }
    }

    /// Nil for the value at one moment.
    func range(now: Int64) throws -> QueryRange? {
        guard start != nil || output == .chart else { return nil }
        // Whole seconds are easier to read, and to ask for again; rounded up, for what was acknowledged just now is in.
        let now = (now + 999) / 1000 * 1000
        let end = (end ?? .now).milliseconds(now: now)
        let start = start?.milliseconds(now: now) ?? end &- 3_600_000
        guard start <= end else { throw ValidationError("expected --start not after --end") }
        return QueryRange(start: start, end: end, step: step?.milliseconds)
    }

    // MARK: Asking

    private func answer(now: Int64, _ range: QueryRange?) async throws -> [UInt8] {
        if let data {
            let offline = try OfflineQuery(data, settings: settings.load())
            do {
                let moment = (time ?? .now).milliseconds(now: now)
                return try await offline.answer(query, at: moment, range: range, explains: explain)
            } catch let error as PromQLError {
                throw QueryFailure(
                    query: query, kind: error.kind == .execution ? "execution" : "bad_data", message: error.description)
            } catch let error as QueryLimitError {
                throw QueryFailure(query: query, kind: "execution", message: error.description)
            }
        }
        let server = RunningServer(url: url ?? "http://127.0.0.1:8040")
        let answer = try await server.post("/api/v1/query\(range == nil ? "" : "_range")", form(now: now, range))
        guard answer.status == 200 else {
            struct Failure: Decodable {
                let errorType: String
                let error: String
            }
            guard let failure = try? JSONDecoder().decode(Failure.self, from: Data(answer.body)) else {
                throw CommandFailure(
                    "\(server.url) answered \(answer.status): \(String(decoding: answer.body.prefix(400), as: UTF8.self))"
                )
            }
            guard ["bad_data", "execution", "timeout", "canceled"].contains(failure.errorType) else {
                throw CommandFailure("\(server.url) answered \(answer.status): \(failure.error)")
            }
            throw QueryFailure(query: query, kind: failure.errorType, message: failure.error)
        }
        return answer.body
    }

    /// What a server is asked. Its own clock says what is now, unless a moment was given: ours may be behind it.
    func form(now: Int64, _ range: QueryRange?) -> [(name: String, value: String)] {
        var form = [(name: "query", value: query)]
        if let range {
            form += [
                ("start", QueryCommand.seconds(range.start)), ("end", QueryCommand.seconds(range.end)),
                ("step", QueryCommand.seconds(range.step)),
            ]
        } else if let time {
            form.append(("time", QueryCommand.seconds(time.milliseconds(now: now))))
        }
        if explain { form.append(("explain", "1")) }
        return form
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        let fraction = String(milliseconds.magnitude % 1000)
        let zeros = String(repeating: "0", count: 3 - fraction.count)
        return "\(milliseconds < 0 ? "-" : "")\(milliseconds.magnitude / 1000).\(zeros)\(fraction)"
    }

    // MARK: Showing

    private func print(_ bytes: [UInt8], _ range: QueryRange?) throws {
        let answer = try QueryAnswer(json: bytes)
        for remark in answer.warnings + answer.infos {
            FileHandle.standardError.write(Data("\(remark.printable)\n".utf8))
        }
        let style = TerminalStyle.current()
        if explain, output == .table {
            return write(Array(try PlanTable(json: bytes, style: style).text().utf8))
        }
        switch output {
        case .json: write(bytes + [UInt8(ascii: "\n")])
        case .table: write(Array(AnswerTable(answer: answer, style: style).text().utf8))
        case .csv: write(Array(AnswerTable.csv(answer).utf8))
        case .chart:
            guard let range else { return }
            write(Array(TerminalChart(answer, range: range, style: style).text().utf8))
        }
    }

    private func write(_ bytes: [UInt8]) { FileHandle.standardOutput.write(Data(bytes)) }
}
