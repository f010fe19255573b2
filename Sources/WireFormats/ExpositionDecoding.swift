import NativeHistograms
import TelemetryModel

/// The decoding of one text: lines are read one by one, and their series looked up some hundred at a time.
struct ExpositionDecoding {
    /// A line on its way, in the order of the text.
    struct Pending {
        /// From 1.
        let line: Int
        /// Empty for a line that breaks the grammar; it begins where the line does, but for blanks.
        let series: ByteRange
        let kind: ExpositionFamily.Kind
        let timestamp: Int64
        let value: Double
        /// When the counting of it began; 0 if that is not known.
        var start: Int64
        /// The time is the text's.
        var isTimed = false
    }

    /// The samples of one counter, histogram or summary, which stand together (OpenMetrics 1.0, "MetricFamily").
    private struct Metric {
        /// Of its labels; nil if the last line belongs to no such metric.
        var hash: UInt64?
        /// Among those pending, of those whose start is not known yet.
        var first = 0
        var start: Int64 = 0
    }

    private let decoder: ExpositionDecoder
    let reader: ExpositionLineReader
    private let extraLabels: [Label]
    private let transform: SeriesTransform?
    private let defaultTimestamp: Int64
    private(set) var lookUp: SeriesLookUp
    /// Where the text begins; before it stands what the extra labels add to keys.
    private var textStart = 0
    private var line = 0
    private var isAtEnd = false
    private var family = ExpositionFamily()
    private var metric = Metric()
    private var pending: [Pending] = []
    /// What breaks the grammar, by position among those pending.
    private var faults: [Int: ExpositionFault] = [:]
    /// Of samples among those pending, by position: where the braces open.
    var exemplars: [(position: Int, start: Int)] = []
    var result = DecodedExposition()

    init(
        _ decoder: ExpositionDecoder, format: ExpositionFormat, extraLabels: [Label] = [],
        transform: SeriesTransform? = nil, defaultTimestamp: Int64
    ) {
        self.decoder = decoder
        self.extraLabels = extraLabels
        self.transform = transform
        self.defaultTimestamp = defaultTimestamp
        reader = ExpositionLineReader(format: format)
        lookUp = SeriesLookUp(decoder.names)
    }

    /// More records came than a request may have.
    var isOverfull: Bool { result.request.recordCount + pending.count > decoder.maximumRecords }

    // MARK: Keys

    /// By how many bytes a key's second stretch may be longer than the extra labels or the sender.
    private static let mostSpare = 2

    /// What stands before the text: the extra labels or the sender, and bytes to spare for the kind; nothing if there are none.
    /// 0xFF and 0xFE do not occur in UTF-8.
    var keyPrefix: [UInt8] {
        guard transform != nil || !extraLabels.isEmpty else { return [] }
        var prefix = transform?.keyPrefix ?? []
        for label in extraLabels {
            prefix += Array(label.name.utf8) + [0xFF] + Array(label.value.utf8) + [0xFE]
        }
        return prefix + Array(repeating: 0, count: Self.mostSpare)
    }

    /// The series' text; the extra labels; and how the text is to be read, as so many bytes more of the second stretch.
    @inline(__always)
    private func key(_ series: ByteRange, _ kind: ExpositionFamily.Kind) -> SeriesKey {
        // Without extra labels any bytes will do, of which a line has enough; three would be those of an extra label.
        let second =
            textStart == 0
            ? ByteRange(start: series.start, end: series.start &+ kind.rawValue)
            : ByteRange(start: 0, end: textStart &- Self.mostSpare &+ kind.rawValue)
        return SeriesKey(first: series, second: second)
    }

    // MARK: Lines

    /// Reads all of it, or until it holds too much.
    mutating func read(_ bytes: Span<UInt8>, from start: Int) {
        textStart = start
        var index = start
        while index < bytes.count, !isOverfull {
            line &+= 1
            index = readLine(bytes, at: index)
        }
        resolve(bytes)
        result.isComplete = isAtEnd || reader.format == .text
    }

    /// The offset of the next line.
    @inline(__always)
    private mutating func readLine(_ bytes: Span<UInt8>, at index: Int) -> Int {
        let start = bytes.skippingBlanks(index)
        guard start < bytes.count else { return start }
        switch bytes[start] {
        case ASCII.newline: return start &+ 1
        case ASCII.hash: return readComment(bytes, at: start)
        default: break
        }
        do throws(ExpositionFault) {
            guard !isAtEnd else { throw ExpositionFault(.afterEnd, at: start) }
            let sample = try reader.read(bytes, at: start)
            append(sample, bytes)
            return sample.end &+ 1
        } catch {
            append(error, lineAt: start, bytes)
            return bytes.firstNewline(start) &+ 1
        }
    }

    private static let type = Array("TYPE".utf8)
    private static let endOfText = Array("EOF".utf8)

