import HTTPSupport
import Hummingbird
import NIOCore

/// What Prometheus says of its notifications and its start. Of what Heliograph does not have there is nothing to list.
struct ServerStatusRoutes: Sendable {
    let environment: QueryEnvironment

    @Sendable func alertmanagers(_ request: Request, _ context: AppContext) async throws -> Response {
        .answer(AnswerWriter.success { $0.raw(#"{"activeAlertmanagers":[],"droppedAlertmanagers":[]}"#) })
    }

    @Sendable func notifications(_ request: Request, _ context: AppContext) async throws -> Response {
        .answer(AnswerWriter.success { $0.raw("[]") })
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
