import Foundation
import HTTPSupport
import Hummingbird
import IngestLog
import NIOCore
import TelemetryModel

/// `/api/v1/dead-letters`: refused records are listed, looked at, edited, replayed and discarded.
struct DeadLetterRoutes: Sendable {
    static let mostListed = 1000
    /// Letters that one request replays.
    static let mostReplayed = 10_000
    /// Bytes of a form.
    private static let longestForm = 65_536

    let environment: IngestionEnvironment
    let work: BlockingWork

    private var log: IngestLog { environment.log }

    func add(to router: Router<AppContext>) {
        let root: RouterPath = "/api/v1/dead-letters"
        router.get(root) { request, _ in try await list(request) }
        router.delete(root) { request, _ in
            try DeadLetterRoutes.refuseForeignPages(request)
            return try await discardMany(request)
        }
        router.post("/api/v1/dead-letters/replay") { request, _ in
            try DeadLetterRoutes.refuseForeignPages(request)
            return try await replayMany(request)
        }
        router.get("/api/v1/dead-letters/:id") { _, context in try await show(id(context)) }
        router.put("/api/v1/dead-letters/:id") { request, context in
            try DeadLetterRoutes.refuseForeignPages(request)
            return try await edit(id(context), request)
        }
        router.delete("/api/v1/dead-letters/:id") { request, context in
            try DeadLetterRoutes.refuseForeignPages(request)
            return try await discard(id(context))
        }
        router.post("/api/v1/dead-letters/:id/replay") { request, context in
            try DeadLetterRoutes.refuseForeignPages(request)
            return try await replay(id(context), request)
        }
    }

    private static func refuseForeignPages(_ request: Request) throws {
        try request.refuseForeignPages(as: "change dead letters", otherwise: "heliograph dead-letters")
    }

    // MARK: Reading

    /// Newest first, a page at a time.
    private func list(_ request: Request) async throws -> Response {
        let parameters = try RequestParameters(query: request.uri.query ?? "")
        var selection = try DeadLetterFilter(parameters).selection
        selection.state = try state(parameters)
        selection.limit = try parameters.count("limit", in: 1...DeadLetterRoutes.mostListed) ?? selection.limit
        let wanted = selection
        var all = selection
        (all.beforeID, all.afterID) = (nil, nil)
        let counted = all
        let (letters, matching) = try await work.run {
            (try log.deadLetters(wanted), try log.countDeadLetters(counted).byReason)
        }
        let totals = log.readTotals { _, deadLettered in deadLettered }
        let ever = Dictionary(grouping: totals) { $0.key.reason }.mapValues { $0.reduce(0) { $0 + $1.value.records } }
        return .json(
            .success { data in
                data.object { data in
                    let sum = totals.sum
                    data.field("total", sum.records)
                    data.field("waiting", sum.waiting)
                    data.field("replayed", sum.replayed)
                    data.field("discarded", sum.discarded)
                    data.field("expired", sum.expired)
                    write(ever, "by_reason", to: &data)
                    data.field("matching", matching.values.reduce(0, +))
                    write(matching, "matching_by_reason", to: &data)
                    data.key("dead_letters")
                    data.array { list in
                        for letter in letters { list.object { letter.write(to: &$0, hasOriginal: false) } }
                    }
                    // A full page may be followed by another one.
                    let bytes = letters.reduce(0) { $0 + $1.payload.count }
                    if letters.count == wanted.limit || bytes >= wanted.maximumBytes {
                        data.field("before", letters.last?.id ?? 0)
                    }
                }
            })
    }

    private func write(_ counts: [String: Int], _ name: String, to data: inout JSONText) {
        data.key(name)
        data.object { reasons in
            for (reason, count) in counts.sorted(by: { $0.key < $1.key }) { reasons.field(reason, count) }
        }
    }

    private func show(_ id: Int64) async throws -> Response {
        guard let letter = try await work.run({ try log.deadLetter(id) }) else { throw notFound(id) }
        return answer(letter)
    }

    // MARK: Changing

    /// The body is the new payload, byte for byte.
    private func edit(_ id: Int64, _ request: Request) async throws -> Response {
        let payload = try await payload(request)
        guard !payload.isEmpty else {
            throw APIError(.badData, "expected the new payload as the request's body, got an empty one")
        }
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let edited = try await changing { try log.editDeadLetter(id, payload: payload, at: now) }
        guard let edited else { throw try await notWaiting(id) }
        return answer(edited)
    }

    private func discard(_ id: Int64) async throws -> Response {
        guard try await changing({ try log.discardDeadLetter(id) }) else { throw try await notWaiting(id) }
        return discarded(1)
    }

    private func discardMany(_ request: Request) async throws -> Response {
        let parameters = try RequestParameters(query: request.uri.query ?? "")
        var selection = try DeadLetterFilter(bounded: parameters).selection
        selection.state = try state(parameters)
        let wanted = selection
        return discarded(try await changing { try log.discardDeadLetters(wanted) })
    }

    private func discarded(_ count: Int) -> Response {
        .json(.success { data in data.object { $0.field("discarded", count) } })
    }

    // MARK: Replaying

