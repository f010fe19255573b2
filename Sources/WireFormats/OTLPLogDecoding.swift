import TelemetryModel

/// The decoding of one request: records are collected with the keys of their series, and those looked up some hundred at a time.
///
/// A series' key lies in `scratch`:
///
///     first  │ number of the origin (8) │ severity, 0 for none, 255 for the resource's `target_info` (1)
///     second │ list of the attributes that are labels
struct OTLPLogDecoding: OTLPItemDecoding {
    static let metricName = "log_records"
    private static let sourceKey = "source_id"
    private static let targetMark: UInt8 = 255

    private struct Waiting {
        let range: ByteRange
        let places: OTLPPlaces
        let origin: Int
        let timestamp: Int64
        let message: String?
        /// A resource's `target_info`, which is no record that came.
        var isTarget = false
    }

    /// What cannot be told apart by series and time.
    private struct Moment: Hashable {
        let series: SeriesReference
        let timestamp: Int64
    }

    static var names: (resources: String, scopes: String, items: String) { ("resourceLogs", "scopeLogs", "logRecords") }

    private let decoder: OTLPLogDecoder
    private let encoding: OTLPEncoding
    private let receivedAt: Int64
    private let promotedAttributes: Set<String>
    private(set) var result = DecodedLogs()

    private var origins: [OTLPOrigin] = []
    private var resource = 0
    private var origin = 0
    private var scopeName = ""
    /// When the newest record came of each resource, by its place among `origins`.
    private var newest: [Int: Int64] = [:]

    private var scratch: [UInt8] = []
    private var lookUp: SeriesLookUp
    private var waiting: [Waiting] = []

    init(_ decoder: OTLPLogDecoder, _ encoding: OTLPEncoding, receivedAt: Int64) {
        self.decoder = decoder
        self.encoding = encoding
        self.receivedAt = receivedAt
        promotedAttributes = Set(decoder.translation.promotedLogAttributes + [Self.sourceKey])
        lookUp = SeriesLookUp(decoder.names)
    }

    var isOverfull: Bool { result.request.recordCount + waiting.count > decoder.maximumRecords }
    var wantsScope: Bool { true }

    // MARK: Where records come from

    mutating func begin(resource attributes: [UInt8], _ places: OTLPPlaces) {
        resource = append(OTLPOrigin(resource: attributes, places: places))
        begin(resource, scope: "")
    }

    mutating func begin(scope attributes: [UInt8]?) {
        guard let attributes, !attributes.isEmpty else { return begin(resource, scope: "") }
        guard decoder.translation.promotesScope else {
            // What the scope is called stands in the message; one that cannot be read has no name.
            let list = (try? OTLPAttributes.read(ByteRange(start: 0, end: attributes.count), attributes.span)) ?? []
            return begin(resource, scope: list.first { $0.key == "name" }?.text ?? "")
        }
        var scoped = origins[resource]
        scoped.scope = attributes
        begin(append(scoped), scope: "")
    }

    private mutating func begin(_ origin: Int, scope: String) {
        self.origin = origin
        scopeName = scope
    }

    private mutating func append(_ new: OTLPOrigin) -> Int {
        var new = new
        new.number = decoder.origins.number(of: new.spelling)
        origins.append(new)
        return origins.count - 1
    }

    // MARK: Records

    mutating func read(message: ByteRange, _ places: OTLPPlaces, _ body: Span<UInt8>) throws(ProtobufError) {
        add(try OTLPLogMessages.record(message, body), places, body)
    }

    mutating func read(object: inout JSONCursor, _ places: OTLPPlaces, _ body: Span<UInt8>) throws(JSONFault) {
        let place = object
        let range = try object.skip(body)
        guard !isOverfull else { return }
        do throws(Refusal) {
            add(try OTLPLogObjects.record(place, range, body), places, body)
        } catch {
            refuse(range, places, error, body)
        }
    }

    private mutating func add(_ record: OTLPLogRecord, _ places: OTLPPlaces, _ body: Span<UInt8>) {
        do throws(Refusal) {
            let timestamp = try record.timestamp(receivedAt: receivedAt)
            let severityText = try record.severityText.text()
            let severity = record.severity(severityText)
            var message = OTLPLogMessage()
            message.add("scope", text: scopeName)
            message.add("event_name", text: try record.eventName.text())
            // A word that says what the severity does is said by the label.
            if severity == nil || OTLPLogRecord.severity(word: severityText) != severity {
                message.add("severity_text", text: severityText)
            }
            message.add("trace_id", text: record.traceID.hexadecimal)
            message.add("span_id", text: record.spanID.hexadecimal)
            let labels = try addAttributes(record, to: &message)
            let text = message.text(try record.bodyText())
            appendKey(severity, labels)
            newest[resource] = max(newest[resource] ?? timestamp, timestamp)
            waiting.append(
                Waiting(range: record.range, places: places, origin: origin, timestamp: timestamp, message: text))
        } catch {
            refuse(record.range, places, error, body)
        }
        if lookUp.isFull { resolve(body) }
    }

    /// - Returns: those that are labels.
    private func addAttributes(
        _ record: OTLPLogRecord, to message: inout OTLPLogMessage
    ) throws(Refusal) -> [OTLPAttribute] {
        let range = ByteRange(start: 0, end: record.attributes.count)
        var labels: [OTLPAttribute] = []
        for attribute in try OTLPAttributes.readJSON(range, record.attributes.span) {
            if !promotedAttributes.contains(attribute.key) { message.add(attribute.key, json: attribute.text) }
        }
        if record.droppedAttributes > 0 { message.add("dropped_attributes", json: "\(record.droppedAttributes)") }
        for attribute in try OTLPAttributes.read(range, record.attributes.span)
        where promotedAttributes.contains(attribute.key) {
            labels.append(attribute)
        }
        return labels
    }

