import TelemetryModel

/// Which reference belongs to a series as clients spell it: raw bytes in, reference out, no unescaping and no sorting.
///
/// Only what was examined and found in order is put in, so a hit is also the proof that the bytes are valid.
/// Different spellings of one series (another order of labels) are different entries with the same reference.
///
/// An open-addressing table with linear probing; the bytes lie in segments that are only appended to:
///
///     segment: │ lengths (8) │ reference (4) │ the key's stretches │ lengths … │
///
/// Over its bounds the cache is emptied, and the next records pay for filling it again.
///
/// Senders name their series in the same order each time, and new ones are put in in the order in which they came first: so the
/// series to be looked up next is often the next one in the segment, which a `Cursor` finds without hash and slot.
struct RawSeriesCache {
    /// Behind the entry that was found last.
    struct Cursor {
        fileprivate var location: UInt64 = .max
        fileprivate var emptyings = -1
    }

    private struct Slot {
        var hash: UInt64
        /// Segment number and offset in the segment; `vacant` if the slot holds nothing.
        var location: UInt64

        static let empty = Slot(hash: 0, location: .max)
        var isVacant: Bool { location == .max }
    }

    private static let segmentBits: UInt64 = 20
    private static let segmentSize = 1 << 20
    private static let headerSize = 12
    private static let fewestSlots = 1024

    private let mostEntries: Int
    private let mostBytes: Int
    private var slots: [Slot]
    private var segments: [[UInt8]] = []
    private(set) var count = 0
    /// How often the cache was emptied; what a cursor says is of no use after that.
    private var emptyings = 0

    init(mostEntries: Int = 4_194_304, mostBytes: Int = 512 << 20) {
        self.mostEntries = mostEntries
        self.mostBytes = mostBytes
        slots = Array(repeating: .empty, count: Self.fewestSlots)
    }

    /// What the table and the segments take.
    var byteCount: Int { slots.count * MemoryLayout<Slot>.stride + segments.count * Self.segmentSize }

    /// The reference of the series that `key` locates in `bytes`, or nil if it is not here.
    @inline(__always)
    func reference(
        of key: some RawSeriesKey, in bytes: Span<UInt8>, hash: UInt64, lengths: UInt64
    ) -> SeriesReference? {
        var cursor = Cursor()
        return reference(of: key, in: bytes, hash: hash, lengths: lengths, moving: &cursor)
    }

    /// The same; if it is here, `cursor` is moved behind it.
    @inline(__always)
    func reference(
        of key: some RawSeriesKey, in bytes: Span<UInt8>, hash: UInt64, lengths: UInt64, moving cursor: inout Cursor
    ) -> SeriesReference? {
        let mask = slots.count &- 1
        var index = Int(truncatingIfNeeded: hash) & mask
        // At least a quarter of the slots is vacant, so the probe ends.
        while true {
            let slot = slots[index]
            if slot.isVacant { return nil }
            if slot.hash == hash,
                let reference = match(slot.location, key, bytes, lengths, &cursor)
            {
                return reference
            }
            index = (index &+ 1) & mask
        }
    }

    /// The reference of the series that `key` locates in `bytes` if it is the one at `cursor`, which is then moved behind it.
    @inline(__always)
    func reference(
        at cursor: inout Cursor, of key: some RawSeriesKey, in bytes: Span<UInt8>, lengths: UInt64
    ) -> SeriesReference? {
        // Behind an entry that ends with its segment begins the next segment, if there is one.
        guard cursor.emptyings == emptyings, cursor.location >> Self.segmentBits < UInt64(segments.count) else {
            return nil
        }
        return match(cursor.location, key, bytes, lengths, &cursor)
    }

