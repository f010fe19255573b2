import TelemetryModel

/// The decoding of one body: fields are collected line by line, and their series looked up some hundred at a time.
struct LineProtocolDecoding {
    /// What is refused without a look at its series.
    private struct Early {
        enum Kind {
            case line(LineFault)
            /// A field with this value.
            case field(ByteRange, isText: Bool)
        }

        let kind: Kind
        /// How many fields wait that came before it.
        let position: Int
        /// Of its line; the field's name, if it is one.
        let key: SeriesKey
        var timestamp: Int64 = 0
    }

    private let decoder: LineProtocolDecoder
    private let precision: LinePrecision
    private let receivedAt: Int64
    private let database: ByteRange
    private var lookUp: SeriesLookUp
    // Of the fields in the look-up, by their position there. A field's value stands between its name and `valueEnds`.
    private var timestamps: [Int64] = []
    private var values: [Double] = []
    private var valueEnds: [Int] = []
    private var early: [Early] = []
    /// Fields with texts, to be counted.
    private var skipped: [SeriesKey] = []
    private var counter = LineCounter()
    private(set) var isOverfull = false
    private(set) var result = DecodedLines()

    init(_ decoder: LineProtocolDecoder, precision: LinePrecision, database: ByteRange, receivedAt: Int64) {
        self.decoder = decoder
        self.precision = precision
        self.database = database
        self.receivedAt = receivedAt
        lookUp = SeriesLookUp(decoder.names)
    }

    /// - Parameter lines: where in `bytes` they stand; the database stands behind them.
    mutating func read(_ bytes: Span<UInt8>, _ lines: ByteRange) {
        let limit = lines.end
        var index = lines.start
        while true {
            while index < limit, ASCII.isSpace(bytes[index]) { index &+= 1 }
            guard index < limit else { break }
            if bytes[index] == ASCII.hash {
                index = bytes.endOfLine(index, limit: limit)
                continue
            }
            let (fields, refused, texts) = (lookUp.count, early.count, skipped.count)
            do throws(LineFault) {
                index = try readLine(bytes, at: index, limit: limit)
            } catch {
                forget(fields, refused, texts)
                let end = bytes.endOfLine(error.resume, limit: limit)
                early.append(
                    Early(
                        kind: .line(error), position: fields, key: SeriesKey(first: ByteRange(start: index, end: end))))
                index = end
            }
            if result.request.recordCount &+ lookUp.count &+ early.count > decoder.maximumRecords { isOverfull = true }
            if isOverfull { return }
            if lookUp.isFull || early.count >= 256 || skipped.count >= 256 { resolve(bytes, limit) }
        }
        resolve(bytes, limit)
    }

    /// Takes back what a line brought before its fault.
    private mutating func forget(_ fields: Int, _ refused: Int, _ texts: Int) {
        skipped.removeLast(skipped.count - texts)
        lookUp.truncate(to: fields)
        values.removeLast(values.count - fields)
        valueEnds.removeLast(valueEnds.count - fields)
        early.removeLast(early.count - refused)
    }

    /// Reads the line that begins at `start`, which is no blank.
    ///
    /// - Returns: its end.
    @inline(__always)
    private mutating func readLine(_ bytes: Span<UInt8>, at start: Int, limit: Int) throws(LineFault) -> Int {
        let (fields, refused, texts) = (lookUp.count, early.count, skipped.count)
        let end = bytes.endOfSeriesPart(start, limit: limit)
        guard end < limit, bytes[end] == ASCII.space else { throw .noFields(bytes.endOfLine(start, limit: end)) }
        var key = SeriesKey(first: ByteRange(start: start, end: end), third: database)
        var index = bytes.skippingBlanks(end, limit: limit)
        while true {
            let equals = bytes.endOfFieldName(index, limit: limit)
            guard equals < limit, bytes[equals] == ASCII.equals, equals > index else {
                throw .noFieldName(index, bytes.endOfLine(index, limit: equals), bytes)
            }
            key.second = ByteRange(start: index, end: equals)
            index = try readValue(bytes, of: key, limit: limit)
            guard index < limit, bytes[index] == ASCII.comma else { break }
            index &+= 1
            // A single line may have more fields than a request may.
            guard lookUp.count &+ early.count &+ skipped.count <= decoder.maximumRecords else {
                isOverfull = true
                return limit
            }
        }
        index = bytes.skippingBlanks(index, limit: limit)
        var timestamp = receivedAt
        if index < limit, !ASCII.isSpace(bytes[index]) {
            timestamp = try readTimestamp(bytes, &index, limit: limit)
        }
        guard bytes.isEndOfLine(index, limit: limit) else { throw .timestamp(index, limit, precision, bytes) }
        while timestamps.count < lookUp.count { timestamps.append(timestamp) }
        if skipped.count > texts, lookUp.count == fields { try checkSeriesPart(key.first, endOfLine: index, bytes) }
        if early.count > refused { for index in refused..<early.count { early[index].timestamp = timestamp } }
        return index
    }

