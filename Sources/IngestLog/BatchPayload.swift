package import TelemetryModel

/// The columnar batch as it lies in `batch.payload`; described byte by byte in docs/formats/log.md.
///
/// ```
/// version │ n │ n × zigzag(Δ reference) │ n × zigzag(Δ timestamp) │ n × value, 8 bytes LE │
///   m │ m × (Δ sample index, length, UTF-8) │ checksum, 4 bytes LE
/// ```
package enum BatchPayload {
    static let version: UInt8 = 1

    package static func encode(_ batch: TelemetryBatch) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(16 + batch.count * 12)
        out.append(version)
        out.appendVarint(UInt64(batch.count))
        var previousReference: Int64 = 0
        for reference in batch.references {
            out.appendZigzag(Int64(reference.rawValue) - previousReference)
            previousReference = Int64(reference.rawValue)
        }
        var previousTimestamp: Int64 = 0
        for timestamp in batch.timestamps {
            out.appendZigzag(timestamp &- previousTimestamp)
            previousTimestamp = timestamp
        }
        for value in batch.values {
            var bits = value.bitPattern
            for _ in 0..<8 {
                out.append(UInt8(truncatingIfNeeded: bits))
                bits >>= 8
            }
        }
        out.appendVarint(UInt64(batch.messages.count))
        var previousIndex = 0
        for message in batch.messages {
            out.appendVarint(UInt64(message.sampleIndex - previousIndex))
            previousIndex = message.sampleIndex
            let text = Array(message.text.utf8)
            out.appendVarint(UInt64(text.count))
            out.append(contentsOf: text)
        }
        let checksum = checksum(of: out[...])
        for shift in stride(from: UInt32(0), to: 32, by: 8) { out.append(UInt8(truncatingIfNeeded: checksum >> shift)) }
        return out
    }

    /// Throws on anything that `encode` did not write; never traps.
    package static func decode(_ payload: [UInt8]) throws(LogCorruption) -> TelemetryBatch {
        guard payload.count >= 7 else {
            throw LogCorruption(position: payload.count, expected: "at least 7 bytes")
        }
        let body = payload.dropLast(4)
        let stored = payload.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard checksum(of: body) == stored else {
            throw LogCorruption(position: body.endIndex, expected: "the checksum of the bytes before")
        }
        var reader = VarintReader(Array(body))
        let format = try reader.slice(1, "version").first
        guard format == version else {
            throw LogCorruption(position: 0, expected: "payload version \(version)")
        }
        let count = try reader.count("samples")
        var batch = TelemetryBatch()
        batch.reserveCapacity(count)
        var reference: Int64 = 0
        for _ in 0..<count {
            reference &+= try reader.zigzag("reference")
            guard let raw = UInt32(exactly: reference) else {
                throw LogCorruption(position: reader.position, expected: "a 32-bit series reference")
            }
            batch.references.append(SeriesReference(raw))
        }
        var timestamp: Int64 = 0
        for _ in 0..<count {
            timestamp &+= try reader.zigzag("timestamp")
            batch.timestamps.append(timestamp)
        }
        for _ in 0..<count { batch.values.append(Double(bitPattern: try reader.fixed64("value"))) }
        var index: UInt64 = 0
        for _ in 0..<(try reader.count("messages")) {
            index &+= try reader.varint("message index")
            guard index < UInt64(count) else {
                throw LogCorruption(position: reader.position, expected: "a message index below \(count)")
            }
            let text = try reader.slice(try reader.count("message length"), "message")
            batch.messages.append(RecordMessage(sampleIndex: Int(index), text: String(decoding: text, as: UTF8.self)))
        }
        guard reader.isAtEnd else {
            throw LogCorruption(position: reader.position, expected: "the end of the payload")
        }
        return batch
    }

    /// A 64-bit multiply-mix over words, folded to 32 bits: it is there to find damage, not forgery, and costs a fraction of
    /// what a table CRC would at this size.
    static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 {
        var hash: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(bytes.count)
        bytes.withUnsafeBytes { raw in
            var offset = 0
            while raw.count - offset >= 8 {
                // In bounds: offset + 8 ≤ count was just checked.
                let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                hash = mixed(hash ^ word)
                offset += 8
            }
            var tail: UInt64 = 0
            while offset < raw.count {
                tail = tail << 8 | UInt64(raw[offset])
                offset += 1
            }
            hash = mixed(hash ^ tail)
        }
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