    private mutating func readComment(_ bytes: Span<UInt8>, at start: Int) -> Int {
        let end = bytes.firstNewline(start)
        let word = bytes.skippingBlanks(start + 1)
        let wordEnd = min(bytes.endOfWord(word), end)
        if wordEnd - word == Self.type.count, bytes.hasBytes(Self.type, at: word) {
            metric = Metric()
            do throws(ExpositionFault) {
                family = try ExpositionFamily(bytes, at: wordEnd)
                // Counters matter for the sake of their created times, which the older format does not have.
                if family.kind == .counter, reader.format == .text { family.kind = .other }
            } catch {
                family = ExpositionFamily()
                append(error, lineAt: start, bytes)
            }
        } else if reader.format == .openMetrics, wordEnd - word == Self.endOfText.count,
            bytes.hasBytes(Self.endOfText, at: word), bytes.skippingBlanks(wordEnd) >= end
        {
            isAtEnd = true
        }
        return end + 1
    }

    @inline(__always)
    private mutating func append(_ sample: ExpositionSample, _ bytes: Span<UInt8>) {
        if sample.exemplar >= 0 { result.exemplars += 1 }
        if let transform, transform.sampleLimit > 0, result.request.batch.count > transform.sampleLimit {
            result.request.recordCount &+= 1
            result.beyondLimit &+= 1
            return
        }
        var place = Place()
        if family.kind != .other { place = self.place(of: sample, bytes) }
        if isFull { resolve(bytes) }
        let timestamp = transform?.takesTimestamps == false ? nil : sample.timestamp
        if sample.exemplar >= 0 { exemplars.append((pending.count, sample.exemplar)) }
        pending.append(
            Pending(
                line: line, series: sample.series, kind: place.kind, timestamp: timestamp ?? defaultTimestamp,
                value: sample.value, start: place.start, isTimed: timestamp != nil))
        lookUp.append(key(sample.series, place.kind))
    }

    private mutating func append(_ fault: ExpositionFault, lineAt start: Int, _ bytes: Span<UInt8>) {
        if isFull { resolve(bytes) }
        faults[pending.count] = fault
        let series = ByteRange(start: start, end: start)
        pending.append(Pending(line: line, series: series, kind: .other, timestamp: 0, value: 0, start: 0))
        // No series has an empty text, so this one will not be found.
        lookUp.append(key(series, .other))
    }

    // MARK: Metrics

    /// So many samples of one metric wait for its created time; the earlier ones of a longer metric go without.
    private static let longestMetric = 65_536

    /// The samples of a metric are kept together until it ends.
    @inline(__always)
    private var isFull: Bool { lookUp.isFull && (metric.hash == nil || pending.count >= Self.longestMetric) }

    private struct Place {
        /// How the sample's labels are to be read.
        var kind = ExpositionFamily.Kind.other
        /// When its metric's counting began, if that is known yet.
        var start: Int64 = 0
    }

    /// Sees to which metric of the family a sample belongs.
    private mutating func place(of sample: ExpositionSample, _ bytes: Span<UInt8>) -> Place {
        guard let nameEnd = family.end(in: sample.series, bytes) else {
            metric = Metric()
            return Place()
        }
        let kind = family.kind == .counter ? .other : family.kind
        guard reader.format == .openMetrics, let hash = hash(of: sample, bytes) else {
            metric = Metric()
            return Place(kind: kind)
        }
        if metric.hash != hash {
            metric = Metric()
            if isFull { resolve(bytes) }
            metric = Metric(hash: hash, first: pending.count)
        }
        guard isCreated(nameEnd, bytes) else { return Place(kind: kind, start: metric.start) }
        if let start = ExpositionNumber.milliseconds(ofSeconds: sample.value) {
            for index in metric.first..<pending.count { pending[index].start = start }
            // Behind this line; those before it are done.
            metric.first = pending.count + 1
            metric.start = start
        }
        return Place(kind: kind)
    }

    /// Of the labels but the one that tells the metric's samples apart; nil if they break the grammar.
    private func hash(of sample: ExpositionSample, _ bytes: Span<UInt8>) -> UInt64? {
        guard sample.braces < sample.series.end else { return 0 }
        let partLabel = family.kind.partLabel
        var hash: UInt64 = 0
        var pairs = ExpositionLabelPairs(ByteRange(start: sample.braces, end: sample.series.end))
        do throws(ExpositionFault) {
            while let pair = try pairs.next(bytes) {
                guard let value = pair.value else { continue }
                if let partLabel, pair.name.count == partLabel.count, bytes.hasBytes(partLabel, at: pair.name.start) {
                    continue
                }
                let key = SeriesKey(first: pair.name, second: value)
                // The order of the labels is a part of it.
                hash = (hash << 1 | hash >> 63) ^ decoder.names.hash.hash(bytes, key, lengths: key.lengths)
            }
        } catch {
            return nil
        }
        return hash
    }

    private static let created = Array("_created".utf8)

    private func isCreated(_ nameEnd: Int, _ bytes: Span<UInt8>) -> Bool {
        let end = nameEnd + Self.created.count
        guard end < bytes.count, bytes.hasBytes(Self.created, at: nameEnd) else { return false }
        return bytes[end] <= ASCII.space || bytes[end] == ASCII.openBrace || bytes[end] == ASCII.quote
    }

    // MARK: Series

