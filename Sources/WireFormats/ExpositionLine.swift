/// What stands in a line with a sample. The series is only located: whether it is well-formed is looked at when it is new.
struct ExpositionSample {
    /// The metric's name and the braces.
    var series: ByteRange
    /// Where the braces open, or the end of the series.
    var braces: Int
    var value: Double
    /// Milliseconds since 1970-01-01T00:00:00Z; nil if the line has none.
    var timestamp: Int64?
    /// Where the exemplar's braces open; -1 for none.
    var exemplar = -1
    /// The offset of the line feed, or the end of the text.
    var end: Int
}

/// Reads lines with samples, each in one pass.
///
///     name{label="value",…} value [timestamp] [# {label="value",…} value [timestamp]]
struct ExpositionLineReader {
    let format: ExpositionFormat

    /// Reads the line whose first byte that is no blank is at `start`.
    @inline(__always)
    func read(_ bytes: Span<UInt8>, at start: Int) throws(ExpositionFault) -> ExpositionSample {
        let name = bytes.endOfMetricName(start)
        var series = ByteRange(start: start, end: name)
        var index = bytes.skippingBlanks(name)
        let braces = index
        if index < bytes.count, bytes[index] == ASCII.openBrace {
            series.end = try end(ofBracesAt: index, bytes)
            index = bytes.skippingBlanks(series.end)
        } else if series.isEmpty {
            throw ExpositionFault(.noMetricName, at: start)
        }
        var sample = ExpositionSample(series: series, braces: min(braces, series.end), value: 0, end: index)
        sample.value = try value(bytes, at: &index)
        index = bytes.skippingBlanks(index)
        if isEndOfLine(bytes, index) {
            sample.end = index
            return sample
        }
        if bytes[index] != ASCII.hash {
            sample.timestamp = try timestamp(bytes, at: &index)
            index = bytes.skippingBlanks(index)
        }
        if !isEndOfLine(bytes, index) {
            guard format == .openMetrics, bytes[index] == ASCII.hash else {
                throw ExpositionFault(.noEndOfLine, at: index)
            }
            sample.exemplar = try checkExemplar(bytes, at: &index)
        }
        sample.end = index
        return sample
    }

    @inline(__always)
    private func isEndOfLine(_ bytes: Span<UInt8>, _ index: Int) -> Bool {
        index >= bytes.count || bytes[index] == ASCII.newline
    }

    /// The offset after the closing brace.
    @inline(__always)
    private func end(ofBracesAt start: Int, _ bytes: Span<UInt8>) throws(ExpositionFault) -> Int {
        var index = start &+ 1
        while true {
            index = bytes.quote(or: ASCII.closeBrace, index)
            guard index < bytes.count, bytes[index] != ASCII.newline else {
                throw ExpositionFault(.openBraces, at: index)
            }
            if bytes[index] == ASCII.closeBrace { return index &+ 1 }
            guard let quote = bytes.closingQuoteInLine(index &+ 1) else {
                throw ExpositionFault(.openQuotes, at: bytes.firstNewline(index))
            }
            index = quote &+ 1
        }
    }

    @inline(__always)
    private func value(_ bytes: Span<UInt8>, at index: inout Int) throws(ExpositionFault) -> Double {
        if case .number(let value, let end) = JSONNumber.read(bytes, at: index, limit: bytes.count),
            end == bytes.count || bytes[end] <= ASCII.space
        {
            index = end
            return value
        }
        let word = ByteRange(start: index, end: bytes.endOfWord(index))
        guard !word.isEmpty else { throw ExpositionFault(.noValue, at: index) }
        index = word.end
        return try ExpositionNumber.read(bytes, word, allowsHexadecimal: format == .text)
    }

    @inline(__always)
    private func timestamp(_ bytes: Span<UInt8>, at index: inout Int) throws(ExpositionFault) -> Int64 {
        let word = ByteRange(start: index, end: bytes.endOfWord(index))
        index = word.end
        guard !word.isEmpty else { throw ExpositionFault(.badTimestamp, at: word.start) }
        switch format {
        case .text: return try ExpositionNumber.milliseconds(bytes, word)
        case .openMetrics: return try seconds(bytes, word)
        }
    }