    /// - Parameter location: of an entry, or of the end of a segment.
    @inline(__always)
    private func match(
        _ location: UInt64, _ key: some RawSeriesKey, _ bytes: Span<UInt8>, _ lengths: UInt64, _ cursor: inout Cursor
    ) -> SeriesReference? {
        let stored = segments[Int(location >> Self.segmentBits)]
        let segment = stored.span
        var offset = Int(location & (1 << Self.segmentBits - 1))
        guard offset < segment.count, segment.word(at: offset) == lengths else { return nil }
        let reference = UInt32(truncatingIfNeeded: segment.word(at: offset &+ 8, length: 4))
        offset &+= Self.headerSize
        guard key.stretchesSatisfy({ Self.areEqual(bytes, $0, segment, &offset) }) else { return nil }
        cursor.location = location & ~(1 << Self.segmentBits - 1) &+ UInt64(offset)
        cursor.emptyings = emptyings
        return SeriesReference(reference)
    }

    /// Whether the bytes of `range` stand in `segment` at `offset`, which is moved behind them.
    @inline(__always)
    private static func areEqual(
        _ bytes: Span<UInt8>, _ range: ByteRange, _ segment: Span<UInt8>, _ offset: inout Int
    ) -> Bool {
        var index = range.start
        while index &+ 8 <= range.end {
            guard bytes.word(at: index) == segment.word(at: offset) else { return false }
            index &+= 8
            offset &+= 8
        }
        let rest = range.end &- index
        guard bytes.word(at: index, length: rest) == segment.word(at: offset, length: rest) else { return false }
        offset &+= rest
        return true
    }

    /// Remembers a series that is in order. Does nothing if it is here already or would not fit into a segment.
    mutating func insert(
        _ reference: SeriesReference, for key: some RawSeriesKey, in bytes: Span<UInt8>, hash: UInt64, lengths: UInt64
    ) {
        var length = Self.headerSize
        _ = key.stretchesSatisfy { stretch in
            length += stretch.count
            return true
        }
        guard length <= Self.segmentSize,
            self.reference(of: key, in: bytes, hash: hash, lengths: lengths) == nil
        else { return }
        makeRoom(for: length)
        let location = UInt64(segments.count - 1) << Self.segmentBits | UInt64(segments[segments.count - 1].count)
        place(Slot(hash: hash, location: location))
        count += 1
        let last = segments.count - 1
        for shift in stride(from: 0, to: UInt64(64), by: 8) {
            segments[last].append(UInt8(truncatingIfNeeded: lengths >> shift))
        }
        for shift in stride(from: 0, to: UInt32(32), by: 8) {
            segments[last].append(UInt8(truncatingIfNeeded: reference.rawValue >> shift))
        }
        _ = key.stretchesSatisfy { stretch in
            for index in stretch.start..<stretch.end { segments[last].append(bytes[index]) }
            return true
        }
    }

    /// Sees to it that a slot is to spare and that the last segment has `length` bytes left.
    private mutating func makeRoom(for length: Int) {
        let needsSlots = (count + 1) * 4 > slots.count * 3
        let needsSegment = segments.last.map { $0.count + length > Self.segmentSize } ?? true
        let growth =
            (needsSlots ? slots.count * MemoryLayout<Slot>.stride : 0) + (needsSegment ? Self.segmentSize : 0)
        if count >= mostEntries || byteCount + growth > mostBytes {
            let emptyings = emptyings + 1
            self = RawSeriesCache(mostEntries: mostEntries, mostBytes: mostBytes)
            self.emptyings = emptyings
        } else if needsSlots {
            let old = slots
            slots = Array(repeating: .empty, count: old.count * 2)
            for slot in old where !slot.isVacant { place(slot) }
        }
        if segments.last.map({ $0.count + length > Self.segmentSize }) ?? true {
            var segment: [UInt8] = []
            segment.reserveCapacity(Self.segmentSize)
            segments.append(segment)
        }
    }

    private mutating func place(_ slot: Slot) {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: slot.hash) & mask
        while !slots[index].isVacant { index = (index + 1) & mask }
        slots[index] = slot
    }
}
