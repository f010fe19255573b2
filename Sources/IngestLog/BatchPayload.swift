package import TelemetryModel

/// The columnar batch as it lies in `batch.payload`; described byte by byte in docs/formats/log.md.
///
/// ```
/// version 2 │ n │ references as steps │ timestamps as steps │ values: controls, leading bytes, other bytes │
///   m │ m × (Δ sample index, length, UTF-8) │ checksum, 4 bytes LE
/// ```
///
/// A batch with histograms or start timestamps is of version 3, which has them before the checksum
/// (`BatchPayload+Details.swift`); one with exemplars is of version 4, which has them behind those
/// (`BatchPayload+Exemplars.swift`). Bit-exact for every batch. Version 1 is still
/// read (`BatchPayload+Version1.swift`).
package enum BatchPayload {
    static let version: UInt8 = 2
    static let detailedVersion: UInt8 = 3
    static let exemplarVersion: UInt8 = 4
    static let checksumBytes = 4
    /// Far above what a request can hold; it bounds what a damaged count can make `decode` allocate.
    static let maximumRecords = 1 << 26

    /// O(n), about 10 ns a record and 2–3 bytes a record of decimal data; at most 9.1 bytes a value that is not.
    package static func encode(_ batch: TelemetryBatch) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(64 + batch.count * 3)
        let hasExemplars = !batch.exemplars.isEmpty
        let hasDetails = hasExemplars || !batch.histograms.isEmpty || !batch.starts.isEmpty
        out.append(hasExemplars ? exemplarVersion : hasDetails ? detailedVersion : version)
        out.appendVarint(UInt64(batch.count))
        var references = StepWriter(previous: -1, step: 1)
        batch.references.withUnsafeBufferPointer { column in
            for reference in column { references.append(Int64(reference.rawValue), to: &out) }
        }
        references.finish(&out)
        var timestamps = StepWriter(previous: 0, step: 0)
        batch.timestamps.withUnsafeBufferPointer { column in
            for timestamp in column { timestamps.append(timestamp, to: &out) }
        }
        timestamps.finish(&out)
        PayloadScratch.borrow { ValueBytes.append(values(of: batch), to: &out, $0) }
        append(batch.messages, to: &out)
        if hasDetails { appendDetails(of: batch, to: &out) }
        if hasExemplars { append(batch.exemplars, to: &out) }
        let sum = out.withUnsafeBytes { checksum(of: $0) }
        for shift in stride(from: UInt32(0), to: 32, by: 8) { out.append(UInt8(truncatingIfNeeded: sum >> shift)) }
        return out
    }

    package static func decode(_ payload: [UInt8]) throws(LogCorruption) -> TelemetryBatch {
        try payload.withUnsafeBufferPointer { bytes throws(LogCorruption) -> TelemetryBatch in
            try decode(UnsafeRawBufferPointer(bytes))
        }
    }

    /// Throws on anything that `encode` did not write; never traps.
    package static func decode(_ payload: UnsafeRawBufferPointer) throws(LogCorruption) -> TelemetryBatch {
        guard payload.count >= 2 + checksumBytes else {
            throw LogCorruption(position: payload.count, expected: "at least \(2 + checksumBytes) bytes")
        }
        let body = UnsafeRawBufferPointer(rebasing: payload.dropLast(checksumBytes))
        let stored = payload.suffix(checksumBytes).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard checksum(of: body) == stored else {
            throw LogCorruption(position: body.count, expected: "the checksum of the bytes before")
        }
        var reader = VarintReader(body)
        switch try reader.byte("version") {
        case 1: return try decodeVersion1(&reader)
        case version: return try decodeVersion2(&reader, hasDetails: false, hasExemplars: false)
        case detailedVersion: return try decodeVersion2(&reader, hasDetails: true, hasExemplars: false)
        case exemplarVersion: return try decodeVersion2(&reader, hasDetails: true, hasExemplars: true)
        default: throw LogCorruption(position: 0, expected: "payload version 1 to \(exemplarVersion)")
        }
    }

    private static func decodeVersion2(
        _ reader: inout VarintReader, hasDetails: Bool, hasExemplars: Bool
    ) throws(LogCorruption) -> TelemetryBatch {
        let raw = try reader.varint("records")
        guard raw <= UInt64(maximumRecords) else {
            throw LogCorruption(position: reader.position, expected: "at most \(maximumRecords) records")
        }
        let count = Int(raw)
        var batch = TelemetryBatch()
        batch.references = try references(count, &reader)
        batch.timestamps = try timestamps(count, &reader)
        batch.values = try PayloadScratch.borrow { scratch throws(LogCorruption) -> [Double] in
            try ValueBytes.read(count, &reader, scratch)
        }
        batch.messages = try messages(&reader, records: count)
        if hasDetails { try readDetails(&reader, into: &batch) }
        if hasExemplars { batch.exemplars = try readExemplars(&reader) }
        guard reader.isAtEnd else {
            throw LogCorruption(position: reader.position, expected: "the end of the payload")
        }
        return batch
    }

    private static func references(
        _ count: Int, _ reader: inout VarintReader
    ) throws(LogCorruption) -> [SeriesReference] {
        var out: [SeriesReference] = []
        var steps = StepReader(previous: -1, step: 1, remaining: count)
        var filled = 0
        while let run = try steps.next(&reader) {
            // All of a run lies between its ends, so two checks cover it. 2^26 steps of 2^33 at the most fit 63 bits.
            guard let first = UInt32(exactly: run.first), run.step.magnitude <= 1 << 33,
                UInt32(exactly: run.first + run.step * Int64(run.count - 1)) != nil
            else { throw LogCorruption(position: reader.position, expected: "32-bit series references") }
            if out.isEmpty { out = Array(repeating: SeriesReference(0), count: count) }
            out.withUnsafeMutableBufferPointer { out in
                var reference = first
                for index in filled..<filled + run.count {
                    out[index] = SeriesReference(reference)
                    reference &+= UInt32(truncatingIfNeeded: run.step)
                }
            }
            filled += run.count
        }
        return out
    }

    private static func timestamps(_ count: Int, _ reader: inout VarintReader) throws(LogCorruption) -> [Int64] {
        var out: [Int64] = []
        var steps = StepReader(previous: 0, step: 0, remaining: count)
        var filled = 0
        while let run = try steps.next(&reader) {
            if out.isEmpty { out = Array(repeating: run.first, count: count) }
            out.withUnsafeMutableBufferPointer { out in
                var timestamp = run.first
                for index in filled..<filled + run.count {
                    out[index] = timestamp
                    timestamp &+= run.step
                }
            }
            filled += run.count
        }
        return out
    }

    private static func append(_ messages: [RecordMessage], to out: inout [UInt8]) {
        out.appendVarint(UInt64(messages.count))
        var previousIndex = 0
        for message in messages {
            out.appendVarint(UInt64(message.sampleIndex - previousIndex))
            previousIndex = message.sampleIndex
            out.appendVarint(UInt64(message.text.utf8.count))
            out.append(contentsOf: message.text.utf8)
        }
    }

    static func messages(_ reader: inout VarintReader, records: Int) throws(LogCorruption) -> [RecordMessage] {
        var messages: [RecordMessage] = []
        var index: UInt64 = 0
        for _ in 0..<(try reader.count("messages")) {
            index &+= try reader.varint("message index")
            guard index < UInt64(records) else {
                throw LogCorruption(position: reader.position, expected: "a message index below \(records)")
            }
            let text = try reader.slice(try reader.count("message length"), "message")
            messages.append(RecordMessage(sampleIndex: Int(index), text: String(decoding: text, as: UTF8.self)))
        }
        return messages
    }

    /// A 64-bit multiply-mix over words, folded to 32 bits: it is there to find damage, not forgery, and costs a fraction of
    /// what a table CRC would at this size.
    package static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
        var hash: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(bytes.count)
        var offset = 0
        while bytes.count - offset >= 8 {
            // In bounds: offset + 8 ≤ count was just checked.
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            hash = mixed(hash ^ word)
            offset += 8
        }
        var tail: UInt64 = 0
        while offset < bytes.count {
            tail = tail << 8 | UInt64(bytes[offset])
            offset += 1
        }
        hash = mixed(hash ^ tail)
        return UInt32(truncatingIfNeeded: hash ^ (hash >> 32))
    }

    /// The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014): a
    /// bijection, so a single changed word always changes the hash.
    private static func mixed(_ input: UInt64) -> UInt64 {
        var z = input &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
