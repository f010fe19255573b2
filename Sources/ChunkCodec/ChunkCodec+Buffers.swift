/// The column functions for arrays, and for memory that others own (a row that SQLite hands out), without a copy.
///
/// A buffer must stay as it is until the function returns; nothing of it is kept. The binding to UInt8 is safe: a byte
/// has no alignment and every pattern.
extension ChunkCodec {
    package static func encodeTimestamps(_ timestamps: [Int64]) -> [UInt8] { encodeTimestamps(timestamps.span) }

    package static func encodeValues(_ values: [Double], effort: Effort = .best) -> [UInt8] {
        encodeValues(values.span, effort: effort)
    }

    package static func decodeTimestamps(_ bytes: [UInt8], into timestamps: inout [Int64]) throws(ChunkCorruption) {
        try decodeTimestamps(bytes.span, into: &timestamps)
    }

    package static func decodeValues(_ bytes: [UInt8], into values: inout [Double]) throws(ChunkCorruption) {
        try decodeValues(bytes.span, into: &values)
    }

    package static func timestampBounds(
        _ bytes: [UInt8]
    ) throws(ChunkCorruption) -> (count: Int, first: Int64, last: Int64) {
        try timestampBounds(bytes.span)
    }

    package static func sampleCount(_ bytes: UnsafeRawBufferPointer) throws(ChunkCorruption) -> Int {
        try unsafe sampleCount(bytes.bindMemory(to: UInt8.self).span)
    }

    package static func timestampBounds(
        _ bytes: UnsafeRawBufferPointer
    ) throws(ChunkCorruption) -> (count: Int, first: Int64, last: Int64) {
        try unsafe timestampBounds(bytes.bindMemory(to: UInt8.self).span)
    }

    package static func decodeTimestamps(
        _ bytes: UnsafeRawBufferPointer, into timestamps: inout [Int64]
    ) throws(ChunkCorruption) {
        try unsafe decodeTimestamps(bytes.bindMemory(to: UInt8.self).span, into: &timestamps)
    }

    package static func decodeTimestamps(
        _ bytes: UnsafeRawBufferPointer, from: Int64, through: Int64, into timestamps: inout [Int64]
    ) throws(ChunkCorruption) -> Range<Int> {
        try unsafe decodeTimestamps(
            bytes.bindMemory(to: UInt8.self).span, from: from, through: through, into: &timestamps)
    }

    package static func decodeValues(
        _ bytes: UnsafeRawBufferPointer, into values: inout [Double]
    ) throws(ChunkCorruption) {
        try unsafe decodeValues(bytes.bindMemory(to: UInt8.self).span, into: &values)
    }

    package static func decodeValues(
        _ bytes: UnsafeRawBufferPointer, samples: Range<Int>, into values: inout [Double]
    ) throws(ChunkCorruption) {
        try unsafe decodeValues(bytes.bindMemory(to: UInt8.self).span, samples: samples, into: &values)
    }

    package static func decode(
        _ bytes: UnsafeRawBufferPointer, intoTimestamps timestamps: inout [Int64], values: inout [Double]
    ) throws(ChunkCorruption) {
        try unsafe decode(bytes.bindMemory(to: UInt8.self).span, intoTimestamps: &timestamps, values: &values)
    }
}
