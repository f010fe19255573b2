import TelemetryModel

/// What the lines `# TYPE`, `# HELP` and `# UNIT` of a text say. They are only located; what they spell is looked at in the end,
/// if it is new.
struct ExpositionMetadata {
    private struct Entry {
        /// Inside the quotes, if there are any.
        let name: ByteRange
        var type: MetricType?
        var help: ByteRange?
        var unit: ByteRange?
    }

    private var entries: [Entry] = []

    mutating func note(type: MetricType, of name: ByteRange, _ bytes: Span<UInt8>) {
        entries[place(of: name, bytes)].type = type
    }

    /// Reads what stands behind `HELP`, at `offset`. A line that breaks the grammar is a comment like others.
    mutating func readHelp(_ bytes: Span<UInt8>, at offset: Int, end: Int) {
        guard let (name, next) = name(bytes, at: offset, end: end) else { return }
        // One blank separates the name and the text, in which others count.
        var text = ByteRange(start: min(next + 1, end), end: end)
        if !text.isEmpty, bytes[text.end - 1] == ASCII.carriageReturn { text.end -= 1 }
        entries[place(of: name, bytes)].help = text
    }

    /// Reads what stands behind `UNIT`, at `offset`.
    mutating func readUnit(_ bytes: Span<UInt8>, at offset: Int, end: Int) {
        guard let (name, next) = name(bytes, at: offset, end: end) else { return }
        let start = min(bytes.skippingBlanks(next), end)
        entries[place(of: name, bytes)].unit = ByteRange(start: start, end: min(bytes.endOfWord(start), end))
    }

    private func name(_ bytes: Span<UInt8>, at offset: Int, end: Int) -> (name: ByteRange, next: Int)? {
        var index = offset
        guard let name = try? ExpositionFamily.readName(bytes, at: &index), index <= end else { return nil }
        return (name, index)
    }

    /// The lines of a family stand together, so only the last one is looked at.
    private mutating func place(of name: ByteRange, _ bytes: Span<UInt8>) -> Int {
        if let last = entries.last, bytes.areEqual(last.name, name) { return entries.count - 1 }
        entries.append(Entry(name: name))
        return entries.count - 1
    }

    /// Each family once.
    func families(_ bytes: Span<UInt8>, _ format: ExpositionFormat, _ texts: MetadataTexts) -> [FamilyMetadata] {
        var all: [FamilyMetadata] = []
        all.reserveCapacity(entries.count)
        var places: [String: Int] = [:]
        places.reserveCapacity(entries.count)
        var key: [UInt8] = []
        for entry in entries {
            let (help, unit) = (entry.help ?? .absent, entry.unit ?? .absent)
            key.removeAll(keepingCapacity: true)
            // 0xFF does not occur in UTF-8.
            key.append(entry.type?.rawValue ?? 0xFF)
            key.append(format == .openMetrics ? 1 : 0)
            key.append(entry.name, of: bytes)
            key.append(0xFF)
            key.append(help, of: bytes)
            key.append(0xFF)
            key.append(unit, of: bytes)
            let item = texts.item(for: key) {
                FamilyMetadata(
                    String(decoding: bytes.unescaped(entry.name, quotes: true), as: UTF8.self),
                    MetricMetadata(
                        type: entry.type ?? .unknown,
                        help: String(decoding: bytes.unescaped(help, quotes: format == .openMetrics), as: UTF8.self),
                        unit: bytes.repairedText(unit)))
            }
            guard let item else { continue }
            guard let place = places[item.family] else {
                places[item.family] = all.count
                all.append(item)
                continue
            }
            // Of lines of one family that do not stand together, each tells a part.
            if entry.type != nil { all[place].metadata.type = item.metadata.type }
            if entry.help != nil { all[place].metadata.help = item.metadata.help }
            if entry.unit != nil { all[place].metadata.unit = item.metadata.unit }
        }
        return all
    }
}

extension Span<UInt8> {
    fileprivate func areEqual(_ a: ByteRange, _ b: ByteRange) -> Bool {
        guard a.count == b.count else { return false }
        for index in 0..<a.count where self[a.start + index] != self[b.start + index] { return false }
        return true
    }
}
