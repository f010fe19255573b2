import NativeHistograms
import TelemetryModel

/// The decoding of one message: series are collected with their samples, and looked up some hundred at a time.
///
/// A series' key are the bytes of its labels in the form of version 1. Those of version 2 are put into that form, which costs a
/// copy and lets both versions share what was learned.
struct RemoteWriteDecoding {
    /// A sample on its way.
    private struct Pending {
        /// Position of its series in the look-up.
        let series: Int
        let timestamp: Int64
        let value: Double
        /// When the counting of it began; 0 if that is not known.
        let start: Int64
        /// Among `histograms`; -1 for a number.
        let histogram: Int
    }

    private struct PendingHistogram {
        let histogram: Result<NativeHistogram, Refusal>
        /// The message as it came, to be kept if it is refused.
        let bytes: [UInt8]
    }

    private let decoder: RemoteWriteDecoder
    private var lookUp: SeriesLookUp
    private var pending: [Pending] = []
    private var histograms: [PendingHistogram] = []
    private var exemplars = PendingExemplars()
    /// Of the series in the look-up that there cannot be.
    private var refusals: [Int: Refusal] = [:]
    /// Of the series whose sample was refused last: its position in the look-up, its labels alone, and the source that they name.
    private var refused: (series: Int, labels: [UInt8], sourceID: String?)?
    private(set) var result = DecodedWrite()
    private(set) var metadata = RemoteWriteMetadata()

    init(_ decoder: RemoteWriteDecoder) {
        self.decoder = decoder
        lookUp = SeriesLookUp(decoder.names)
    }

    /// More samples, or exemplars, came than a request may have.
    var isOverfull: Bool {
        result.request.recordCount + pending.count > decoder.maximumRecords
            || result.exemplars > decoder.maximumRecords
    }

    // MARK: Version 1

    mutating func readVersion1(_ message: Span<UInt8>) throws(ProtobufError) {
        var fields = ProtobufFields(ByteRange(start: 0, end: message.count))
        while !fields.isAtEnd, !isOverfull {
            let key = try fields.key(message)
            guard key == .bytes(1) else {
                if key == .bytes(3) {
                    try metadata.readVersion1(try fields.bytes(message), message)
                } else {
                    try fields.skip(key, message)
                }
                continue
            }
            try readSeries1(try fields.bytes(message), message)
            if lookUp.isFull { resolve(message) }
        }
        resolve(message)
    }

    /// `prometheus.TimeSeries`.
    private mutating func readSeries1(_ range: ByteRange, _ message: Span<UInt8>) throws(ProtobufError) {
        var fields = ProtobufFields(range)
        var labels = ByteRange(start: range.start, end: range.start)
        let (first, firstExemplar) = (pending.count, exemplars.count)
        while !fields.isAtEnd {
            let key = try fields.key(message)
            switch key {
            case .bytes(1):
                let isNext = fields.offset - labels.end == 1
                _ = try fields.bytes(message)
                // Labels may stand apart from each other, although nobody writes them so: then all of the series is its key.
                labels.end = isNext ? fields.offset : range.end
            case .bytes(2): try readSample(try fields.bytes(message), message)
            case .bytes(3): append(ExemplarMessages.version1(try fields.bytes(message), message))
            case .bytes(4): try readHistogram(try fields.bytes(message), message)
            default: try fields.skip(key, message)
            }
        }
        // Without samples and exemplars, which may come without, there is nothing that needs a series.
        guard pending.count > first || exemplars.count > firstExemplar else { return }
        lookUp.append(SeriesKey(first: labels))
    }

    // MARK: Version 2

    mutating func readVersion2(_ message: Span<UInt8>) throws(ProtobufError) {
        let symbols = try symbols(message)
        // In the form of version 1.
        var scratch: [UInt8] = []
        var fields = ProtobufFields(ByteRange(start: 0, end: message.count))
        while !fields.isAtEnd, !isOverfull {
            let key = try fields.key(message)
            guard key == .bytes(5) else {
                try fields.skip(key, message)
                continue
            }
            try readSeries2(try fields.bytes(message), symbols, message, &scratch)
            // Series may repeat long symbols: no more is spelled out at a time than the message and some.
            if lookUp.isFull || scratch.count > RemoteWriteDecoding.mostLabelBytes(message) {
                resolve(scratch.span)
                scratch.removeAll(keepingCapacity: true)
            }
        }
        resolve(scratch.span)
    }

