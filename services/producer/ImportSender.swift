import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Posts records until they are answered for, and finds the line of each one that was refused.
struct ImportSender {
    private static let longestWait = Duration.seconds(10)
    private static let longestRetryAfter = 60

    /// What `POST /api/v1/telemetry` says.
    private struct Answer: Decodable {
        struct Fault: Decodable {
            let index: Int
            let message: String
        }

        let accepted: Int?
        let rejected: Int?
        let errors: [Fault]?
        /// Of a request that was refused as a whole.
        let error: String?
    }

    private enum Outcome {
        case answered(accepted: Int, faults: [Answer.Fault])
        /// Nothing of the request was taken, for its own sake.
        case refused(reason: String)
        case retry(fault: String, after: Duration?)
    }

    let client: HTTPClient
    let address: String
    let credentials: ServerCredentials
    let giveUpAfter: Duration
    let onRefusal: (ImportRefusal) -> Void
    private(set) var summary = ImportSummary()

    init(
        client: HTTPClient, address: String, credentials: ServerCredentials, giveUpAfter: Duration,
        onRefusal: @escaping (ImportRefusal) -> Void
    ) {
        self.client = client
        self.address = address
        self.credentials = credentials
        self.giveUpAfter = giveUpAfter
        self.onRefusal = onRefusal
    }

    /// - Throws: `ProducerError` when the address is no Heliograph or does not answer for too long.
    mutating func send(_ records: [ImportRecord], of file: String) async throws {
        guard !records.isEmpty else { return }
        switch try await answer(to: records) {
        case .answered(let accepted, let faults):
            summary.records += records.count
            summary.accepted += accepted
            summary.refused += records.count - accepted
            for fault in faults where records.indices.contains(fault.index) {
                let record = records[fault.index]
                onRefusal(ImportRefusal(file: file, line: record.line, reason: record.fault ?? fault.message))
            }
            if faults.count < records.count - accepted {
                onRefusal(
                    ImportRefusal(
                        file: file, line: records[0].line,
                        reason:
                            "\(records.count - accepted - faults.count) more records from here on; the server did not "
                            + "say which"))
            }
        case .refused(let reason) where records.count == 1:
            summary.records += 1
            summary.refused += 1
            onRefusal(ImportRefusal(file: file, line: records[0].line, reason: reason))
        case .refused:
            // Some record is to blame: it is found by halving.
            try await send(Array(records[..<(records.count / 2)]), of: file)
            try await send(Array(records[(records.count / 2)...]), of: file)
        case .retry: break
        }
    }

    /// Tries until there is an answer that is not "later".
    private mutating func answer(to records: [ImportRecord]) async throws -> Outcome {
        var bytes = ByteBuffer()
        for record in records {
            bytes.writeBytes(record.json)
            bytes.writeInteger(UInt8(ascii: "\n"))
        }
        let start = ContinuousClock.now
        var wait = Duration.milliseconds(200)
        while true {
            let outcome = try await attempt(bytes)
            guard case .retry(let fault, let retryAfter) = outcome else { return outcome }
            let spent = ContinuousClock.now - start
            if spent > giveUpAfter {
                throw ProducerError.unreachable(url: address, seconds: spent.components.seconds, lastFault: fault)
            }
            summary.retries += 1
            // Half of the wait is chance, so that senders that failed together do not come back together.
            let pause = retryAfter ?? wait / 2 + wait / 2 * Double.random(in: 0...1)
            try await Task.sleep(for: min(pause, max(.milliseconds(50), giveUpAfter - spent)))
            wait = min(wait * 2, ImportSender.longestWait)
        }
    }

    private func attempt(_ body: ByteBuffer) async throws -> Outcome {
        var request = HTTPClientRequest(url: address + TelemetrySender.path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-ndjson")
        request.headers.add(name: "User-Agent", value: "heliograph-import")
        credentials.apply(to: &request.headers)
        request.body = .bytes(body)
        let status: Int
        let retryAfter: String?
        let bytes: ByteBuffer
        do {
            let response = try await client.execute(request, timeout: .seconds(60))
            status = Int(response.status.code)
            retryAfter = response.headers.first(name: "Retry-After")
            bytes = try await response.body.collect(upTo: 16 << 20)
        } catch let error as CancellationError {
            throw error
        } catch {
            return .retry(fault: TelemetrySender.words(for: error), after: nil)
        }
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(bytes.readableBytesView))
        switch status {
        case 200 where answer?.accepted != nil, 400 where answer?.accepted != nil:
            return .answered(accepted: answer?.accepted ?? 0, faults: answer?.errors ?? [])
        case 400, 413, 422:
            return .refused(reason: answer?.error ?? "the server answered \(status)")
        case 408, 425, 429, 500...599:
            let seconds = retryAfter.flatMap(Int.init).map { min(max($0, 0), ImportSender.longestRetryAfter) }
            return .retry(fault: "the server answered \(status)", after: seconds.map { .seconds($0) })
        default:
            throw ProducerError.refused(
                url: address + TelemetrySender.path, status: status, answer: TelemetrySender.excerpt(bytes))
        }
    }
}
