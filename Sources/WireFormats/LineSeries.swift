import TelemetryModel

/// What the key of a series in line protocol spells: `measurement,tag=value,…` and a field's name, as they came, and the name
/// of a database.
enum LineSeries {
    private static let fieldWithoutName: [UInt8] = Array("value".utf8)
    private static let databaseLabel = "db"

    /// The series `measurement_field`, just `measurement` for a field called `value`, just `field` without a measurement; the
    /// tags are its labels, and the database is the label `db` if no tag is called so.
    static func labels(_ key: SeriesKey, _ bytes: Span<UInt8>) throws(Refusal) -> LabelSet {
        let parts: Parts
        do throws(LineFault) {
            parts = try read(key.first, bytes)
        } catch {
            throw Refusal(error.reason, error.what)
        }
        guard parts.tags.count <= LabelSet.mostLabels else { throw .tooManyLabels(parts.tags.count) }
        var labels: [Label] = []
        labels.reserveCapacity(parts.tags.count + 2)
        labels.append(Label(LabelSet.metricNameLabel, try text(name(parts.measurement, key.second, bytes))))
        for (name, value) in parts.tags {
            labels.append(Label(try text(unescaped(bytes, name)), try text(unescaped(bytes, value))))
        }
        if !key.third.isEmpty, !labels.contains(where: { $0.name == databaseLabel }) {
            labels.append(Label(databaseLabel, try bytes.text(key.third)))
        }
        return try LabelSet.series(labels)
    }

    private static func name(_ measurement: ByteRange, _ field: ByteRange, _ bytes: Span<UInt8>) -> [UInt8] {
        let (measurement, field) = (unescaped(bytes, measurement, isMeasurement: true), unescaped(bytes, field))
        return measurement.isEmpty ? field : field == fieldWithoutName ? measurement : measurement + [0x5F] + field
    }

    /// The metric's name alone, whatever stands in the tags.
    static func metricName(_ key: SeriesKey, _ bytes: Span<UInt8>) -> String {
        let measurement = ByteRange(start: key.first.start, end: next(ASCII.comma, bytes, key.first))
        return String(decoding: name(measurement, key.second, bytes), as: UTF8.self)
    }

    /// Who sent a line or its part before the fields, if its tags say so and can be read.
    static func sourceID(_ line: ByteRange, _ bytes: Span<UInt8>) -> String? {
        let end = bytes.endOfSeriesPart(line.start, limit: line.end)
        return tag("source_id", ByteRange(start: line.start, end: end), bytes)
    }

    /// The value of one tag if it can be read.
    private static func tag(_ wanted: String, _ series: ByteRange, _ bytes: Span<UInt8>) -> String? {
        guard let tags = try? read(series, bytes).tags else { return nil }
        for (name, value) in tags where unescaped(bytes, name).elementsEqual(wanted.utf8) {
            return try? text(unescaped(bytes, value))
        }
        return nil
    }

    /// One field of a line as a line of its own that means the same without any parameters.
    ///
    /// - Parameter timestamp: milliseconds since 1970-01-01T00:00:00Z.
    static func line(_ key: SeriesKey, value: ByteRange, at timestamp: Int64, _ bytes: Span<UInt8>) -> [UInt8] {
        var line = bytes.array(key.first)
        if !key.third.isEmpty, tag(databaseLabel, key.first, bytes) == nil {
            line += Array(",\(databaseLabel)=".utf8)
            for byte in bytes.array(key.third) {
                if byte == ASCII.space || byte == ASCII.comma || byte == ASCII.equals { line.append(ASCII.backslash) }
                line.append(byte)
            }
        }
        line.append(ASCII.space)
        line += bytes.array(key.second)
        line.append(ASCII.equals)
        line += bytes.array(value)
        line += Array(" \(timestamp)000000".utf8)
        return line
    }

    struct Parts {
        var measurement: ByteRange
        var tags: [(name: ByteRange, value: ByteRange)] = []
    }

    /// Takes the part of a line before its fields apart. A tag's value may be empty and may hold `=`.
    static func read(_ range: ByteRange, _ bytes: Span<UInt8>) throws(LineFault) -> Parts {
        var end = next(ASCII.comma, bytes, range)
        var parts = Parts(measurement: ByteRange(start: range.start, end: end))
        while end < range.end {
            let start = end + 1
            end = next(ASCII.comma, bytes, ByteRange(start: start, end: range.end))
            let equals = next(ASCII.equals, bytes, ByteRange(start: start, end: end))
            guard equals > start, equals < end else {
                throw LineFault(
                    start,
                    "expected a tag such as host=a after a comma, got "
                        + LineFault.excerpt(bytes, ByteRange(start: start, end: end)))
            }
            parts.tags.append((ByteRange(start: start, end: equals), ByteRange(start: equals + 1, end: end)))
        }
        return parts
    }

    /// The first of these bytes in `range` that is not escaped, or the end.
    private static func next(_ byte: UInt8, _ bytes: Span<UInt8>, _ range: ByteRange) -> Int {
        var index = range.start
        while index < range.end, bytes[index] != byte || bytes.isEscaped(index, from: range.start) { index += 1 }
        return index
    }

    private static func unescaped(_ bytes: Span<UInt8>, _ range: ByteRange, isMeasurement: Bool = false) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var index = range.start
        while index < range.end {
            if bytes[index] == ASCII.backslash, index + 1 < range.end {
                let next = bytes[index + 1]
                if next == ASCII.comma || next == ASCII.space || next == ASCII.equals && !isMeasurement { index += 1 }
            }
            text.append(bytes[index])
            index += 1
        }
        return text
    }

    private static func text(_ bytes: [UInt8]) throws(Refusal) -> String {
        try bytes.span.text(ByteRange(start: 0, end: bytes.count))
    }
}
