/// The stretches of a request that name a series, as they came.
///
/// With the key goes `lengths`: the stretches' lengths in one word, by which the stretches can be put together unambiguously.
protocol RawSeriesKey {
    /// Whether `test` is true of every stretch; asked in order, up to the first of which it is not.
    func stretchesSatisfy(_ test: (ByteRange) -> Bool) -> Bool
}

/// What names a series in most protocols: its labels, which stand together, or a stretch that several series share and one of
/// its own (a measurement with its tags, and a field).
struct SeriesKey: RawSeriesKey {
    var first: ByteRange
    var second = ByteRange.absent

    /// Bodies are shorter than 4 GB, so that 32 bits are enough for each.
    var lengths: UInt64 { UInt64(first.count) | UInt64(second.count) << 32 }

    @inline(__always)
    func stretchesSatisfy(_ test: (ByteRange) -> Bool) -> Bool { test(first) && test(second) }
}
