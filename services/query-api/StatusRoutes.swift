import Foundation
import HTTPSupport
import Hummingbird
import PromQLEngine
import PromQLSyntax
import SelfMetrics

/// What clients of Prometheus ask of a server before they query it.
struct StatusRoutes: Sendable {
    let environment: QueryEnvironment

    @Sendable func buildInfo(_ request: Request, _ context: AppContext) async throws -> Response {
        let build = environment.build
        return success { json in
            json.object { data in
                data.field("version", BuildInfo.prometheusLevel)
                data.field("revision", build.revision)
                data.field("branch", build.branch)
                data.field("buildUser", "")
                data.field("buildDate", build.buildDate)
                data.field("goVersion", "")
                data.field("heliograph_version", build.version)
            }
        }
    }

    @Sendable func runtimeInfo(_ request: Request, _ context: AppContext) async throws -> Response {
        let started = Date(milliseconds: environment.startedAt).iso8601Milliseconds
        let progress = environment.progress()
        return success { json in
            json.object { data in
                data.field("startTime", started)
                data.field("serverTime", Date(milliseconds: environment.now()).iso8601Milliseconds)
                data.field("reloadConfigSuccess", true)
                data.field("lastConfigTime", started)
                data.field("received", progress.received)
                data.field("applied_offset", progress.appliedOffset)
            }
        }
    }

    /// The limits under the names that Prometheus has for them.
    @Sendable func flags(_ request: Request, _ context: AppContext) async throws -> Response {
        let limits = environment.limits
        return success { json in
            json.object { data in
                data.field("query.lookback-delta", PromQLDuration.format(environment.engineOptions.lookbackDelta))
                data.field("query.max-samples", "\(limits.samples)")
                data.field("query.max-series", "\(limits.series)")
                data.field("query.max-steps", "\(limits.steps)")
                data.field("query.max-memory", "\(limits.memory)")
                data.field("query.timeout", PromQLDuration.format(Int64(limits.timeout.seconds * 1000)))
            }
        }
    }

    private func success(_ data: (inout JSONText) -> Void) -> Response { .json(.success(data)) }
}
