import HTTPSupport
import Hummingbird
import NIOCore
import PromQLEngine
import TimeSeriesStore

/// What Prometheus says of its scraping, its notifications and its start. Heliograph is sent to and does not scrape, so that
/// there is nothing to list; the parameters are checked all the same.
struct ServerStatusRoutes: Sendable {
    let environment: QueryEnvironment

    @Sendable func targets(_ request: Request, _ context: AppContext) async throws -> Response {
        .answer(
            AnswerWriter.success {
                $0.raw(#"{"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}}"#)
            })
    }

    @Sendable func scrapePools(_ request: Request, _ context: AppContext) async throws -> Response {
        .answer(AnswerWriter.success { $0.raw(#"{"scrapePools":[]}"#) })
    }

    @Sendable func alertmanagers(_ request: Request, _ context: AppContext) async throws -> Response {
        .answer(AnswerWriter.success { $0.raw(#"{"activeAlertmanagers":[],"droppedAlertmanagers":[]}"#) })
    }

    @Sendable func notifications(_ request: Request, _ context: AppContext) async throws -> Response {
        .answer(AnswerWriter.success { $0.raw("[]") })
    }

    /// Prometheus answers 404 if no target has metadata of this kind.
    @Sendable func targetMetadata(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        _ = try parameters.wholeNumber("limit")
        if let selector = parameters.text("match_target") {
            do {
                _ = try PromQLEngine.matchers(selector)
            } catch {
                throw APIError.invalid("match_target", "\(error)")
            }
        }
        throw APIError(.notFound, "specified metadata not found")
    }

    /// Types, units and help texts by metric.
    @Sendable func metadata(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let limit = try parameters.wholeNumber("limit") ?? -1
        let limitPerMetric = try parameters.wholeNumber("limit_per_metric") ?? -1
        var metrics = environment.metadata(parameters.text("metric"))
        if limit >= 0 { metrics = Array(metrics.prefix(limit)) }
        return .answer(
            AnswerWriter.success { answer in
                answer.raw("{")
                for (index, metric) in metrics.enumerated() {
                    if index > 0 { answer.raw(",") }
                    answer.string(metric.name)
                    answer.raw(":[")
                    let entries = limitPerMetric > 0 ? metric.entries.prefix(limitPerMetric) : metric.entries[...]
                    for (index, entry) in entries.enumerated() {
                        answer.raw(index > 0 ? #",{"type":"# : #"{"type":"#)
                        answer.string(entry.type)
                        answer.raw(#","help":"#)
                        answer.string(entry.help)
                        answer.raw(#","unit":"#)
                        answer.string(entry.unit)
                        answer.raw("}")
                    }
                    answer.raw("]")
                }
                answer.raw("}")
            })
    }

    @Sendable func configuration(_ request: Request, _ context: AppContext) async throws -> Response {
        let text = environment.configuration()
        return .answer(
            AnswerWriter.success { answer in
                answer.raw(#"{"yaml":"#)
                answer.string(text)
                answer.raw("}")
            })
    }

    /// How far the log was read back after the start; batches where Prometheus has segments.
    @Sendable func replay(_ request: Request, _ context: AppContext) async throws -> Response {
        let replay = environment.replay()
        return .answer(
            AnswerWriter.success { answer in
                answer.raw(#"{"min":0,"max":"#)
                answer.number(replay.total)
                answer.raw(#","current":"#)
                answer.number(replay.done)
                answer.raw(replay.done >= replay.total ? #","state":"done"}"# : #","state":"in progress"}"#)
            })
    }
}

/// What is known of the metrics of one name.
package struct MetricMetadata: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        /// `counter`, `gauge`, `histogram`, `gaugehistogram`, `summary`, `info`, `stateset` or `unknown`.
        package var type: String
        package var help: String
        package var unit: String

        package init(type: String, help: String = "", unit: String = "") {
            self.type = type
            self.help = help
            self.unit = unit
        }
    }

    package var name: String
    /// Distinct; several if the senders do not agree.
    package var entries: [Entry]

    package init(name: String, entries: [Entry]) {
        self.name = name
        self.entries = entries
    }
}

extension RequestParameters {
    /// A whole number of either sign.
    fileprivate func wholeNumber(_ name: String) throws -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text) else {
            throw APIError(.badData, "\(name) must be a number, got \"\(text.prefix(64))\"")
        }
        return number
    }
}
