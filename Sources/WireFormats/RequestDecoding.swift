import Synchronization
import TelemetryModel

/// The decoding of one request: records are read one by one, and their series looked up some hundred at a time.
struct RequestDecoding {
    /// A record on its way, in the order of the request.
    private struct Pending {
        enum State {
            /// The fast reader took it; its series is to be looked up.
            case read
            /// The same, and its series is known.
            case known(SeriesReference)
            /// `RecordExamination` has to see it.
            case unusual
            /// It was examined: its series is to be remembered under its raw bytes.
            case learned(SeriesReference)
        }

        var fields: RecordFields
        var lengths: UInt64 = 0
        var hash: UInt64 = 0
        var state = State.unusual
    }

    /// So many records share one turn at the cache's lock.
    private static let chunkSize = 256

    private let decoder: ContractDecoder
    private let recordsAreLines: Bool
    private var reader: FastRecordReader
    private var pending: [Pending] = []
    private(set) var result = DecodedRequest()

    init(_ decoder: ContractDecoder, receivedAt: Int64, recordsAreLines: Bool) {
        self.decoder = decoder
        self.recordsAreLines = recordsAreLines
        reader = FastRecordReader(receivedAt: receivedAt, recordsAreLines: recordsAreLines)
    }

    /// One record a line. A line that is not JSON is a rejected record; blank lines do not count.
    mutating func readLines(_ body: Span<UInt8>, from start: Int) throws(ContractDecodingError) {
        pending.reserveCapacity(Self.chunkSize)
        var index = start
        while index < body.count {
            if body[index] == ASCII.openBrace, let fields = reader.read(body, at: index) {
                let next = body.skippingSpace(fields.record.end, inLine: true)
                if next == body.count || body[next] == ASCII.newline {
                    try add(fields, body)
                    index = body.skippingSpace(next)
                    continue
                }
            }
            let newline = body.firstNewline(index)
            var end = newline
            while end > index, ASCII.isSpace(body[end - 1]) { end -= 1 }
            try addUnusual(ByteRange(start: index, end: end), body)
            index = body.skippingSpace(newline)
        }
        try resolve(body)
    }

    /// An array of records, its opening bracket at `start`. It must be JSON to its end.
    mutating func readArray(_ body: Span<UInt8>, from start: Int) throws(ContractDecodingError) {
        var index = body.skippingSpace(start + 1)
        var isOpen = true
        if index < body.count, body[index] == ASCII.closeBracket { isOpen = false }
        while isOpen {
            index = try readElement(body, at: index)
            index = body.skippingSpace(index)
            guard index < body.count, body[index] == ASCII.comma || body[index] == ASCII.closeBracket else {
                throw unexpected("',' or ']' after a record", body, index)
            }
            if body[index] == ASCII.closeBracket {
                isOpen = false
            } else {
                index = body.skippingSpace(index + 1)
            }
        }
        try resolve(body)
        let rest = body.skippingSpace(index + 1)
        guard rest == body.count else { throw unexpected("the end of the body after the array", body, rest) }
    }

    /// One record, known to be JSON and alone.
    mutating func readSingle(_ body: Span<UInt8>, from start: Int) throws(ContractDecodingError) {
        _ = try readElement(body, at: start)
        try resolve(body)
    }

    private mutating func readElement(_ body: Span<UInt8>, at index: Int) throws(ContractDecodingError) -> Int {
        if index < body.count, body[index] == ASCII.openBrace, let fields = reader.read(body, at: index) {
            try add(fields, body)
            return fields.record.end
        }
        let end: Int
        do {
            end = try JSONSyntax.scan(body, from: index).end
        } catch {
            throw .of(error, in: body)
        }
        try addUnusual(ByteRange(start: index, end: end), body)
        return end
    }

    private func unexpected(_ wanted: String, _ body: Span<UInt8>, _ offset: Int) -> ContractDecodingError {
        .of(
            JSONFault(offset: offset, what: "expected \(wanted), got \(JSONSyntax.description(body, offset))"), in: body
        )
    }

    @inline(__always)
    private mutating func add(_ fields: RecordFields, _ body: Span<UInt8>) throws(ContractDecodingError) {
        var record = Pending(fields: fields)
        if let lengths = fields.packedLengths {
            record.lengths = lengths
            record.hash = decoder.hash.hash(body, fields, lengths: lengths)
            record.state = .read
        }
        try append(record, body)
    }

