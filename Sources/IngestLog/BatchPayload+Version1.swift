import TelemetryModel

/// The layout that was written before version 2:
/// ```
/// version 1 │ n │ n × zigzag(Δ reference) │ n × zigzag(Δ timestamp) │ n × value, 8 bytes LE │ messages │ checksum
/// ```
extension BatchPayload {
    /// Reads what follows the version byte.
    static func decodeVersion1(_ reader: inout VarintReader) throws(LogCorruption) -> TelemetryBatch {
        let count = try reader.count("records")
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
        batch.messages = try messages(&reader, records: count)
        guard reader.isAtEnd else {
            throw LogCorruption(position: reader.position, expected: "the end of the payload")
        }
        return batch
    }
}