    /// Finds the series of what is pending, and puts the samples where they belong.
    private mutating func resolve(_ bytes: Span<UInt8>) {
        // Taken out, so that the closure can read them and their memory can be used again.
        var samples: [Pending] = []
        swap(&samples, &pending)
        let (faults, extraLabels, transform, textStart) = (faults, extraLabels, transform, textStart)
        let refusals = lookUp.resolve(in: bytes) { (position, _) throws(Refusal) in
            let sample = samples[position]
            let labels: ExpositionLabels
            do throws(ExpositionFault) {
                if let fault = faults[position] { throw fault }
                labels = try ExpositionLabels(sample.series, bytes)
            } catch {
                throw error.refusal(lineAt: bytes.startOfLine(sample.series.start, notBefore: textStart), bytes)
            }
            let spelled = sample.kind.normalized(try labels.texts(bytes))
            if let transform { return try transform.labels(spelled) }
            return try LabelSet.series(spelled.replaced(by: extraLabels))
        }
        for (position, sample) in samples.enumerated() {
            put(sample, lookUp.references[position], refusals[position], bytes)
        }
        if !exemplars.isEmpty { putExemplars(of: samples, bytes) }
        lookUp.removeAll()
        samples.removeAll(keepingCapacity: true)
        swap(&samples, &pending)
        self.faults.removeAll(keepingCapacity: true)
        metric.first = 0
    }

    @inline(__always)
    private mutating func put(
        _ sample: Pending, _ reference: SeriesReference?, _ refusal: @autoclosure () -> Refusal?, _ bytes: Span<UInt8>
    ) {
        result.request.recordCount &+= 1
        guard let reference else { return refuse(sample, refusal() ?? .noMetricName(), bytes) }
        guard reference != .dropped else {
            result.dropped &+= 1
            return
        }
        guard ContractTimestamp.range.contains(sample.timestamp) else {
            return refuse(sample, .timestampOutOfRange("\(sample.timestamp) milliseconds"), bytes)
        }
        // What began later than the sample, or before there were clocks, is a mistake of the sender's.
        if sample.start > 0, sample.start <= sample.timestamp {
            result.request.batch.starts.append(
                RecordStart(sampleIndex: result.request.batch.count, startTimestamp: sample.start))
        }
        if sample.isTimed, transform != nil { result.timed.append(result.request.batch.count) }
        result.request.batch.append(reference, at: sample.timestamp, value: sample.value)
    }

    /// What is kept is the line.
    private mutating func refuse(_ sample: Pending, _ refusal: Refusal, _ bytes: Span<UInt8>) {
        let start = bytes.startOfLine(sample.series.start, notBefore: textStart)
        let line = ByteRange(start: start, end: bytes.firstNewline(start))
        let source = extraLabels.first { $0.name == "source_id" }
        result.request.rejected.append(
            RejectedRecord(
                index: result.request.recordCount - 1, field: refusal.field, reason: refusal.reason,
                message: "Line \(sample.line): \(refusal.message)", payload: bytes.array(line),
                sourceID: source?.value ?? ExpositionLabels.value(of: "source_id", inLine: line, bytes),
                parameters: parameters(of: sample, bytes)))
    }

    /// Without which the line alone would mean something else.
    private func parameters(of sample: Pending, _ bytes: Span<UInt8>) -> String {
        var parameters: [(name: String, value: String)] = [
            ("format", reader.format.parameter), ("timestamp", "\(defaultTimestamp)"),
        ]
        if let type = sample.kind.parameter {
            parameters.append(("type", "\(ExpositionFamily.name(ofPart: sample.series, bytes)) \(type)"))
        }
        for label in extraLabels { parameters.append(("extra_label", "\(label.name)=\(label.value)")) }
        return QueryText.encoded(parameters)
    }
}

extension ExpositionFamily.Kind {
    /// With the label that tells a metric's samples apart in the form that Prometheus 3 gives it: a number with a point or an
    /// exponent, whichever way it was written.
    fileprivate func normalized(_ labels: [Label]) -> [Label] {
        guard let partLabel else { return labels }
        return labels.map { label in
            guard label.name.utf8.elementsEqual(partLabel) else { return label }
            let bytes = Array(label.value.utf8)
            let word = ByteRange(start: 0, end: bytes.count)
            guard let number = try? ExpositionNumber.read(bytes.span, word, allowsHexadecimal: false) else {
                return label
            }
            let text = number.goText
            let isPlain = number.isFinite && !text.contains { $0 == "." || $0 == "e" }
            return Label(label.name, isPlain ? text + ".0" : text)
        }
    }
}

extension [Label] {
    /// Without those that have a name of one of `others`, and with these.
    fileprivate func replaced(by others: [Label]) -> [Label] {
        guard !others.isEmpty else { return self }
        return filter { label in !others.contains { $0.name == label.name } } + others
    }
}

extension Span<UInt8> {
    /// The offset after the last line feed before `offset`, or `start`.
    fileprivate func startOfLine(_ offset: Int, notBefore start: Int) -> Int {
        var index = offset
        while index > start, self[index - 1] != ASCII.newline { index -= 1 }
        return index
    }
}