    /// Reads the value that stands behind a field's name.
    ///
    /// - Returns: its end.
    @inline(__always)
    private mutating func readValue(
        _ bytes: Span<UInt8>, of key: SeriesKey, limit: Int
    ) throws(LineFault) -> Int {
        let start = key.second.end &+ 1
        let end: Int
        switch LineValue.read(bytes, at: start, limit: limit) {
        case .number(let value, let valueEnd):
            lookUp.append(key)
            values.append(value)
            valueEnds.append(valueEnd)
            end = valueEnd
        case .text(let valueEnd):
            switch decoder.textFields {
            case .skip: skipped.append(key)
            case .refuse: refuse(key, valueEnd, isText: true)
            }
            end = valueEnd
        case .outOfRange(let valueEnd):
            refuse(key, valueEnd, isText: false)
            end = valueEnd
        case .openText: throw .openText(start)
        case .malformed: throw .value(start, limit, bytes)
        }
        guard end < limit, bytes[end] != ASCII.comma, !ASCII.isSpace(bytes[end]) else { return end }
        var fault = LineFault.afterValue(end, limit, bytes)
        fault.resume = start
        throw fault
    }

    /// Of a line that has no series to be looked up, by which its fault would be found.
    private func checkSeriesPart(_ part: ByteRange, endOfLine: Int, _ bytes: Span<UInt8>) throws(LineFault) {
        do throws(LineFault) {
            _ = try LineSeries.read(part, bytes)
        } catch {
            var fault = error
            fault.resume = endOfLine
            throw fault
        }
    }

    private mutating func refuse(_ key: SeriesKey, _ end: Int, isText: Bool) {
        let value = ByteRange(start: key.second.end + 1, end: end)
        early.append(Early(kind: .field(value, isText: isText), position: lookUp.count, key: key))
    }

    /// Reads the time at `index`, and moves that behind it and the blanks that follow.
    @inline(__always)
    private func readTimestamp(_ bytes: Span<UInt8>, _ index: inout Int, limit: Int) throws(LineFault) -> Int64 {
        let start = index
        let isNegative = bytes[index] == ASCII.minus
        if isNegative { index &+= 1 }
        let first = index
        let time = bytes.digits(&index, limit: limit)
        let end = index
        index = bytes.skippingBlanks(index, limit: limit)
        guard end > first, bytes.isEndOfLine(index, limit: limit) else {
            throw .timestamp(start, limit, precision, bytes)
        }
        // With 18 digits nothing has wrapped; the nanoseconds from 2001 on have 19, and with those the sum is at most
        // 9 999 999 999 999 999 999, which wraps below zero.
        guard end &- first <= 19, let milliseconds = precision.milliseconds(isNegative && time != 0 ? -1 : time) else {
            throw .timestampOutOfRange(ByteRange(start: start, end: end), precision, bytes)
        }
        return milliseconds
    }

    // MARK: Series

    /// Finds the series of what is pending, and puts the fields where they belong.
    private mutating func resolve(_ bytes: Span<UInt8>, _ limit: Int) {
        let refusals = lookUp.resolve(in: bytes) { (_, key) throws(Refusal) in try LineSeries.labels(key, bytes) }
        if refusals.isEmpty, early.isEmpty {
            result.request.recordCount &+= lookUp.count
            result.request.batch.timestamps.append(contentsOf: timestamps)
            result.request.batch.values.append(contentsOf: values)
            for reference in lookUp.references {
                // Without refusals each has one.
                if let reference { result.request.batch.references.append(reference) }
            }
        } else {
            putOneByOne(refusals, bytes, limit)
        }
        clear(bytes)
    }

