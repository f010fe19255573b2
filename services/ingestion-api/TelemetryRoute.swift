import HTTPSupport
import Hummingbird
import NIOCore
import TelemetryModel
import WireFormats

/// `POST /api/v1/telemetry`: the data contract in, an answer when its acknowledgement level is reached.
struct TelemetryRoute: Sendable {
    let intake: TelemetryIntake

    func handle(_ request: Request) async throws -> Response {
        try await intake.counted {
            let shape = try RequestShape(request.headers)
            let coding = try BodyCoding(request.headers)
            let arrival = try await intake.arrival(request)
            let content = try intake.content(of: arrival, coding)
            let decoder = intake.environment.decoders.contract
            let decoded: DecodedRequest
            do throws(ContractDecodingError) {
                decoded = try content.read { (body) throws(ContractDecodingError) in
                    try decoder.decode(body, shape: shape.contractShape, receivedAt: arrival.receivedAt)
                }
            } catch {
                if let reason = error.deadLetterReason {
                    try await intake.keep(content.bytes, reason, error.description, of: arrival, by: .contract)
                }
                throw APIError(error.kind, error.description)
            }
            try await intake.commit(decoded, of: arrival, by: .contract)
            return TelemetryAnswer(decoded).response
        }
    }
}

extension ContractDecodingError {
    var kind: APIError.Kind {
        switch self {
        case .tooManyRecords: .tooLarge
        default: .badData
        }
    }

    /// Under which reason the body is kept; nil if there is nothing to keep, or the request can be sent again in parts.
    var deadLetterReason: RejectionReason? {
        switch self {
        case .notJSON: .invalidJSON
        case .invalidUTF8: .invalidUTF8
        default: nil
        }
    }
}
