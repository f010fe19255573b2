import TelemetryModel

/// A line of StatsD, taken apart.
struct StatsDLine {
    /// With the tags that stand in it.
    let name: ByteRange
    /// Those behind `|#`.
    private(set) var tags = ByteRange.absent
    private(set) var changes: [StatsDChange] = []

    private static let mostValues = 10_000

    /// - Parameter hash: of members of sets.
    init(_ line: ByteRange, _ bytes: Span<UInt8>, _ hash: RawSeriesHash) throws(Refusal) {
        let colon = bytes.first(ASCII.colon, in: line)
        name = ByteRange(start: line.start, end: colon)
        guard colon < line.end, !name.isEmpty else {
            throw .statsDLine("a name and a colon", Excerpt.text(bytes, line))
        }
        if bytes[line.start] == UInt8(ascii: "_"), bytes.isDogStatsDMessage(name) {
            throw Refusal(
                .unsupportedValue,
                "Events and service checks of DogStatsD are not taken. Send events as records with a message "
                    + "(/api/v1/telemetry).")
        }
        var index = colon
        // `name:1|c:2|c` goes on with a colon where the values of a type end.
        while index < line.end, bytes[index] == ASCII.colon {
            try readValues(ByteRange(start: index + 1, end: line.end), &index, bytes, hash)
        }
        guard index == line.end else {
            throw .statsDLine("the end of the line", Excerpt.text(bytes, ByteRange(start: index, end: line.end)))
        }
    }

    /// Reads `value:value|type|@rate|#tags`, and moves `index` behind it.
    private mutating func readValues(
        _ range: ByteRange, _ index: inout Int, _ bytes: Span<UInt8>, _ hash: RawSeriesHash
    ) throws(Refusal) {
        let values = ByteRange(start: range.start, end: bytes.first(UInt8(ascii: "|"), in: range))
        guard values.end < range.end else {
            throw .statsDLine("a value, | and a type such as c, g, ms, h, d or s", Excerpt.text(bytes, range))
        }
        let type = bytes.statsDSection(values.end + 1, limit: range.end)
        index = type.end
        var rate = 1.0
        while index < range.end, bytes[index] == UInt8(ascii: "|") {
            let start = index + 1
            let mark = start < range.end ? bytes[start] : ASCII.newline
            switch mark {
            case UInt8(ascii: "@"):
                let section = bytes.statsDSection(start + 1, limit: range.end)
                rate = try Self.number(section, "the sampling rate", bytes)
                guard rate > 0, rate <= 1 else {
                    throw .statsDLine("a sampling rate above 0 and up to 1", Excerpt.text(bytes, section))
                }
                index = section.end
            case ASCII.hash:
                // Values of tags may hold colons.
                index = bytes.first(UInt8(ascii: "|"), in: ByteRange(start: start, end: range.end))
                tags = ByteRange(start: start + 1, end: index)
            case UInt8(ascii: "c"), UInt8(ascii: "e"):
                // The container and other data about the sender's origin.
                index = bytes.first(UInt8(ascii: "|"), in: ByteRange(start: start, end: range.end))
            case UInt8(ascii: "T"):
                throw Refusal(
                    .unsupportedValue, field: "timestamp",
                    "Values with a time of their own (|T…) are not taken, since they are added up by when they come.")
            default:
                throw .statsDLine(
                    "@rate or #tags after the type", Excerpt.text(bytes, ByteRange(start: start, end: range.end)))
            }
        }
        try append(values, try Self.type(type, bytes), rate, bytes, hash)
    }

    private enum ValueType { case counter, gauge, timer, histogram, set }

    private static func type(_ range: ByteRange, _ bytes: Span<UInt8>) throws(Refusal) -> ValueType {
        switch String(decoding: bytes.array(range), as: UTF8.self) {
        case "c": return .counter
        case "g": return .gauge
        case "ms": return .timer
        case "h", "d": return .histogram
        case "s": return .set
        default: throw .statsDLine("one of the types c, g, ms, h, d and s", Excerpt.text(bytes, range))
        }
    }

    private mutating func append(
        _ values: ByteRange, _ type: ValueType, _ rate: Double, _ bytes: Span<UInt8>, _ hash: RawSeriesHash
    ) throws(Refusal) {
        if type == .set {
            // A member may be any text, a colon included.
            let member = SeriesKey(first: values)
            changes.append(.member(hash.hash(bytes, member, lengths: member.lengths)))
            return
        }
        var end = values.start - 1
        while end < values.end {
            let start = end + 1
            end = bytes.first(ASCII.colon, in: ByteRange(start: start, end: values.end))
            let word = ByteRange(start: start, end: end)
            let number = try Self.number(word, "the value", bytes)
            guard changes.count < Self.mostValues else {
                throw .tooLong("values", limit: Self.mostValues, got: changes.count + 1, of: "values in a line")
            }
            switch type {
            case .counter:
                guard number >= 0 else {
                    throw Refusal(
                        .unsupportedValue, field: "value",
                        "Expected a counter to grow, got \(Excerpt.text(bytes, word)). Send what goes down as a gauge.")
                }
                changes.append(.count(number / rate))
            case .gauge:
                let isShift = bytes[start] == ASCII.plus || bytes[start] == ASCII.minus
                changes.append(isShift ? .gaugeShift(number) : .gauge(number))
            case .timer: changes.append(.observation(number / 1000, weight: 1 / rate))
            case .histogram, .set: changes.append(.observation(number, weight: 1 / rate))
            }
        }
    }

