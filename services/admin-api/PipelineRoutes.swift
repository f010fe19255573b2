import Foundation
import HTTPSupport
import Hummingbird
import Processing
import Processor

/// `GET /api/v1/pipeline`: the stages in force and what they did; `POST /api/v1/pipeline/reload`: reads their files again.
struct PipelineRoutes: Sendable {
    let environment: AdminEnvironment

    @Sendable func show(_ request: Request, _ context: AppContext) async throws -> Response {
        .json(answer())
    }

    @Sendable func reload(_ request: Request, _ context: AppContext) async throws -> Response {
        do {
            try await environment.reloadPipeline()
        } catch {
            throw APIError(.badData, "the pipeline stays as it was: \(error)")
        }
        return .json(answer())
    }

    private func answer() -> JSONText {
        let status = environment.processor.pipelineStatus
        var json = JSONText()
        json.object { answer in
            answer.field("status", "success")
            answer.key("data")
            answer.object { data in
                data.field("file", status.source.name)
                data.field("in_force_since", status.since.iso8601Milliseconds)
                data.field("records", status.records)
                data.field("open_samples", status.openSamples)
                data.key("lookups")
                data.array { list in
                    for (name, text) in status.source.lookups.sorted(by: { $0.key < $1.key }) {
                        list.object { item in
                            item.field("file", name)
                            item.field("bytes", text.utf8.count)
                        }
                    }
                }
                data.key("stages")
                data.array { stages in
                    for stage in status.stages { write(stage, to: &stages) }
                }
            }
        }
        return json
    }

    private func write(_ stage: PipelineStatus.Stage, to stages: inout JSONText) {
        stages.object { item in
            item.field("name", stage.name)
            item.field("kind", stage.kind)
            item.key("records")
            item.object { records in
                for (name, count) in stage.counts.outcomes { records.field(name, count) }
            }
            item.key("series")
            item.object { series in
                series.field("dropped", stage.series.dropped)
                series.field("relabelled", stage.series.relabelled)
            }
        }
    }
}
