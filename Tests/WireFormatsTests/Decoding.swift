import TelemetryModel

@testable import WireFormats

/// A decoder with its registry, so that tests can read the labels behind the references.
struct Decoding {
    static let receivedAt: Int64 = 1_700_000_000_000

    let registry: SeriesRegistry
    let decoder: ContractDecoder

    init(seriesLimit: Int = 1_000_000, sourceSeriesLimit: Int = 0, maxRecords: Int = 1_000_000) {
        registry = SeriesRegistry(limit: seriesLimit, limitPerSource: sourceSeriesLimit)
        decoder = ContractDecoder(registry: registry, limits: ContractLimits(maxRecords: maxRecords))
    }

    func decode(_ bytes: [UInt8], _ shape: ContractShape? = nil) throws -> DecodedRequest {
        try decoder.decode(bytes.span, shape: shape, receivedAt: Self.receivedAt)
    }

    func decode(_ text: String, _ shape: ContractShape? = nil) throws -> DecodedRequest {
        try decode(Array(text.utf8), shape)
    }

    /// What became of the only record of a body.
    func outcome(_ bytes: [UInt8], _ shape: ContractShape? = nil) -> Outcome {
        do {
            let request = try decode(bytes, shape)
            guard request.recordCount == 1, request.batch.count + request.rejected.count == 1 else {
                return .requestRefused("records: \(request.recordCount)")
            }
            return outcomes(request)[0]
        } catch let error as ContractDecodingError {
            return .of(error)
        } catch {
            return .requestRefused("\(error)")
        }
    }

    /// What became of each record, in the order of the request.
    func outcomes(_ request: DecodedRequest) -> [Outcome] {
        let accepted = request.batch.timestamps.indices.map { index in
            Outcome.accepted(
                registry.labels(of: request.batch.references[index]), request.batch.timestamps[index],
                request.batch.values[index].bitPattern,
                request.batch.messages.first { $0.sampleIndex == index }?.text)
        }
        return request.inOrder(accepted) { .refused($0.reason, field: $0.field) }
    }
}

extension DecodedRequest {
    /// What became of each record, in the order of the request.
    ///
    /// - Parameter accepted: what is to be said of the accepted ones, in order.
    func inOrder<Outcome>(_ accepted: [Outcome], refused: (RejectedRecord) -> Outcome) -> [Outcome] {
        var accepted = accepted[...]
        var rejected = rejected[...]
        return (0..<recordCount).compactMap { index in
            if let next = rejected.first, next.index == index {
                rejected.removeFirst()
                return refused(next)
            }
            return accepted.popFirst()
        }
    }
}

enum Outcome: Equatable {
    case accepted(LabelSet, Int64, UInt64, String?)
    case refused(RejectionReason, field: String?)
    case requestRefused(String)

    static func of(_ error: ContractDecodingError) -> Outcome {
        switch error {
        case .empty: .requestRefused("empty")
        case .notJSON: .requestRefused(RejectionReason.invalidJSON.rawValue)
        case .invalidUTF8: .requestRefused(RejectionReason.invalidUTF8.rawValue)
        case .tooManyRecords: .requestRefused("too many records")
        }
    }

    var isAccepted: Bool {
        if case .accepted = self { true } else { false }
    }

    /// The reason's raw value, whoever gave it.
    var reason: String? {
        switch self {
        case .accepted: nil
        case .refused(let reason, _): reason.rawValue
        case .requestRefused(let reason): reason
        }
    }
}