    private static func number(_ word: ByteRange, _ what: String, _ bytes: Span<UInt8>) throws(Refusal) -> Double {
        do throws(ExpositionFault) {
            let number = try ExpositionNumber.read(bytes, word, allowsHexadecimal: false)
            if number.isFinite { return number }
        } catch {
            // Said below.
        }
        throw .statsDLine("a number as \(what)", Excerpt.text(bytes, word))
    }
}

/// The labels of a series in StatsD.
enum StatsDSeries {
    static func labels(_ key: SeriesKey, _ bytes: Span<UInt8>) throws(Refusal) -> LabelSet {
        var labels: [Label] = []
        try nameTags(key.first, bytes, &labels)
        try hashTags(key.second, bytes, &labels)
        let name = PlainNames.metric(bytes.array(ByteRange(start: key.first.start, end: nameEnd(key.first, bytes))))
        labels.append(Label(LabelSet.metricNameLabel, name))
        return try LabelSet.series(labels)
    }

    /// Who sent a line, if its tags can be read and say so.
    static func sourceID(_ line: ByteRange, _ bytes: Span<UInt8>) -> String? {
        var labels: [Label] = []
        let colon = bytes.first(ASCII.colon, in: line)
        try? nameTags(ByteRange(start: line.start, end: colon), bytes, &labels)
        let hash = bytes.first(ASCII.hash, in: ByteRange(start: colon, end: line.end))
        if hash < line.end {
            let start = hash + 1
            let end = bytes.first(UInt8(ascii: "|"), in: ByteRange(start: start, end: line.end))
            try? hashTags(ByteRange(start: start, end: end), bytes, &labels)
        }
        return labels.first { $0.name == "source_id" }?.value
    }

    private static func nameEnd(_ name: ByteRange, _ bytes: Span<UInt8>) -> Int {
        min(bytes.first(ASCII.comma, in: name), bytes.first(UInt8(ascii: ";"), in: name))
    }

    /// `name,a=b,c=d` and `name;a=b;c=d`.
    private static func nameTags(_ name: ByteRange, _ bytes: Span<UInt8>, _ labels: inout [Label]) throws(Refusal) {
        var end = nameEnd(name, bytes)
        guard end < name.end else { return }
        let separator = bytes[end]
        while end < name.end {
            let start = end + 1
            end = bytes.first(separator, in: ByteRange(start: start, end: name.end))
            try append(ByteRange(start: start, end: end), ASCII.equals, bytes, &labels)
        }
    }

    /// `a:b,c:d`; one without a value is true.
    private static func hashTags(_ tags: ByteRange, _ bytes: Span<UInt8>, _ labels: inout [Label]) throws(Refusal) {
        var end = tags.start - 1
        guard !tags.isEmpty else { return }
        while end < tags.end {
            let start = end + 1
            end = bytes.first(ASCII.comma, in: ByteRange(start: start, end: tags.end))
            if end > start { try append(ByteRange(start: start, end: end), ASCII.colon, bytes, &labels) }
        }
    }

    private static func append(
        _ tag: ByteRange, _ separator: UInt8, _ bytes: Span<UInt8>, _ labels: inout [Label]
    ) throws(Refusal) {
        let mark = bytes.first(separator, in: tag)
        guard mark > tag.start else {
            throw .statsDLine("a tag with a name", Excerpt.text(bytes, tag))
        }
        guard labels.count < LabelSet.mostLabels else { throw .tooManyLabels(labels.count + 1) }
        let name = PlainNames.label(bytes.array(ByteRange(start: tag.start, end: mark)))
        let value = mark < tag.end ? try bytes.text(ByteRange(start: mark + 1, end: tag.end)) : "true"
        labels.append(Label(name, value))
    }
}

extension Span<UInt8> {
    /// From `start` up to the next `|` or colon.
    fileprivate func statsDSection(_ start: Int, limit: Int) -> ByteRange {
        let range = ByteRange(start: Swift.min(start, limit), end: limit)
        let end = Swift.min(first(UInt8(ascii: "|"), in: range), first(ASCII.colon, in: range))
        return ByteRange(start: range.start, end: end)
    }

    /// `_e{5,4}` or `_sc`.
    fileprivate func isDogStatsDMessage(_ name: ByteRange) -> Bool {
        let text = array(name)
        return text.starts(with: "_e{".utf8) || text.starts(with: "_sc|".utf8)
    }
}

extension Refusal {
    fileprivate static func statsDLine(_ expected: String, _ found: String) -> Refusal {
        Refusal(
            .invalidLine,
            "Expected name:value|type, such as requests:1|c|#site:a: expected \(expected), got \"\(found)\".")
    }
}