    private func seconds(_ bytes: Span<UInt8>, _ word: ByteRange) throws(ExpositionFault) -> Int64 {
        var index = word.start
        let seconds: Double
        do throws(ExpositionFault) {
            seconds = try value(bytes, at: &index)
        } catch {
            throw ExpositionFault(error.kind == .valueTooLarge ? .timestampTooLarge : .badTimestamp, at: word.start)
        }
        guard seconds.isFinite else { throw ExpositionFault(.badTimestamp, at: word.start) }
        guard let milliseconds = ExpositionNumber.milliseconds(ofSeconds: seconds) else {
            throw ExpositionFault(.timestampTooLarge, at: word.start)
        }
        return milliseconds
    }

    /// Checks the grammar of the exemplar whose `#` is at `index`, which is moved to the end of the line.
    ///
    /// - Returns: where its braces open.
    @inline(never)
    private func checkExemplar(_ bytes: Span<UInt8>, at index: inout Int) throws(ExpositionFault) -> Int {
        index = bytes.skippingBlanks(index + 1)
        let start = index
        index = try exemplar(bytes, at: start).end
        return start
    }

    /// Reads the exemplar whose braces open at `start`.
    func exemplar(_ bytes: Span<UInt8>, at start: Int) throws(ExpositionFault) -> ExpositionExemplar {
        guard start < bytes.count, bytes[start] == ASCII.openBrace else {
            throw ExpositionFault(.noExemplarLabels, at: start)
        }
        let end = try end(ofBracesAt: start, bytes)
        let braces = ByteRange(start: start, end: end)
        var pairs = ExpositionLabelPairs(braces)
        while let pair = try pairs.next(bytes) {
            guard pair.value != nil else { throw ExpositionFault(.exemplarWithMetricName, at: pair.name.start) }
        }
        var index = bytes.skippingBlanks(end)
        let value = try value(bytes, at: &index)
        index = bytes.skippingBlanks(index)
        var exemplar = ExpositionExemplar(braces: braces, value: value, end: index)
        guard !isEndOfLine(bytes, index) else { return exemplar }
        exemplar.timestamp = try timestamp(bytes, at: &index)
        index = bytes.skippingBlanks(index)
        guard isEndOfLine(bytes, index) else { throw ExpositionFault(.noEndOfLine, at: index) }
        exemplar.end = index
        return exemplar
    }
}

/// Moving over a line; nothing here goes beyond its end.
extension Span<UInt8> {
    /// The first offset from `offset` on that holds an opening brace or a byte up to the blank; or the end.
    @inline(__always)
    fileprivate func endOfMetricName(_ offset: Int) -> Int {
        var index = offset
        while index &+ 8 <= count {
            let word = word(at: index)
            let marks = Bytes8.spaceOrControl(word) | Bytes8.equal(word, to: ASCII.openBrace)
            if marks != 0 { return index &+ Bytes8.firstIndex(marks) }
            index &+= 8
        }
        while index < count, self[index] > ASCII.space, self[index] != ASCII.openBrace { index &+= 1 }
        return index
    }

    /// The first offset from `offset` on that holds a quote, this byte or a line feed; or the end.
    @inline(__always)
    fileprivate func quote(or other: UInt8, _ offset: Int) -> Int {
        var index = offset
        while index &+ 8 <= count {
            let word = word(at: index)
            let marks =
                Bytes8.equal(word, to: ASCII.quote) | Bytes8.equal(word, to: other)
                | Bytes8.equal(word, to: ASCII.newline)
            if marks != 0 { return index &+ Bytes8.firstIndex(marks) }
            index &+= 8
        }
        while index < count {
            let byte = self[index]
            if byte == ASCII.quote || byte == other || byte == ASCII.newline { return index }
            index &+= 1
        }
        return index
    }

    /// The closing quote of the text whose first byte is at `offset`, or nil if the line ends first. What stands behind a
    /// backslash is stepped over.
    @inline(__always)
    func closingQuoteInLine(_ offset: Int) -> Int? {
        var index = offset
        while true {
            index = quote(or: ASCII.backslash, index)
            guard index < count, self[index] != ASCII.newline else { return nil }
            if self[index] == ASCII.quote { return index }
            guard index &+ 1 < count, self[index &+ 1] != ASCII.newline else { return nil }
            index &+= 2
        }
    }
}