    private mutating func addUnusual(_ range: ByteRange, _ body: Span<UInt8>) throws(ContractDecodingError) {
        try append(Pending(fields: RecordFields(record: range, timestamp: 0)), body)
    }

    @inline(__always)
    private mutating func append(_ record: Pending, _ body: Span<UInt8>) throws(ContractDecodingError) {
        guard result.recordCount < decoder.limits.maxRecords else {
            throw .tooManyRecords(limit: decoder.limits.maxRecords)
        }
        pending.append(record)
        result.recordCount &+= 1
        if pending.count == Self.chunkSize { try resolve(body) }
    }

    /// Finds the series of all pending records and puts the records where they belong.
    private mutating func resolve(_ body: Span<UInt8>) throws(ContractDecodingError) {
        lookUp(body)
        var hasLearned = false
        let first = result.recordCount - pending.count
        for position in pending.indices {
            if case .known(let reference) = pending[position].state {
                accept(pending[position].fields, reference, body)
            } else if try examine(position, index: first + position, body) {
                hasLearned = true
            }
        }
        if hasLearned { remember(body) }
        pending.removeAll(keepingCapacity: true)
    }

    private mutating func lookUp(_ body: Span<UInt8>) {
        decoder.cache.withLock { cache in
            for position in pending.indices {
                guard case .read = pending[position].state,
                    let reference = cache.reference(
                        of: pending[position].fields, in: body, hash: pending[position].hash,
                        lengths: pending[position].lengths)
                else { continue }
                pending[position].state = .known(reference)
            }
        }
    }

    private func remember(_ body: Span<UInt8>) {
        decoder.cache.withLock { cache in
            for record in pending {
                guard case .learned(let reference) = record.state else { continue }
                cache.insert(reference, for: record.fields, in: body, hash: record.hash, lengths: record.lengths)
            }
        }
    }

    /// Takes a record of a known series, which is all in order.
    @inline(__always)
    private mutating func accept(_ fields: RecordFields, _ reference: SeriesReference, _ body: Span<UInt8>) {
        if !fields.message.isEmpty {
            let text =
                fields.messageIsPlain
                ? body.array(fields.message) : UnicodeText.unescaped(body, fields.message) ?? []
            result.batch.messages.append(
                RecordMessage(sampleIndex: result.batch.count, text: String(decoding: text, as: UTF8.self)))
        }
        result.batch.append(reference, at: fields.timestamp, value: fields.value)
    }

    /// Takes or refuses a record whose series is not in the cache. True if the series can be remembered.
    private mutating func examine(
        _ position: Int, index: Int, _ body: Span<UInt8>
    ) throws(ContractDecodingError) -> Bool {
        let range = pending[position].fields.record
        let bytes = body.extracting(range.start..<range.end)
        // Inside an array a record that is not JSON leaves no telling where the next one begins.
        if !recordsAreLines, case .read = pending[position].state {
            do {
                _ = try JSONSyntax.scan(bytes)
            } catch {
                throw .of(JSONFault(offset: range.start + error.offset, what: error.what), in: body)
            }
        }
        do throws(Refusal) {
            let record = try RecordExamination.examine(bytes, receivedAt: reader.receivedAt)
            let reference = try register(record.labels)
            if let message = record.message {
                result.batch.messages.append(RecordMessage(sampleIndex: result.batch.count, text: message))
            }
            result.batch.append(reference, at: record.timestamp, value: record.value)
            guard case .read = pending[position].state else { return false }
            pending[position].state = .learned(reference)
            return true
        } catch {
            result.rejected.append(
                RejectedRecord(
                    index: index, field: error.field, reason: error.reason, message: error.message,
                    payload: bytes.array(ByteRange(start: 0, end: bytes.count)),
                    sourceID: SourceIDSearch.sourceID(bytes)))
            return false
        }
    }

    private func register(_ labels: LabelSet) throws(Refusal) -> SeriesReference {
        do throws(SeriesBudgetExceeded) {
            return try decoder.registry.register(labels)
        } catch {
            throw .overBudget(error)
        }
    }
}
