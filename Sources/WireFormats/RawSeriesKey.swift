/// The stretches of a request that name a series, as they came.
///
/// With the key goes `lengths`: the stretches' lengths in one word, by which the stretches can be put together unambiguously.
protocol RawSeriesKey {
    /// Whether `test` is true of every stretch; asked in order, up to the first of which it is not.
    func stretchesSatisfy(_ test: (ByteRange) -> Bool) -> Bool
}

/// What names a series in most protocols: its labels, which stand together, or a stretch that several series share and one of
/// its own (a measurement with its tags, and a field), and perhaps one that all of a request share (a database).
struct SeriesKey: RawSeriesKey {
    /// No series that fits into a segment of `RawSeriesCache` has a longer stretch, so where lengths end here, nothing is found
    /// that could be mistaken.
    private static let longest = 1 << 21 - 1

    var first: ByteRange
    var second = ByteRange.absent
    var third = ByteRange.absent

    @inline(__always)
    var lengths: UInt64 {
        UInt64(min(first.count, Self.longest)) | UInt64(min(second.count, Self.longest)) << 21
            | UInt64(min(third.count, Self.longest)) << 42
    }

    @inline(__always)
    func stretchesSatisfy(_ test: (ByteRange) -> Bool) -> Bool {
        test(first) && (second.isEmpty || test(second)) && (third.isEmpty || test(third))
    }
}
