import TelemetryModel

/// What a `# TYPE` line says of the lines that follow it.
struct ExpositionFamily {
    /// The raw value is part of a series' key, as it decides how the labels are read.
    enum Kind: Int {
        case other = 0
        case histogram = 1
        case summary = 2
        case counter = 3

        /// The label that tells the samples of one histogram or summary apart.
        var partLabel: [UInt8]? {
            switch self {
            case .histogram: Self.bound
            case .summary: Self.quantile
            case .counter, .other: nil
            }
        }

        /// The word for it in a `# TYPE` line; nil if the line can do without one.
        var parameter: String? {
            switch self {
            case .histogram: "histogram"
            case .summary: "summary"
            case .counter, .other: nil
            }
        }

        private static let bound = Array("le".utf8)
        private static let quantile = Array("quantile".utf8)
    }

    private static let types: [(name: [UInt8], kind: Kind, type: MetricType)] = [
        ("gauge", .other, .gauge), ("counter", .counter, .counter), ("histogram", .histogram, .histogram),
        ("summary", .summary, .summary), ("untyped", .other, .unknown), ("unknown", .other, .unknown),
        ("info", .other, .info), ("stateset", .other, .stateSet), ("gaugehistogram", .other, .gaugeHistogram),
    ].map { (Array($0.utf8), $1, $2) }

    /// Inside the quotes, if there are any.
    var name = ByteRange.absent
    var kind = Kind.other
    private(set) var type = MetricType.unknown

    init() {}

    /// Reads what stands behind `TYPE`, at `offset`.
    init(_ bytes: Span<UInt8>, at offset: Int) throws(ExpositionFault) {
        var index = offset
        name = try Self.readName(bytes, at: &index)
        index = bytes.skippingBlanks(index)
        let word = ByteRange(start: index, end: bytes.endOfWord(index))
        guard let type = Self.types.first(where: { $0.name.count == word.count && bytes.hasBytes($0.name, at: index) })
        else { throw ExpositionFault(.badType, at: index) }
        kind = type.kind
        self.type = type.type
        index = bytes.skippingBlanks(word.end)
        guard index == bytes.count || bytes[index] == ASCII.newline else {
            throw ExpositionFault(.noEndOfLine, at: index)
        }
    }

    /// Reads the name behind the word that a line begins with, and moves `index` behind it.
    ///
    /// - Returns: where the name stands, inside the quotes, if there are any.
    static func readName(_ bytes: Span<UInt8>, at index: inout Int) throws(ExpositionFault) -> ByteRange {
        index = bytes.skippingBlanks(index)
        let name: ByteRange
        if index < bytes.count, bytes[index] == ASCII.quote {
            guard let quote = bytes.closingQuoteInLine(index + 1) else {
                throw ExpositionFault(.openQuotes, at: bytes.firstNewline(index))
            }
            name = ByteRange(start: index + 1, end: quote)
            index = quote + 1
        } else {
            name = ByteRange(start: index, end: bytes.endOfWord(index))
            index = name.end
        }
        guard !name.isEmpty else { throw ExpositionFault(.noFamilyName, at: name.start) }
        return name
    }

    /// The name of the family that the sample of a histogram or a summary belongs to, in its quotes if it has any.
    static func name(ofPart series: ByteRange, _ bytes: Span<UInt8>) -> String {
        var start = series.start
        var end = start
        if start < series.end, bytes[start] == ASCII.openBrace {
            start = bytes.skippingBlanks(start + 1)
            end = min((bytes.closingQuoteInLine(start + 1) ?? series.end - 1) + 1, series.end)
        } else {
            while end < series.end, bytes[end] != ASCII.openBrace, bytes[end] > ASCII.space { end += 1 }
        }
        guard start < end else { return "" }
        var name = String(decoding: bytes.array(ByteRange(start: start, end: end)), as: UTF8.self)
        let quote = name.hasSuffix("\"") ? "\"" : ""
        for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix + quote) {
            name = String(name.dropLast(suffix.count + quote.count)) + quote
            break
        }
        return name
    }

    /// Where the family's name ends in the name of a sample of this family; nil in any other.
    func end(in series: ByteRange, _ bytes: Span<UInt8>) -> Int? {
        var start = series.start
        if bytes[start] == ASCII.openBrace {
            start = bytes.skippingBlanks(start + 1)
            guard start < series.end, bytes[start] == ASCII.quote else { return nil }
            start += 1
        }
        guard name.count <= series.end - start else { return nil }
        var index = 0
        while index < name.count {
            let length = min(name.count &- index, 8)
            let word = bytes.word(at: name.start &+ index, length: length)
            guard word == bytes.word(at: start &+ index, length: length) else { return nil }
            index &+= 8
        }
        return start + name.count
    }
}