    private mutating func clear(_ bytes: Span<UInt8>) {
        lookUp.removeAll()
        timestamps.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        valueEnds.removeAll(keepingCapacity: true)
        early.removeAll(keepingCapacity: true)
        for key in skipped { result.skipped.add(LineSeries.metricName(key, bytes)) }
        skipped.removeAll(keepingCapacity: true)
    }

    private mutating func putOneByOne(_ refusals: [Int: Refusal], _ bytes: Span<UInt8>, _ limit: Int) {
        var waiting = early[...]
        var brokenLine: Int?
        for position in 0...lookUp.count {
            while let next = waiting.first, next.position == position {
                refuse(next, bytes)
                waiting.removeFirst()
            }
            guard position < lookUp.count else { break }
            let key = lookUp.wanted[position]
            if let reference = lookUp.references[position] {
                result.request.recordCount += 1
                result.request.batch.append(reference, at: timestamps[position], value: values[position])
                continue
            }
            let refusal = refusals[position] ?? .noMetricName()
            if refusal.reason == .invalidLine {
                // Every field of the line has the same fault.
                if brokenLine != key.first.start { refuseLine(of: key, bytes, limit) }
                brokenLine = key.first.start
            } else {
                let value = ByteRange(start: key.second.end + 1, end: valueEnds[position])
                refuse(key, value, timestamps[position], refusal, bytes)
            }
        }
    }

    private mutating func refuse(_ early: Early, _ bytes: Span<UInt8>) {
        switch early.kind {
        case .line(let fault): refuse(fault, early.key.first, bytes)
        case .field(let value, let isText):
            let (name, found) = (Excerpt.text(bytes, early.key.second), Excerpt.text(bytes, value))
            refuse(
                early.key, value, early.timestamp,
                isText ? .text(name, found) : .lineNumberOutOfRange(name, found), bytes)
        }
    }

    /// A line whose part before its fields cannot be read.
    private mutating func refuseLine(of key: SeriesKey, _ bytes: Span<UInt8>, _ limit: Int) {
        do throws(LineFault) {
            _ = try LineSeries.read(key.first, bytes)
        } catch {
            let end = bytes.endOfLine(key.second.end, limit: limit)
            refuse(error, ByteRange(start: key.first.start, end: end), bytes)
        }
    }

    private mutating func refuse(_ fault: LineFault, _ line: ByteRange, _ bytes: Span<UInt8>) {
        var line = line
        // Of two carriage returns the last ends the line. Kept without it, the other would, and a replay take the line.
        if !line.isEmpty, line.end < bytes.count, bytes[line.end] == ASCII.carriageReturn,
            bytes[line.end - 1] == ASCII.carriageReturn
        {
            line.end += 1
        }
        let place = counter.position(bytes, fault.offset)
        append(
            RejectedRecord(
                index: result.request.recordCount, field: fault.field, reason: fault.reason,
                message: "Line \(place.line), column \(place.column): \(fault.what).", payload: bytes.array(line),
                sourceID: LineSeries.sourceID(line, bytes), parameters: parameters(bytes)), at: place.line)
    }

    /// Without which a line as it came would mean something else.
    private func parameters(_ bytes: Span<UInt8>) -> String {
        var parameters: [(name: String, value: String)] = []
        if precision != .nanoseconds { parameters.append(("precision", precision.parameter)) }
        if !database.isEmpty {
            parameters.append(("db", String(decoding: bytes.array(database), as: UTF8.self)))
        }
        return QueryText.encoded(parameters)
    }

    private mutating func refuse(
        _ key: SeriesKey, _ value: ByteRange, _ timestamp: Int64, _ refusal: Refusal, _ bytes: Span<UInt8>
    ) {
        guard !result.request.refusesTooMuch else { return }
        let line = counter.line(bytes, key.first.start)
        append(
            RejectedRecord(
                index: result.request.recordCount, field: refusal.field, reason: refusal.reason,
                message: "Line \(line): \(refusal.message)",
                payload: LineSeries.line(key, value: value, at: timestamp, bytes),
                sourceID: LineSeries.sourceID(key.first, bytes)), at: line)
    }

    private mutating func append(_ record: RejectedRecord, at line: Int) {
        result.request.refuse(record)
        result.request.recordCount += 1
        if result.firstRefusedLine == nil { result.firstRefusedLine = line }
    }
}
