import Foundation
import HTTPSupport
import IngestLog
import SelfMetrics
import TelemetryModel
import WireFormats

/// Replays dead letters: each is decoded again and committed as a request of its own, together with what becomes of the letter.
struct DeadLetterReplay: Sendable {
    /// What became of one letter.
    enum Outcome: Sendable {
        /// So many records were taken; of a payload with several, so many were refused and are letters of their own now.
        case replayed(accepted: Int, rejected: Int)
        /// The letter stays, with this as what is wrong with it.
        case refused(RejectedRecord)
        /// The letter stays as it was.
        case failed(String)
    }

    let environment: IngestionEnvironment

    /// - Throws: `LogAppendError` if the log takes nothing; the letter is as it was then.
    func replay(_ letter: DeadLetter, edited: [UInt8]? = nil) async throws -> Outcome {
        guard letter.state == .waiting else { return .failed("it was replayed before") }
        let payload = edited ?? letter.payload
        do {
            switch try DeadLetterDecoding(decoders: environment.decoders).decode(letter, payload: payload) {
            case .unusable(let reason): return .failed(reason)
            case .refused(let record, let count):
                return try await keep(letter, edited: edited, because: record.amongOthers(count))
            case .taken(let request): return try await take(request, of: letter, edited: edited)
            case .differences(let metrics, let encoding):
                return try await environment.decoders.deltaTurns.run {
                    let sum = try environment.log.sum(metrics, of: payload.span, encoding)
                    if sum.request.refusesTooMuch { return .failed(DecodedRequest.tooMuchRefused) }
                    if sum.rejectedPoints == metrics.points, let first = sum.request.rejected.first {
                        return try await keep(letter, edited: edited, because: first.amongOthers(sum.rejectedPoints))
                    }
                    return try await take(sum.request, of: letter, edited: edited, deltaTotals: sum.newTotals)
                }
            }
        } catch let error as APIError {
            return .failed(error.message)
        } catch LogAppendError.letterChanged {
            return .failed("it was edited, replayed or deleted meanwhile")
        }
    }

    private func take(
        _ request: DecodedRequest, of letter: DeadLetter, edited: [UInt8]?, deltaTotals: [DeltaTotal] = []
    ) async throws(LogAppendError) -> Outcome {
        try await commit(
            request, DeadLetterSettlement(of: letter, .replayed, edited: edited), letter, deltaTotals: deltaTotals)
        environment.metrics.records.add(request.batch.count)
        environment.metrics.rejected.add(request.rejected.count)
        return .replayed(accepted: request.batch.count, rejected: request.rejected.count)
    }

    private func keep(
        _ letter: DeadLetter, edited: [UInt8]?, because refusal: RejectedRecord
    ) async throws(LogAppendError) -> Outcome {
        try await commit(DecodedRequest(), DeadLetterSettlement(of: letter, .refused(refusal), edited: edited), letter)
        return .refused(refusal)
    }

    private func commit(
        _ request: DecodedRequest, _ settlement: DeadLetterSettlement, _ letter: DeadLetter,
        deltaTotals: [DeltaTotal] = []
    ) async throws(LogAppendError) {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        _ = try await environment.log.append(
            LogSubmission(
                batch: request.batch, rejected: request.rejected, ingestProtocol: letter.ingestProtocol,
                receivedAt: now, settlement: settlement, deltaTotals: deltaTotals,
                metadata: environment.log.metadata.news(in: request.metadata, at: now)))
    }

    /// What became of several letters.
    struct Batch: Sendable {
        var outcomes: [(id: Int64, outcome: Outcome)] = []
        /// The last letter that was dealt with.
        var lastID: Int64?
        /// Why the rest was left alone: the log takes nothing more.
        var failure: LogAppendError?
    }

    /// In order. All of them wait for the same commits.
    func replay(_ letters: [DeadLetter]) async -> Batch {
        var batch = Batch()
        for start in stride(from: 0, to: letters.count, by: Self.lettersAtOnce) {
            let portion = letters[start..<min(start + Self.lettersAtOnce, letters.count)]
            let results = await withTaskGroup(of: (Int64, Result<Outcome, any Error>).self) { group in
                for letter in portion {
                    group.addTask {
                        do {
                            return (letter.id, .success(try await replay(letter)))
                        } catch {
                            return (letter.id, .failure(error))
                        }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            for letter in portion {
                switch results[letter.id] {
                case .success(let outcome)?:
                    batch.outcomes.append((letter.id, outcome))
                    // Behind a letter that could not be committed, the next request begins again.
                    if batch.failure == nil { batch.lastID = letter.id }
                case .failure(let error)?: batch.failure = (error as? LogAppendError) ?? .writeFailed("\(error)")
                case nil: break
                }
            }
            if batch.failure != nil { break }
        }
        return batch
    }

    /// Letters whose records may be in memory at the same time.
    private static let lettersAtOnce = 256
}

extension RejectedRecord {
    /// With a word on the others that were refused with it.
    fileprivate func amongOthers(_ count: Int) -> RejectedRecord {
        guard count > 1 else { return self }
        return RejectedRecord(
            index: index, field: field, reason: reason,
            message: "\(message) (The first of \(count) that were refused.)",
            payload: payload, sourceID: sourceID, parameters: parameters)
    }
}