    /// An empty body replays the payload as it is kept; any other takes its place.
    private func replay(_ id: Int64, _ request: Request) async throws -> Response {
        if environment.isBehind() { throw APIError.behind }
        let edited = try await payload(request)
        guard let letter = try await work.run({ try log.deadLetter(id) }) else { throw notFound(id) }
        guard letter.state == .waiting else { throw try await notWaiting(id) }
        let outcome: DeadLetterReplay.Outcome
        do {
            outcome = try await offEventLoop {
                try await DeadLetterReplay(environment: environment)
                    .replay(letter, edited: edited.isEmpty ? nil : edited)
            }
        } catch let error as LogAppendError {
            throw APIError(error)
        }
        return .json(.success { data in data.object { outcome.write(to: &$0, of: id) } })
    }

    /// Oldest first, as many as `limit` says; the answer says where the next request goes on.
    private func replayMany(_ request: Request) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: DeadLetterRoutes.longestForm)
        var selection = try DeadLetterFilter(bounded: parameters).selection
        selection.isAscending = true
        selection.limit = try parameters.count("limit", in: 1...DeadLetterRoutes.mostReplayed) ?? 1000
        if environment.isBehind() { throw APIError.behind }
        let wanted = selection
        let (letters, last) = try await work.run {
            // Letters that come later, such as those that this makes itself, are not meant.
            (try log.deadLetters(wanted), try log.countDeadLetters(wanted).lastID)
        }
        let batch = try await offEventLoop { await DeadLetterReplay(environment: environment).replay(letters) }
        if let failure = batch.failure, batch.outcomes.isEmpty { throw APIError(failure) }
        var rest = wanted
        rest.afterID = batch.lastID ?? wanted.afterID
        rest.beforeID = last + 1
        let open = rest
        let remaining = try await work.run { try log.countDeadLetters(open).byReason.values.reduce(0, +) }
        return .json(
            .success { data in data.object { batch.write(to: &$0, remaining: remaining, through: last) } })
    }

    /// Decoding may take long, and is not for the thread that other connections wait for.
    private func offEventLoop<Result: Sendable>(
        _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withTaskExecutorPreference(globalConcurrentExecutor) { try await body() }
    }

    // MARK: What requests say

    private func id(_ context: AppContext) throws -> Int64 {
        let text = context.parameters.get("id") ?? ""
        guard let id = Int64(text) else {
            throw APIError(
                .badData, "expected the id of a dead letter in the path, a whole number, got \"\(text.prefix(64))\"")
        }
        return id
    }

    private func state(_ parameters: RequestParameters) throws -> DeadLetter.State? {
        switch parameters.text("state") {
        case nil, "waiting": return .waiting
        case "replayed": return .replayed
        case "any": return nil
        case let other?:
            throw APIError.invalid("state", "expected waiting, replayed or any, got \"\(other.prefix(64))\"")
        }
    }

    private func payload(_ request: Request) async throws -> [UInt8] {
        Array(buffer: try await RequestBodyReader(environment: environment).read(request))
    }

    private func changing<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        do {
            return try await work.run(body)
        } catch let error as LogAppendError {
            throw APIError(error)
        }
    }

    private func answer(_ letter: DeadLetter) -> Response {
        .json(.success { data in data.object { letter.write(to: &$0, hasOriginal: true) } })
    }

    private func notWaiting(_ id: Int64) async throws -> APIError {
        guard try await work.run({ try log.deadLetter(id) }) != nil else { return notFound(id) }
        return APIError(
            .badData, "dead letter \(id) was replayed: what it held was taken, and nothing is left to be done with it")
    }

    private func notFound(_ id: Int64) -> APIError {
        APIError(
            .notFound, "there is no dead letter \(id): it was discarded, it expired, or there never was one")
    }
}

extension DeadLetterReplay.Outcome {
    func write(to item: inout JSONText, of id: Int64) {
        item.field("id", id)
        switch self {
        case .replayed(let accepted, let rejected):
            item.field("outcome", "replayed")
            item.field("accepted", accepted)
            item.field("rejected", rejected)
        case .refused(let record):
            item.field("outcome", "refused")
            item.field("reason", record.reason.rawValue)
            item.field("field", record.field)
            item.field("message", record.message)
        case .failed(let message):
            item.field("outcome", "failed")
            item.field("message", message)
        }
    }
}

extension DeadLetterReplay.Batch {
    /// - Parameter through: the last letter that was meant when the request came.
    func write(to data: inout JSONText, remaining: Int, through: Int64) {
        var (replayed, refused, failed, accepted) = (0, 0, 0, 0)
        for (_, outcome) in outcomes {
            switch outcome {
            case .replayed(let records, _):
                replayed += 1
                accepted += records
            case .refused: refused += 1
            case .failed: failed += 1
            }
        }
        data.field("replayed", replayed)
        data.field("refused", refused)
        data.field("failed", failed)
        data.field("accepted_records", accepted)
        data.field("remaining", remaining)
        if let failure { data.field("stopped", APIError(failure).message) }
        if remaining > 0, let lastID {
            data.field("after", lastID)
            data.field("through", through)
        }
        data.key("letters")
        data.array { list in
            for (id, outcome) in outcomes { list.object { outcome.write(to: &$0, of: id) } }
        }
    }
}
