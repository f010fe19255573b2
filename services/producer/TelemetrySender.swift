import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1

/// Sends batches to `POST /api/v1/telemetry` until they are answered for good.
struct TelemetrySender: Sendable {
    let client: HTTPClient
    let address: String
    let credentials: ServerCredentials
    let giveUpAfter: Duration
    let tally: ProducerTally
    let stop: StopSignal
    let logger: Logger

    static let path = "/api/v1/telemetry"
    private static let longestWait = Duration.seconds(10)
    /// A `Retry-After` beyond this is not waited for in full: the server may be back much earlier.
    private static let longestRetryAfter = 60

    private enum Outcome {
        case answered(accepted: Int, rejected: Int)
        case retry(fault: String, after: Duration?)
    }

    private struct Answer: Decodable {
        let accepted: Int?
        let rejected: Int?
        let error: String?
    }

    /// - Throws: `ProducerError` when the address is no Heliograph or does not answer for too long. After a stop one
    ///   more attempt is made; if that fails too, the records are counted as unanswered.
    func send(_ batch: RecordBuffer) async throws(ProducerError) {
        let body = ByteBuffer(bytes: batch.bytes)
        let start = ContinuousClock.now
        var wait = Duration.milliseconds(200)
        while true {
            let isLastAttempt = stop.isStopped
            switch try await attempt(body, records: batch.count) {
            case .answered(let accepted, let rejected):
                tally.answered(records: batch.count, accepted: accepted, rejected: rejected, bytes: batch.bytes.count)
                return
            case .retry(let fault, let retryAfter):
                if isLastAttempt || Task.isCancelled { return tally.leftUnanswered(records: batch.count) }
                let spent = ContinuousClock.now - start
                if spent > giveUpAfter {
                    tally.leftUnanswered(records: batch.count)
                    throw .unreachable(url: address, seconds: spent.components.seconds, lastFault: fault)
                }
                tally.retried(because: fault)
                logger.debug("sending again", metadata: ["fault": "\(fault)", "records": "\(batch.count)"])
                // Half of the wait is chance, so that senders that failed together do not come back together.
                let pause = retryAfter ?? wait / 2 + wait / 2 * Double.random(in: 0...1)
                await stop.sleep(for: min(pause, max(.milliseconds(50), giveUpAfter - spent)))
                wait = min(wait * 2, TelemetrySender.longestWait)
            }
        }
    }

    private func attempt(_ body: ByteBuffer, records: Int) async throws(ProducerError) -> Outcome {
        var request = HTTPClientRequest(url: address + TelemetrySender.path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-ndjson")
        request.headers.add(name: "User-Agent", value: "heliograph-producer")
        credentials.apply(to: &request.headers)
        request.body = .bytes(body)
        do {
            let response = try await client.execute(request, timeout: .seconds(60))
            let status = Int(response.status.code)
            let bytes = try await response.body.collect(upTo: 16 << 20)
            return try outcome(status: status, headers: response.headers.first(name: "Retry-After"), bytes, records)
        } catch let error as ProducerError {
            throw error
        } catch {
            return .retry(fault: TelemetrySender.words(for: error), after: nil)
        }
    }

    private func outcome(
        status: Int, headers retryAfter: String?, _ bytes: ByteBuffer, _ records: Int
    ) throws(ProducerError) -> Outcome {
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(bytes.readableBytesView))
        switch status {
        case 200...299:
            let rejected = min(max(answer?.rejected ?? 0, 0), records)
            if rejected > 0 { report(rejected, of: records, bytes) }
            return .answered(accepted: min(max(answer?.accepted ?? records - rejected, 0), records), rejected: rejected)
        case 408, 425, 429, 500...599:
            let seconds = retryAfter.flatMap(Int.init).map { min(max($0, 0), TelemetrySender.longestRetryAfter) }
            return .retry(fault: "the server answered \(status)", after: seconds.map { .seconds($0) })
        case 400, 413, 422:
            report(records, of: records, bytes)
            return .answered(accepted: 0, rejected: records)
        default:
            throw .refused(url: address + TelemetrySender.path, status: status, answer: TelemetrySender.excerpt(bytes))
        }
    }

    private func report(_ rejected: Int, of records: Int, _ bytes: ByteBuffer) {
        let level = tally.summary.rejected == 0 ? Logger.Level.warning : .debug
        logger.log(
            level: level, "the server refused records",
            metadata: [
                "rejected": "\(rejected)", "records": "\(records)", "answer": "\(TelemetrySender.excerpt(bytes))",
            ])
    }

    static func excerpt(_ bytes: ByteBuffer) -> String {
        String(decoding: bytes.readableBytesView.prefix(300), as: UTF8.self).filter { !$0.isNewline }
    }

    static func words(for error: any Error) -> String {
        let slow: [HTTPClientError] = [.connectTimeout, .readTimeout, .deadlineExceeded]
        if let error = error as? HTTPClientError {
            if slow.contains(error) { return "the server did not answer in time" }
            if error == .remoteConnectionClosed { return "the server closed the connection" }
        }
        // The system's words stand somewhere within a description that lists every address that was tried.
        let text = "\(error)"
        for words in ["Connection refused", "Connection reset", "Broken pipe"] where text.contains(words) {
            return words.lowercased()
        }
        return String(text.prefix(120))
    }
}
