package import TelemetryModel

/// Turns lines of Graphite's plain text (https://graphite.readthedocs.io/en/stable/feeding-carbon.html) into batches:
/// `path value timestamp`, where the path may have tags (`path;tag=value`). One per process; thread-safe.
///
/// The path becomes a metric's name and labels by the first template that fits, else a name with underscores for points
/// (docs/decisions/0019). The timestamp is in seconds, with any fraction; `-1`, `N` and none stand for now.
package final class GraphiteDecoder: Sendable {
    private let names: SeriesNames
    private let templates: [GraphiteTemplate]

    package init(registry: SeriesRegistry, templates: [GraphiteTemplate] = []) {
        names = SeriesNames(registry: registry)
        self.templates = templates
    }

    /// - Parameters:
    ///   - bytes: whole lines.
    ///   - receivedAt: epoch milliseconds.
    package func decode(_ bytes: Span<UInt8>, receivedAt: Int64) -> DecodedRequest {
        var decoding = GraphiteDecoding(names: names, templates: templates, receivedAt: receivedAt)
        decoding.read(bytes)
        return decoding.result
    }
}

/// The decoding of some lines: their series are looked up some hundred at a time.
private struct GraphiteDecoding {
    private struct Line {
        let range: ByteRange
        let timestamp: Int64
        let value: Double
    }

    private let templates: [GraphiteTemplate]
    private let receivedAt: Int64
    private var lookUp: SeriesLookUp
    private var lines: [Line] = []
    private(set) var result = DecodedRequest()

    init(names: SeriesNames, templates: [GraphiteTemplate], receivedAt: Int64) {
        self.templates = templates
        self.receivedAt = receivedAt
        lookUp = SeriesLookUp(names)
    }

    mutating func read(_ bytes: Span<UInt8>) {
        var walk = TextLines()
        while let line = walk.next(bytes) {
            do throws(Refusal) {
                try read(line, bytes)
            } catch {
                resolve(bytes)
                refuse(line, error, bytes)
            }
            if lookUp.isFull { resolve(bytes) }
        }
        resolve(bytes)
    }

    private mutating func read(_ line: ByteRange, _ bytes: Span<UInt8>) throws(Refusal) {
        let path = ByteRange(start: line.start, end: bytes.firstBlank(in: line))
        let value = word(after: path, line, bytes)
        guard !value.isEmpty else { throw .graphiteLine("a value after the path", "the end of the line") }
        let time = word(after: value, line, bytes)
        let rest = word(after: time, line, bytes)
        guard rest.isEmpty else {
            throw .graphiteLine("the end of the line after the timestamp", "\"\(Excerpt.text(bytes, rest))\"")
        }
        let number = try number(value, "the value", bytes)
        guard !number.isNaN else {
            throw Refusal(.unsupportedValue, field: "value", "Expected a number as the value, got NaN, which is none.")
        }
        let timestamp = try timestamp(time, bytes)
        lookUp.append(SeriesKey(first: path))
        lines.append(Line(range: line, timestamp: timestamp, value: number))
    }

    private func word(after previous: ByteRange, _ line: ByteRange, _ bytes: Span<UInt8>) -> ByteRange {
        let start = bytes.skippingBlanks(previous.end, limit: line.end)
        return ByteRange(start: start, end: bytes.firstBlank(in: ByteRange(start: start, end: line.end)))
    }

    private func number(_ word: ByteRange, _ what: String, _ bytes: Span<UInt8>) throws(Refusal) -> Double {
        if case .number(let number, let end) = JSONNumber.read(bytes, at: word.start, limit: word.end), end == word.end
        {
            return number
        }
        do throws(ExpositionFault) {
            return try ExpositionNumber.read(bytes, word, allowsHexadecimal: false)
        } catch {
            throw .graphiteLine("a number as \(what)", "\"\(Excerpt.text(bytes, word))\"")
        }
    }

    private func timestamp(_ word: ByteRange, _ bytes: Span<UInt8>) throws(Refusal) -> Int64 {
        if word.isEmpty || word.count == 1 && bytes[word.start] | 0x20 == UInt8(ascii: "n") { return receivedAt }
        let seconds = try number(word, "the timestamp in seconds", bytes)
        if seconds == -1 { return receivedAt }
        guard let milliseconds = ExpositionNumber.milliseconds(ofSeconds: seconds) else {
            throw .timestampOutOfRange("\(Excerpt.text(bytes, word)) seconds")
        }
        try Refusal.check(milliseconds)
        return milliseconds
    }

    private mutating func resolve(_ bytes: Span<UInt8>) {
        let templates = templates
        let refusals = lookUp.resolve(in: bytes) { (_, key) throws(Refusal) in
            try GraphitePath.labels(key.first, bytes, templates)
        }
        for (position, line) in lines.enumerated() {
            if let reference = lookUp.references[position] {
                result.batch.append(reference, at: line.timestamp, value: line.value)
                result.recordCount += 1
            } else {
                refuse(line.range, refusals[position] ?? .noMetricName(), bytes)
            }
        }
        lookUp.removeAll()
        lines.removeAll(keepingCapacity: true)
    }

    private mutating func refuse(_ line: ByteRange, _ refusal: Refusal, _ bytes: Span<UInt8>) {
        let path = ByteRange(start: line.start, end: bytes.firstBlank(in: line))
        result.rejected.append(
            RejectedRecord(
                index: result.recordCount, field: refusal.field, reason: refusal.reason, message: refusal.message,
                payload: bytes.array(line),
                sourceID: (try? GraphitePath.labels(path, bytes, templates))?["source_id"]))
        result.recordCount += 1
    }
}

/// What a path with its tags spells.
private enum GraphitePath {
    static func labels(
        _ path: ByteRange, _ bytes: Span<UInt8>, _ templates: [GraphiteTemplate]
    ) throws(Refusal) -> LabelSet {
        var end = bytes.first(UInt8(ascii: ";"), in: path)
        let name = try bytes.text(ByteRange(start: path.start, end: end))
        var labels: [Label] = []
        while end < path.end {
            let start = end + 1
            end = bytes.first(UInt8(ascii: ";"), in: ByteRange(start: start, end: path.end))
            let equals = bytes.first(ASCII.equals, in: ByteRange(start: start, end: end))
            guard equals > start, equals + 1 < end else {
                throw .graphiteLine(
                    "a tag such as host=a after a semicolon",
                    "\"\(Excerpt.text(bytes, ByteRange(start: start, end: end)))\"")
            }
            guard labels.count < LabelSet.mostLabels else { throw .tooManyLabels(labels.count + 1) }
            let label = PlainNames.label(bytes.array(ByteRange(start: start, end: equals)))
            labels.append(Label(label, try bytes.text(ByteRange(start: equals + 1, end: end))))
        }
        let parts = name.split(separator: ".").map(String.init)
        for template in templates {
            guard let fit = template.apply(to: parts) else { continue }
            // A tag says more than a place in the path.
            labels += fit.labels.filter { label in !labels.contains { $0.name == label.name } }
            labels.append(Label(LabelSet.metricNameLabel, PlainNames.metric(fit.name.utf8)))
            return try LabelSet.series(labels)
        }
        labels.append(Label(LabelSet.metricNameLabel, PlainNames.metric(parts.joined(separator: "_").utf8)))
        return try LabelSet.series(labels)
    }
}

extension Refusal {
    fileprivate static func graphiteLine(_ expected: String, _ found: String) -> Refusal {
        Refusal(
            .invalidLine,
            "Expected path, value and timestamp, such as room.temperature 21.5 1700000000: \(expected), got \(found).")
    }
}
