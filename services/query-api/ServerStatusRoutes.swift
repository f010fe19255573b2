import HTTPSupport
import Hummingbird
import NIOCore
import PromQLEngine
import TimeSeriesStore

/// What Prometheus says of its notifications, its metadata and its start. Of what Heliograph does not keep there is nothing to
/// list; the parameters are checked all the same.
struct ServerStatusRoutes: Sendable {
    let environment: QueryEnvironment

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

    /// Types, units and help texts by metric: what senders say of them is not kept, so there are none.
    @Sendable func metadata(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        _ = try parameters.wholeNumber("limit")
        _ = try parameters.wholeNumber("limit_per_metric")
        return .answer(AnswerWriter.success { $0.raw("{}") })
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