    private func symbols(_ message: Span<UInt8>) throws(ProtobufError) -> [ByteRange] {
        var symbols: [ByteRange] = []
        var fields = ProtobufFields(ByteRange(start: 0, end: message.count))
        while !fields.isAtEnd {
            let key = try fields.key(message)
            if key == .bytes(4) {
                symbols.append(try fields.bytes(message))
            } else {
                try fields.skip(key, message)
            }
        }
        return symbols
    }

    /// `io.prometheus.write.v2.TimeSeries`.
    private mutating func readSeries2(
        _ range: ByteRange, _ symbols: [ByteRange], _ message: Span<UInt8>, _ scratch: inout [UInt8]
    ) throws(ProtobufError) {
        var fields = ProtobufFields(range)
        let start = scratch.count
        let (first, firstExemplar) = (pending.count, exemplars.count)
        var created: Int64 = 0
        var said: ByteRange?
        var open: Int?
        func symbol(_ reference: UInt64, at offset: Int) throws(ProtobufError) -> ByteRange {
            guard reference < UInt64(symbols.count) else {
                throw ProtobufError(
                    offset: offset, reason: "expected one of \(symbols.count) symbols, got \(reference)")
            }
            return symbols[Int(reference)]
        }
        while !fields.isAtEnd {
            let key = try fields.key(message)
            switch key {
            case .bytes(1):
                var packed = ProtobufFields(try fields.bytes(message))
                while !packed.isAtEnd {
                    let name = try symbol(try packed.varint(message), at: packed.offset)
                    let value = try symbol(try packed.varint(message), at: packed.offset)
                    scratch.appendLabel(name, value, message)
                    try check(scratch.count - start, message, at: packed.offset)
                }
            case .varint(1):
                let reference = Int(truncatingIfNeeded: try fields.varint(message))
                if let name = open {
                    scratch.appendLabel(
                        try symbol(UInt64(bitPattern: Int64(name)), at: fields.offset),
                        try symbol(UInt64(bitPattern: Int64(reference)), at: fields.offset), message)
                    try check(scratch.count - start, message, at: fields.offset)
                    open = nil
                } else {
                    open = reference
                }
            case .bytes(2): try readSample(try fields.bytes(message), message)
            case .bytes(3): try readHistogram(try fields.bytes(message), message)
            case .bytes(4):
                append(ExemplarMessages.version2(try fields.bytes(message), symbols: symbols, message))
            case .bytes(5): said = try fields.bytes(message)
            case .varint(6): created = try fields.signed(message)
            default: try fields.skip(key, message)
            }
        }
        guard open == nil else {
            throw ProtobufError(offset: range.end, reason: "expected a value for the last label's name")
        }
        let labels = ByteRange(start: start, end: scratch.count)
        if let said { try metadata.readVersion2(said, labels: labels, in: scratch.span, symbols, message) }
        guard pending.count > first || exemplars.count > firstExemplar else { return }
        if created != 0 { begin(first, at: created) }
        lookUp.append(SeriesKey(first: labels))
    }

    /// Bytes of labels as version 1 has them. 128 labels of the longest names and values are 655,360 bytes and their lengths.
    private static func mostLabelBytes(_ message: Span<UInt8>) -> Int { max(1 << 20, message.count) }

    /// A few bytes of references can stand for any number of bytes of symbols.
    private func check(_ bytes: Int, _ message: Span<UInt8>, at offset: Int) throws(ProtobufError) {
        let most = RemoteWriteDecoding.mostLabelBytes(message)
        guard bytes <= most else {
            throw ProtobufError(
                offset: offset, reason: "expected at most \(most) bytes of labels in a series, got more")
        }
    }

    /// Gives the pending samples from `first` on, of one series, the time at which it was created, if they have none.
    private mutating func begin(_ first: Int, at created: Int64) {
        for index in first..<pending.count where pending[index].start == 0 {
            let sample = pending[index]
            pending[index] = Pending(
                series: sample.series, timestamp: sample.timestamp, value: sample.value, start: created,
                histogram: sample.histogram)
        }
    }

    // MARK: Samples

