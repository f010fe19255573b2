import TelemetryModel

/// `Label` messages as fields 1 of a series, the form in which remote write has the labels of a series.
enum LabelMessages {
    /// - Parameter range: fields of a series; those that are no labels are passed over.
    static func series(_ range: ByteRange, _ bytes: Span<UInt8>) throws(Refusal) -> LabelSet {
        let pairs: [(name: ByteRange, value: ByteRange)]
        do throws(ProtobufError) {
            pairs = try all(range, bytes)
        } catch {
            throw Refusal(.invalidMessage, error.description)
        }
        var labels: [Label] = []
        labels.reserveCapacity(pairs.count)
        for (name, value) in pairs { labels.append(Label(try bytes.text(name), try bytes.text(value))) }
        return try LabelSet.series(labels)
    }

    /// The value of one label if it can be read.
    static func text(of wanted: String, _ range: ByteRange, _ bytes: Span<UInt8>) -> String? {
        guard let value = self.range(of: Array(wanted.utf8), range, bytes) else { return nil }
        return try? bytes.text(value)
    }

    /// Where the value of one label stands.
    static func range(of wanted: [UInt8], _ range: ByteRange, _ bytes: Span<UInt8>) -> ByteRange? {
        var fields = ProtobufFields(range)
        do throws(ProtobufError) {
            while !fields.isAtEnd {
                let key = try fields.key(bytes)
                guard key == .bytes(1) else {
                    try fields.skip(key, bytes)
                    continue
                }
                let (name, value) = try ProtobufFields.pair(try fields.bytes(bytes), bytes)
                if name.count == wanted.count, bytes.hasBytes(wanted, at: name.start) { return value }
            }
        } catch {
            return nil
        }
        return nil
    }

    /// The labels without whatever else stands between them.
    static func only(_ range: ByteRange, _ bytes: Span<UInt8>) -> [UInt8] {
        var labels: [UInt8] = []
        for (name, value) in (try? all(range, bytes)) ?? [] { labels.appendLabel(name, value, bytes) }
        return labels
    }

    private static func all(
        _ range: ByteRange, _ bytes: Span<UInt8>
    ) throws(ProtobufError) -> [(name: ByteRange, value: ByteRange)] {
        var labels: [(name: ByteRange, value: ByteRange)] = []
        var fields = ProtobufFields(range)
        while !fields.isAtEnd {
            let key = try fields.key(bytes)
            if key == .bytes(1) {
                labels.append(try ProtobufFields.pair(try fields.bytes(bytes), bytes))
            } else {
                try fields.skip(key, bytes)
            }
        }
        return labels
    }
}

extension [UInt8] {
    /// Appends a `Label` as field 1, its texts those in two ranges of other bytes.
    mutating func appendLabel(_ name: ByteRange, _ value: ByteRange, _ bytes: Span<UInt8>) {
        func lengthOfVarint(_ value: Int) -> Int { Swift.max(1, (Int.bitWidth - value.leadingZeroBitCount + 6) / 7) }
        let content = 2 + lengthOfVarint(name.count) + name.count + lengthOfVarint(value.count) + value.count
        append(0x0A)
        append(varint: content)
        append(0x0A)
        append(varint: name.count)
        append(name, of: bytes)
        append(0x12)
        append(varint: value.count)
        append(value, of: bytes)
    }

    private mutating func append(varint value: Int) {
        var rest = UInt(value)
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}
