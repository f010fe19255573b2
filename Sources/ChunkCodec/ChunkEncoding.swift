/// How a chunk's columns are laid out, as its first byte says. `docs/formats/chunk.md` describes each layout.
///
/// The registry: a code, once released, keeps its meaning for ever and is never given to another layout. Encodings to
/// come (constant runs, decimal-scaled integers, raw columns, native histograms) take the next free codes. Zero stays
/// unused, so that a zeroed page can never be read as a chunk.
package enum ChunkEncoding: UInt8, CaseIterable, Sendable {
    /// Timestamps as differences of differences, values XORed with their predecessor, both bit-packed
    /// (Pelkonen et al., "Gorilla: A Fast, Scalable, In-Memory Time Series Database", VLDB 2015, section 4.1).
    case deltaOfDeltaXOR = 1
}