    /// `Sample`, the same in both versions; only the second has a start.
    @inline(__always)
    private mutating func readSample(_ range: ByteRange, _ message: Span<UInt8>) throws(ProtobufError) {
        var fields = ProtobufFields(range)
        var value = 0.0
        var (timestamp, start) = (Int64(0), Int64(0))
        while !fields.isAtEnd {
            let key = try fields.key(message)
            switch key {
            case .fixed64(1): value = try fields.double(message)
            case .varint(2): timestamp = try fields.signed(message)
            case .varint(3): start = try fields.signed(message)
            default: try fields.skip(key, message)
            }
        }
        pending.append(
            Pending(series: lookUp.count, timestamp: timestamp, value: value, start: start, histogram: -1))
    }

    private mutating func readHistogram(_ range: ByteRange, _ message: Span<UInt8>) throws(ProtobufError) {
        let decoded = try HistogramMessage.read(range, message)
        pending.append(
            Pending(
                series: lookUp.count, timestamp: decoded.timestamp, value: 0, start: decoded.start,
                histogram: histograms.count))
        histograms.append(PendingHistogram(histogram: decoded.histogram, bytes: message.array(range)))
    }

    private mutating func append(_ exemplar: Exemplar?) {
        result.exemplars += 1
        guard let exemplar else {
            result.request.rejectedExemplars += 1
            return
        }
        exemplars.append(exemplar, ofSeries: lookUp.count)
    }

    // MARK: Series

    /// Finds the series of what is pending, and puts the samples where they belong.
    ///
    /// - Parameter bytes: those in which the labels stand.
    private mutating func resolve(_ bytes: Span<UInt8>) {
        refusals = lookUp.resolve(in: bytes) { (_, key) throws(Refusal) in try LabelMessages.series(key.first, bytes) }
        for sample in pending { put(sample, bytes) }
        exemplars.move(to: &result.request, lookUp.references)
        lookUp.removeAll()
        refused = nil
        pending.removeAll(keepingCapacity: true)
        histograms.removeAll(keepingCapacity: true)
    }

    @inline(__always)
    private mutating func put(_ sample: Pending, _ bytes: Span<UInt8>) {
        result.request.recordCount &+= 1
        guard let reference = lookUp.references[sample.series], ContractTimestamp.range.contains(sample.timestamp),
            sample.histogram < 0
        else { return putUnusual(sample, bytes) }
        note(sample.start)
        result.request.batch.append(reference, at: sample.timestamp, value: sample.value)
    }

    @inline(__always)
    private mutating func note(_ start: Int64) {
        guard start != 0 else { return }
        result.request.batch.starts.append(
            RecordStart(sampleIndex: result.request.batch.count, startTimestamp: start))
    }

    private mutating func putUnusual(_ sample: Pending, _ bytes: Span<UInt8>) {
        do throws(Refusal) {
            guard let reference = lookUp.references[sample.series] else {
                throw refusals[sample.series] ?? .noMetricName()
            }
            try Refusal.check(sample.timestamp)
            let histogram = try histograms[sample.histogram].histogram.get()
            note(sample.start)
            result.request.batch.append(reference, at: sample.timestamp, histogram: histogram)
            result.histograms += 1
        } catch {
            refuse(sample, error, bytes)
        }
    }

    /// What is kept is a series of version 1 with this one sample.
    private mutating func refuse(_ sample: Pending, _ refusal: Refusal, _ bytes: Span<UInt8>) {
        guard !result.request.refusesTooMuch else { return }
        let known = refusedSeries(sample.series, bytes)
        var series = ProtobufWriter()
        series.append(known.labels)
        if sample.histogram >= 0 {
            // Of a field that stands twice the later one counts.
            var histogram = ProtobufWriter()
            histogram.append(histograms[sample.histogram].bytes)
            if sample.start != 0 { histogram.int64(17, sample.start) }
            series.bytes(4, histogram.bytes)
        } else {
            series.message(2) { message in
                message.double(1, sample.value)
                message.int64(2, sample.timestamp)
                if sample.start != 0 { message.int64(3, sample.start) }
            }
        }
        result.request.refuse(
            RejectedRecord(
                index: result.request.recordCount - 1, field: refusal.field, reason: refusal.reason,
                message: refusal.message, payload: series.bytes,
                sourceID: known.sourceID))
    }

    /// All samples of a series may be refused, and its labels be long.
    private mutating func refusedSeries(
        _ position: Int, _ bytes: Span<UInt8>
    ) -> (series: Int, labels: [UInt8], sourceID: String?) {
        if let refused, refused.series == position { return refused }
        let labels = lookUp.wanted[position].first
        let found = (
            position, LabelMessages.only(labels, bytes), LabelMessages.text(of: "source_id", labels, bytes)
        )
        refused = found
        return found
    }
}
