/// How a chunk or a column is laid out, as its first byte says. `docs/formats/chunk.md` describes each layout.
///
/// The registry: a code, once released, keeps its meaning for ever and is never given to another layout. Codes
/// from 32 on are those of native histograms. Zero stays unused, so that a zeroed page can never be read as a chunk.
package enum ChunkEncoding: UInt8, CaseIterable, Sendable {
    /// Both columns: timestamps as differences of differences, values XORed with their predecessor, both bit-packed
    /// (Pelkonen et al., "Gorilla: A Fast, Scalable, In-Memory Time Series Database", VLDB 2015, section 4.1).
    case deltaOfDeltaXOR = 1
    /// Timestamps at a constant step.
    case steadyTimestamps = 2
    /// Timestamps as an integer column.
    case framedTimestamps = 3
    /// Values that are all the same bit pattern.
    case constantValues = 4
    /// Values as integers divided by a power of ten.
    case decimalValues = 5
    /// Values as integers times a power of two.
    case binaryValues = 6
    /// Values as their bit patterns, ordered as integers.
    case patternValues = 7
    /// Values XORed with their predecessor.
    case xorValues = 8
    /// Values as they are.
    case rawValues = 9
    /// Native histograms: layouts once for all that share them, then field by field.
    case histograms = 32

    /// What a chunk or column of this encoding holds.
    var content: ChunkCorruption.Content {
        switch self {
        case .deltaOfDeltaXOR: .samples
        case .steadyTimestamps, .framedTimestamps: .timestamps
        case .histograms: .histograms
        case .constantValues, .decimalValues, .binaryValues, .patternValues, .xorValues, .rawValues: .values
        }
    }
}
