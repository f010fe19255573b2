import TelemetryModel
import TimeSeriesStore

/// What became of a sample that was put into the head.
enum InsertOutcome {
    case stored
    /// A sample of that series, time and value was there.
    case duplicate
    /// A sample of that series and time was there with another value, which is replaced: the later one wins.
    case replaced
}

/// A part of the head's series with their samples. Not thread-safe: its lock is held for a batch, never for a query.
///
/// A series has an open column in `current`; columns of other windows, and closed ones of the same, are in `windows`; what
/// came out of order is in `late`. Windows on their way into a block wait in `leaving`, still readable.
struct HeadShard: ~Copyable {
    /// Columns of one window by slot, ascending by time, its late samples, and what some samples have beside their values.
    struct Window {
        var columns: [UInt32: [HeadColumn]] = [:]
        var late: [UInt32: LateSamples] = [:]
        var details: [UInt32: HeadDetails] = [:]

        /// Puts a sample beside the columns. What became of it is said as far as the other late ones tell.
        mutating func putLate(_ key: UInt32, _ time: Int64, _ value: Double) -> (outcome: InsertOutcome, count: Int) {
            // A sample that was more than its value is another one, even if the value is the same.
            let hadDetails = !details.isEmpty && clearDetails(key, at: time)
            func put(_ late: inout LateSamples) -> (InsertOutcome, Int) { (late.set(time, value), late.count) }
            let (outcome, count) = put(&late[key, default: LateSamples()])
            return (outcome == .duplicate && hadDetails ? .replaced : outcome, count)
        }

        /// Forgets what a sample has beside its value; true if there was anything.
        mutating func clearDetails(_ key: UInt32, at time: Int64) -> Bool {
            guard details[key]?.clear(at: time) == true else { return false }
            if details[key]?.isEmpty == true { details[key] = nil }
            return true
        }
    }

    private(set) var arena = PieceArena()
    /// Samples that came at or before the time of their series' latest one and were new, since the process began.
    private(set) var lateCount = 0
    private(set) var current: [HeadColumn] = []
    var windows: [Int64: Window] = [:]
    private(set) var leaving: [Int64: Window] = [:]

    init() {}

    /// Bytes of all columns and of what manages them, about.
    var byteCount: Int {
        var bytes = arena.usedBytes + current.capacity * MemoryLayout<HeadColumn>.stride
        for window in [windows, leaving].flatMap(\.values) {
            bytes += window.columns.capacity * (MemoryLayout<HeadColumn>.stride + 48)
            bytes += window.late.values.reduce(window.late.capacity * 24) { $0 + $1.count * 16 + 64 }
            let perDetail = MemoryLayout<HeadDetails>.stride + 16
            bytes += window.details.values.reduce(window.details.capacity * perDetail) { $0 + $1.byteCount }
        }
        return bytes
    }

    func extend(_ extent: inout HeadExtent) {
        for column in current where !column.isEmpty { extent.add(column) }
        for window in [windows, leaving].flatMap(\.values) {
            for columns in window.columns.values { for column in columns { extent.add(column) } }
        }
    }

    // MARK: Appending

    /// - Parameter window: the two-hour window of `time`.
    @inline(__always)
    mutating func insert(
        _ slot: Int, _ time: Int64, _ value: Double, window: Int64, _ powers: UnsafeBufferPointer<Double>
    ) -> InsertOutcome {
        if slot < current.count, current[slot].window == window, time > current[slot].lastTime, !current[slot].isFull {
            current[slot].append(time, value, powers: powers, to: &arena)
            return .stored
        }
        return insertElsewhere(slot, time, value, window: window, powers)
    }

    @inline(never)
    private mutating func insertElsewhere(
        _ slot: Int, _ time: Int64, _ value: Double, window: Int64, _ powers: UnsafeBufferPointer<Double>
    ) -> InsertOutcome {
        if slot >= current.count {
            current.growBySixteenths(by: slot + 1 - current.count)
            while current.count <= slot { current.append(HeadColumn()) }
        }
        if current[slot].isEmpty || window > current[slot].window {
            // An older window's column can be there only if the current one was emptied by a flush.
            if windows[window]?.columns[UInt32(slot)] == nil {
                closeCurrent(slot)
                current[slot].begin(time, value, window: window, powers: powers, in: &arena)
                return .stored
            }
        } else if window == current[slot].window {
            if time > current[slot].lastTime {
                closeCurrent(slot)
                current[slot].begin(time, value, window: window, powers: powers, in: &arena)
                return .stored
            }
            return insertLate(slot, time, value, window: window)
        }
        return insertIntoOther(slot, time, value, window: window, powers)
    }

