import Synchronization
package import TelemetryModel

/// What a request came to: the accepted records as columns, the others with what is wrong with them.
package struct DecodedRequest: Sendable {
    package var batch: TelemetryBatch
    /// Ascending by index.
    package var rejected: [RejectedRecord]
    /// All records of the request: `batch.count + rejected.count`.
    package var recordCount: Int
    /// Exemplars that are not in the batch because there is something wrong with them or their series. Their samples are.
    package var rejectedExemplars = 0
    /// What the request says of metrics, each thing once.
    package var metadata: [FamilyMetadata] = []
    /// Bytes of the payloads that `refuse` kept.
    var refusedBytes = 0

    package init(batch: TelemetryBatch = TelemetryBatch(), rejected: [RejectedRecord] = [], recordCount: Int = 0) {
        self.batch = batch
        self.rejected = rejected
        self.recordCount = recordCount
    }
}

/// How records are put into a body.
package enum ContractShape: Sendable {
    /// One record.
    case object
    /// A JSON array of records.
    case array
    /// One record a line (NDJSON).
    case lines
}

/// What one request may ask for.
package struct ContractLimits: Sendable {
    package var maxRecords: Int

    package init(maxRecords: Int = 1_000_000) {
        self.maxRecords = maxRecords
    }
}

/// Turns bodies in the JSON data contract (docs/data-contract.md) into batches. One per process; thread-safe.
///
/// Strict I-JSON (RFC 7493). One pass over the bytes: a record of the usual form costs no allocation, and its series
/// is found by the raw bytes that name it. Locks are held per some hundred records, while they are looked up.
package final class ContractDecoder: Sendable {
    let registry: SeriesRegistry
    let limits: ContractLimits
    let hash: RawSeriesHash
    let cache: Mutex<RawSeriesCache>

    package convenience init(registry: SeriesRegistry, limits: ContractLimits = .init()) {
        self.init(registry: registry, limits: limits, cache: RawSeriesCache())
    }

    init(registry: SeriesRegistry, limits: ContractLimits, cache: RawSeriesCache) {
        self.registry = registry
        self.limits = limits
        var generator = SystemRandomNumberGenerator()
        hash = RawSeriesHash(using: &generator)
        self.cache = Mutex(cache)
    }

    /// Decodes one request.
    ///
    /// - Parameters:
    ///   - body: The bytes after decompression.
    ///   - shape: `.lines` if the request's content type says so; then every line that is not blank is a record. With
    ///     any other value the bytes decide: `[` begins an array; anything else is one record, unless more records
    ///     follow on lines of their own. A first line that is not JSON makes the body lines if the next line begins
    ///     with `{`.
    ///   - receivedAt: Epoch milliseconds, for records without a timestamp.
    /// - Throws: If the body as a whole cannot be read. New series of such a body may already have got their
    ///   references.
    package func decode(
        _ body: Span<UInt8>, shape: ContractShape?, receivedAt: Int64
    ) throws(ContractDecodingError) -> DecodedRequest {
        let start = body.skippingSpace(0)
        guard start < body.count else { throw .empty }
        var recordsAreLines = shape == .lines
        if !recordsAreLines, body[start] != ASCII.openBracket { recordsAreLines = try isLines(body, start) }
        var decoding = RequestDecoding(self, receivedAt: receivedAt, recordsAreLines: recordsAreLines)
        if recordsAreLines {
            try decoding.readLines(body, from: start)
        } else if body[start] == ASCII.openBracket {
            try decoding.readArray(body, from: start)
        } else {
            try decoding.readSingle(body, from: start)
        }
        return decoding.result
    }

    /// Whether a body that begins with a record goes on with more of them on further lines. Throws if the body is
    /// neither one record nor lines.
    private func isLines(_ body: Span<UInt8>, _ start: Int) throws(ContractDecodingError) -> Bool {
        let fault: JSONFault
        do {
            let end = try JSONSyntax.scan(body, from: start).end
            let rest = body.skippingSpace(end)
            if rest == body.count { return false }
            if body.firstNewline(end) < rest { return true }
            fault = JSONFault(
                offset: rest,
                what: "expected the end of the body or a new line, got \(JSONSyntax.description(body, rest))")
        } catch {
            fault = error
        }
        let nextLine = body.skippingSpace(body.firstNewline(start))
        if nextLine < body.count, body[nextLine] == ASCII.openBrace { return true }
        throw .of(fault, in: body)
    }
}

extension ContractDecodingError {
    /// The error for a fault that leaves no record to answer for.
    static func of(_ fault: JSONFault, in body: Span<UInt8>) -> ContractDecodingError {
        let place = TextPosition(body, fault.offset)
        if fault.offset < body.count,
            UnicodeText.sequenceLength(body, at: fault.offset, limit: body.count) == nil
        {
            return .invalidUTF8(offset: fault.offset, line: place.line, column: place.column)
        }
        return .notJSON(line: place.line, column: place.column, what: fault.what)
    }
}
