import Foundation
import HTTPSupport
import Hummingbird
import KPIAnalytics

/// `GET /api/v1/kpis`: the key figures over a window, as JSON or as a table for a terminal.
struct KPIRoute: Sendable {
    static let defaultWindow: Int64 = 3_600_000

    let runner: QueryRunner

    private enum Format: String {
        case json, table

        init(_ text: String?) throws {
            guard let format = Format(rawValue: text ?? "json") else {
                throw APIError.invalid("format", "expected json or table, got \"\(text?.prefix(64) ?? "")\"")
            }
            self = format
        }
    }

    @Sendable func handle(_ request: Request, _ context: AppContext) async throws -> Response {
        let environment = runner.environment
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let window = try parameters.duration("window") ?? Self.defaultWindow
        let time = try parameters.time("time") ?? environment.now()
        let source = parameters.text("source")
        let format = try Format(parameters.text("format"))
        let kpis = environment.kpis
        let report = try await runner.run(context) { budget in
            try kpis.compute(window: window, at: time, source: source, budget: budget)
        }
        return switch format {
        case .json: .json(json(report))
        case .table: .text(report.renderTable())
        }
    }

    private func json(_ report: KPIReport) -> JSONText {
        var json = JSONText()
        json.object { answer in
            answer.field("status", "success")
            answer.key("data")
            answer.object { data in
                data.field("window_seconds", Double(report.window) / 1000)
                data.field("from", Date(milliseconds: report.from).iso8601Milliseconds)
                data.field("through", Date(milliseconds: report.through).iso8601Milliseconds)
                data.key("sources")
                data.object { sources in
                    sources.field("known", report.knownSources)
                    sources.field("up", report.upSources)
                }
                data.key("kpis")
                data.array { figures in
                    for figure in report.figures { write(figure, to: &figures) }
                }
            }
            guard !report.warnings.isEmpty else { return }
            answer.key("warnings")
            answer.array { warnings in
                for warning in report.warnings { warnings.value(warning) }
            }
        }
        return json
    }

    private func write(_ figure: KPIReport.Figure, to figures: inout JSONText) {
        figures.object { item in
            item.field("name", figure.definition.name)
            item.field("title", figure.definition.title)
            item.field("description", figure.definition.summary)
            item.field("unit", figure.definition.unit.rawValue)
            item.field("overall", figure.overall)
            item.key("by_source")
            item.array { sources in
                for value in figure.bySource {
                    sources.object { source in
                        source.field("source_id", value.sourceID)
                        source.field("value", value.value)
                    }
                }
            }
        }
    }
}
