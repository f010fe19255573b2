/// What the fast reader took from one record: the numbers read, the texts only located.
struct RecordFields {
    /// The whole record, braces included.
    var record: ByteRange
    /// Inside the quotes, escapes and all; nothing about the text has been checked.
    var sourceID = ByteRange.absent
    var metricName = ByteRange.absent
    /// Empty only if the record has none.
    var severity = ByteRange.absent
    /// With the braces; empty only if the record has none. Nothing inside has been checked.
    var tags = ByteRange.absent
    /// Inside the quotes, checked to be text of the right length; empty only if the record has none.
    var message = ByteRange.absent
    /// Whether the message has neither escapes nor bytes outside ASCII.
    var messageIsPlain = true
    var timestamp: Int64
    var value: Double = 0

    /// The lengths of the four stretches that name the series, sixteen bits each, so that the stretches can be put
    /// together unambiguously; nil if one is too long for that.
    var packedLengths: UInt64? {
        guard (sourceID.count | metricName.count | severity.count | tags.count) <= 0xFFFF else { return nil }
        return UInt64(sourceID.count) | UInt64(metricName.count) << 16 | UInt64(severity.count) << 32
            | UInt64(tags.count) << 48
    }
}

extension RecordFields: RawSeriesKey {
    @inline(__always)
    func stretchesSatisfy(_ test: (ByteRange) -> Bool) -> Bool {
        test(sourceID) && test(metricName) && test(severity) && test(tags)
    }
}