    private mutating func appendKey(_ severity: Severity?, _ labels: [OTLPAttribute]) {
        let mark = severity.flatMap { Severity.allCases.firstIndex(of: $0) }.map { UInt8($0 + 1) } ?? 0
        var list = ProtobufWriter()
        for label in labels { list.attribute(label.key, string: Array(label.text.utf8)) }
        appendKey(origin, mark, list.bytes)
    }

    private mutating func appendKey(_ origin: Int, _ mark: UInt8, _ attributes: [UInt8]) {
        let start = scratch.count
        scratch.append(littleEndian: origins[origin].number)
        scratch.append(mark)
        let end = scratch.count
        scratch.append(contentsOf: attributes)
        lookUp.append(
            SeriesKey(
                first: ByteRange(start: start, end: end), second: ByteRange(start: end, end: scratch.count)))
    }

    // MARK: Series

    private mutating func resolve(_ body: Span<UInt8>) {
        let refusals = Self.find(&lookUp, waiting, origins, scratch, decoder.translation)
        for (position, record) in waiting.enumerated() {
            guard let reference = lookUp.references[position] else {
                // A resource of which there is nothing to say is none that was refused.
                if record.isTarget { continue }
                refuse(record.range, record.places, refusals[position] ?? .noMetricName(), body)
                continue
            }
            if let message = record.message {
                result.request.batch.messages.append(
                    RecordMessage(sampleIndex: result.request.batch.count, text: message))
            }
            if record.isTarget { result.request.metadata = [OTLPMetadata.targetInfo] }
            result.request.batch.append(reference, at: record.timestamp, value: 1)
            result.request.recordCount += 1
        }
        lookUp.removeAll()
        scratch.removeAll(keepingCapacity: true)
        waiting.removeAll(keepingCapacity: true)
    }

    private static func find(
        _ lookUp: inout SeriesLookUp, _ waiting: [Waiting], _ origins: [OTLPOrigin], _ scratch: [UInt8],
        _ translation: OTLPTranslation
    ) -> [Int: Refusal] {
        lookUp.resolve(in: scratch.span) { (position, key) throws(Refusal) in
            try labels(key, try origins[waiting[position].origin].labels(translation), scratch.span)
        }
    }

    private static func labels(
        _ key: SeriesKey, _ origin: OTLPOriginLabels, _ scratch: Span<UInt8>
    ) throws(Refusal) -> LabelSet {
        if scratch[key.first.end - 1] == targetMark {
            return try OTLPLabels.series(.targetInfo, name: "", unit: "", .value, attributes: [], origin: origin)
        }
        var labels = try OTLPLabels.merged(try OTLPAttributes.read(key.second, scratch))
        for label in origin.promoted where !labels.contains(where: { $0.name == label.name }) { labels.append(label) }
        var own = origin.identity + [Label(LabelSet.metricNameLabel, metricName)]
        let severity = Int(scratch[key.first.end - 1]) - 1
        if Severity.allCases.indices.contains(severity) {
            own.append(Label(Severity.labelName, Severity.allCases[severity].rawValue))
        }
        labels.removeAll { label in own.contains { $0.name == label.name } || label.name == Severity.labelName }
        return try LabelSet.series(labels + own)
    }

    private mutating func refuse(
        _ range: ByteRange, _ places: OTLPPlaces, _ refusal: Refusal, _ body: Span<UInt8>
    ) {
        guard !result.request.refusesTooMuch else { return }
        let letter = OTLPLogDeadLetter(places: places, record: range)
        result.request.refuse(
            RejectedRecord(
                index: result.request.recordCount, field: refusal.field, reason: refusal.reason,
                message: refusal.message, payload: letter.payload(body, encoding), sourceID: nil,
                parameters: encoding.logParameters))
        result.request.recordCount += 1
    }

    // MARK: The end

    /// After the last record: of records of one series and one millisecond each has their number for a value, since all of
    /// them are one sample.
    mutating func finish(_ body: Span<UInt8>) {
        result.records = result.request.recordCount + waiting.count
        for (resource, timestamp) in newest.sorted(by: { $0.key < $1.key }) {
            appendKey(resource, Self.targetMark, [])
            waiting.append(
                Waiting(
                    range: .absent, places: .init(), origin: resource, timestamp: timestamp, message: nil,
                    isTarget: true))
            if lookUp.isFull { resolve(body) }
        }
        resolve(body)
        var counts: [Moment: Double] = [:]
        let batch = result.request.batch
        for index in batch.references.indices {
            counts[Moment(series: batch.references[index], timestamp: batch.timestamps[index]), default: 0] += 1
        }
        guard counts.count < batch.count else { return }
        for index in batch.references.indices {
            let moment = Moment(series: batch.references[index], timestamp: batch.timestamps[index])
            result.request.batch.values[index] = counts[moment] ?? 1
        }
    }
}

extension OTLPLogRecord {
    fileprivate func bodyText() throws(Refusal) -> String {
        try OTLPAttributes.text(ByteRange(start: 0, end: body.count), body.span)
    }
}

extension [UInt8] {
    fileprivate func text() throws(Refusal) -> String { try span.text(ByteRange(start: 0, end: count)) }

    fileprivate var hexadecimal: String {
        // All zeros stand for none.
        guard contains(where: { $0 != 0 }) else { return "" }
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
