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
            let (decoded, failure) = try decode(arrival, coding: coding, shape: shape.contractShape)
            try await intake.commit(decoded, of: arrival, by: .contract)
            if let failure { throw failure }
            return TelemetryAnswer(decoded).response
        }
    }

    /// A body that is not JSON is refused as a whole, and kept as one dead letter.
    private func decode(
        _ arrival: TelemetryIntake.Arrival, coding: BodyCoding, shape: ContractShape?
    ) throws -> (request: DecodedRequest, failure: APIError?) {
        let bytes = try intake.decompressed(arrival.body, coding)
        let decoder = intake.environment.decoders.contract
        do {
            let request =
                if let bytes {
                    try decoder.decode(bytes.span, shape: shape, receivedAt: arrival.receivedAt)
                } else {
                    try decoder.decode(
                        arrival.body.readableBytesUInt8Span, shape: shape, receivedAt: arrival.receivedAt)
                }
            return (request, nil)
        } catch {
            guard let reason = error.deadLetterReason else { throw APIError(error.kind, error.description) }
            let record = RejectedRecord(
                index: 0, field: nil, reason: reason, message: error.description,
                payload: bytes ?? Array(arrival.body.readableBytesView), sourceID: nil)
            return (DecodedRequest(rejected: [record], recordCount: 1), APIError(error.kind, error.description))
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