    /// Puts the open column among those of its window.
    private mutating func closeCurrent(_ slot: Int) {
        guard !current[slot].isEmpty else { return }
        windows[current[slot].window, default: Window()].columns[UInt32(slot), default: []].append(current[slot])
        current[slot] = HeadColumn()
    }

    /// Into a window that is not the open column's.
    private mutating func insertIntoOther(
        _ slot: Int, _ time: Int64, _ value: Double, window: Int64, _ powers: UnsafeBufferPointer<Double>
    ) -> InsertOutcome {
        var columns = windows[window]?.columns[UInt32(slot)] ?? []
        guard var last = columns.last else {
            var column = HeadColumn()
            column.begin(time, value, window: window, powers: powers, in: &arena)
            windows[window, default: Window()].columns[UInt32(slot)] = [column]
            return .stored
        }
        guard time > last.lastTime else { return insertLate(slot, time, value, window: window) }
        if last.isFull {
            var column = HeadColumn()
            column.begin(time, value, window: window, powers: powers, in: &arena)
            columns.append(column)
        } else {
            last.append(time, value, powers: powers, to: &arena)
            columns[columns.count - 1] = last
        }
        windows[window]?.columns[UInt32(slot)] = columns
        return .stored
    }

    /// At or before the time of the window's latest sample.
    private mutating func insertLate(_ slot: Int, _ time: Int64, _ value: Double, window: Int64) -> InsertOutcome {
        let key = UInt32(slot)
        // Of most times that come late the column is known to have nothing: then one look into the window is enough.
        var known: Double?
        if current[slot].window != window || !current[slot].skips(time),
            windows[window]?.late[key]?.value(at: time) == nil
        {
            known = storedValue(slot, time, window: window)
        }
        if let known, known.bitPattern == value.bitPattern {
            return clearDetails(slot, time, window: window) ? .replaced : .duplicate
        }
        let (outcome, count) = windows[window, default: Window()].putLate(key, time, value)
        if count >= LateSamples.maximumCount { rebuild(slot, window: window) }
        if known != nil { return .replaced }
        if outcome == .stored { lateCount += 1 }
        return outcome
    }

    /// The value of the window's sample at that time.
    func knownValue(_ slot: Int, _ time: Int64, window: Int64) -> Double? {
        windows[window]?.late[UInt32(slot)]?.value(at: time) ?? storedValue(slot, time, window: window)
    }

    /// The value that a column of the window has at that time. Decodes at most one column.
    private func storedValue(_ slot: Int, _ time: Int64, window: Int64) -> Double? {
        if current[slot].window == window {
            if current[slot].lastTime == time, let value = current[slot].lastValue { return value }
            if current[slot].skips(time) { return nil }
        }
        var bytes: [UInt8] = []
        var found = SampleColumns()
        for column in columns(of: slot, window: window) where column.lastTime >= time {
            let image = column.copy(from: arena, into: &bytes)
            HeadColumnReader.read(image, of: bytes, in: TimeRange(from: time, through: time), into: &found)
            break
        }
        return found.values.first
    }

    /// All columns of a window, the open one last.
    private func columns(of slot: Int, window: Int64) -> [HeadColumn] {
        var columns = windows[window]?.columns[UInt32(slot)] ?? []
        if current[slot].window == window { columns.append(current[slot]) }
        return columns
    }

    /// Puts late samples in their place: decodes the window's columns, merges, and compresses again. O(samples of the window),
    /// for every `LateSamples.maximumCount` late ones.
    private mutating func rebuild(_ slot: Int, window: Int64) {
        let key = UInt32(slot)
        guard let late = windows[window]?.late.removeValue(forKey: key) else { return }
        var stored = SampleColumns()
        let old = columns(of: slot, window: window)
        for column in old {
            var bytes: [UInt8] = []
            HeadColumnReader.read(column.copy(from: arena, into: &bytes), of: bytes, in: .all, into: &stored)
        }
        for column in old { arena.release(endingWith: column.lastPiece) }
        let merged = SampleColumns.merged([stored, late.columns]).columns
        var rebuilt: [HeadColumn] = []
        HeadCoding.powers.withUnsafeBufferPointer { powers in
            for (time, value) in zip(merged.timestamps, merged.values) {
                if rebuilt.isEmpty || rebuilt[rebuilt.count - 1].isFull {
                    rebuilt.append(HeadColumn())
                    rebuilt[rebuilt.count - 1].begin(time, value, window: window, powers: powers, in: &arena)
                } else {
                    rebuilt[rebuilt.count - 1].append(time, value, powers: powers, to: &arena)
                }
            }
        }
        if current[slot].window == window, let open = rebuilt.popLast() { current[slot] = open }
        windows[window, default: Window()].columns[key] = rebuilt.isEmpty ? nil : rebuilt
    }

    // MARK: Reading

    /// Copies what the series has in the range into `image`. O(bytes of the windows that overlap the range).
    func copy(_ slot: Int, in range: TimeRange, into image: inout HeadImage) {
        let key = UInt32(slot)
        for (start, window) in leaving where Head.overlaps(start, range) {
            add(window.columns[key] ?? [], window.late[key], to: &image, isLeaving: true)
            if !window.details.isEmpty, let details = window.details[key] {
                image.details.append(HeadDetailImage(window: start, isLeaving: true, details: details))
            }
        }
        for (start, window) in windows where Head.overlaps(start, range) {
            add(window.columns[key] ?? [], window.late[key], to: &image, isLeaving: false)
            if !window.details.isEmpty, let details = window.details[key] {
                image.details.append(HeadDetailImage(window: start, isLeaving: false, details: details))
            }
        }
        if slot < current.count, !current[slot].isEmpty, Head.overlaps(current[slot].window, range) {
            add([current[slot]], nil, to: &image, isLeaving: false)
        }
    }

    private func add(_ columns: [HeadColumn], _ late: LateSamples?, to image: inout HeadImage, isLeaving: Bool) {
        for column in columns where column.lastTime >= image.range.from {
            let copied = column.copy(from: arena, into: &image.bytes)
            if isLeaving { image.leaving.append(copied) } else { image.columns.append(copied) }
        }
        if let late {
            if isLeaving { image.leavingLate.append(late.columns) } else { image.late.append(late.columns) }
        }
    }

    /// Whether the series has a sample in the range. Decodes a column only where the range lies between its ends.
    func hasSamples(_ slot: Int, in range: TimeRange) -> Bool {
        let key = UInt32(slot)
        if slot < current.count, !current[slot].isEmpty, hasSamples(current[slot], in: range) { return true }
        for (start, window) in [windows, leaving].joined() where Head.overlaps(start, range) {
            if window.columns[key]?.contains(where: { hasSamples($0, in: range) }) == true { return true }
            if window.late[key]?.columns.timestamps.contains(where: range.contains) == true { return true }
        }
        return false
    }

    private func hasSamples(_ column: HeadColumn, in range: TimeRange) -> Bool {
        if range.contains(column.lastTime) { return true }
        guard Head.overlaps(column.window, range), column.lastTime > range.through else { return false }
        var bytes: [UInt8] = []
        let image = column.copy(from: arena, into: &bytes)
        if range.contains(image.firstTime) { return true }
        guard image.firstTime < range.from else { return false }
        var found = SampleColumns()
        HeadColumnReader.read(image, of: bytes, in: range, into: &found)
        return !found.isEmpty
    }

    // MARK: Leaving

    /// Takes the windows out of the way of appends; they stay readable until `forget`.
    mutating func detach(_ due: Set<Int64>) {
        for slot in current.indices where due.contains(current[slot].window) { closeCurrent(slot) }
        for window in due { leaving[window] = windows.removeValue(forKey: window) }
    }

    /// Drops what `detach` took out; its memory is used again.
    mutating func forget(_ gone: Set<Int64>) {
        for window in gone {
            guard let contents = leaving.removeValue(forKey: window) else { continue }
            for column in contents.columns.values.joined() { arena.release(endingWith: column.lastPiece) }
        }
    }

    /// Removes the series' samples within the range, those of windows that are leaving excepted. Returns how many.
    mutating func remove(_ slot: Int, in range: TimeRange) -> Int {
        guard slot < current.count else { return 0 }
        let affected = Set(windows.keys).union([current[slot].window]).filter { Head.overlaps($0, range) }
        return affected.reduce(0) { $0 + remove(slot, in: range, window: $1) }
    }

    private mutating func remove(_ slot: Int, in range: TimeRange, window: Int64) -> Int {
        let key = UInt32(slot)
        var all = SampleColumns()
        let old = columns(of: slot, window: window)
        for column in old {
            var bytes: [UInt8] = []
            HeadColumnReader.read(column.copy(from: arena, into: &bytes), of: bytes, in: .all, into: &all)
        }
        let late = windows[window]?.late[key]?.columns ?? SampleColumns()
        let merged = SampleColumns.merged([all, late]).columns
        let from = merged.timestamps.partitioningIndex { $0 >= range.from }
        let to = merged.timestamps.partitioningIndex { $0 > range.through }
        guard from < to else { return 0 }
        for column in old { arena.release(endingWith: column.lastPiece) }
        windows[window]?.late[key] = nil
        windows[window]?.columns[key] = nil
        if current[slot].window == window { current[slot] = HeadColumn() }
        let details = windows[window]?.details.removeValue(forKey: key)?.details(of: merged.timestamps[...]) ?? .empty
        HeadCoding.powers.withUnsafeBufferPointer { powers in
            for index in merged.timestamps.indices where index < from || index >= to {
                let (time, value) = (merged.timestamps[index], merged.values[index])
                if details.isEmpty {
                    _ = insert(slot, time, value, window: window, powers)
                } else {
                    _ = insert(slot, time, value, details.detail(at: time), window: window, powers)
                }
            }
        }
        return to - from
    }
}

/// What the head has of one series in a range, copied out. `bytes` may be shared with other series' images.
struct HeadImage: Sendable {
    let range: TimeRange
    var bytes: [UInt8] = []
    /// Of windows on their way into a block, and of the others. Each of one window ascending by time.
    var leaving: [HeadColumnImage] = []
    var columns: [HeadColumnImage] = []
    var leavingLate: [SampleColumns] = []
    var late: [SampleColumns] = []
    /// Of those windows, in no particular order.
    var details: [HeadDetailImage] = []

    init(range: TimeRange) { self.range = range }

    var isEmpty: Bool { leaving.isEmpty && columns.isEmpty && leavingLate.isEmpty && late.isEmpty }

    /// The samples in the range, ascending; of several at one time the one that came last.
    func decoded() -> SampleColumns {
        SampleColumns.merged(parts(leaving, leavingLate) + parts(columns, late)).columns
    }

    /// As `decoded`, of the windows that are on their way into a block only.
    func decodedLeaving() -> SampleColumns { SampleColumns.merged(parts(leaving, leavingLate)).columns }

    /// As `decoded`, of the other windows.
    func decodedStaying() -> SampleColumns { SampleColumns.merged(parts(columns, late)).columns }

    private func parts(_ images: [HeadColumnImage], _ late: [SampleColumns]) -> [SampleColumns] {
        var parts: [SampleColumns] = []
        var stored = SampleColumns()
        for image in images.count > 1 ? images.sorted(by: { $0.firstTime < $1.firstTime }) : images {
            HeadColumnReader.read(image, of: bytes, in: range, into: &stored)
        }
        if !stored.isEmpty { parts.append(stored) }
        for var part in late {
            part.trim(from: 0, to: range)
            if !part.isEmpty { parts.append(part) }
        }
        return parts
    }
}

extension HeadExtent {
    fileprivate mutating func add(_ column: HeadColumn) {
        columns += 1
        from = min(from ?? .max, column.window)
        through = max(through ?? .min, column.lastTime)
    }
}
