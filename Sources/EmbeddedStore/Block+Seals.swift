import TelemetryModel

/// What binds a row's content to the row; see `BlockSeal` and `docs/formats/block.md`.
extension Block {
    /// The lowest bit tells that another chunk of the series follows, so that a lost last chunk is noticed.
    static func seal(ofChunk id: Int64, timeline: Int64, isLast: Bool) -> UInt16 {
        var seal = BlockSeal(id)
        seal.combine(timeline)
        return seal.short & ~1 | (isLast ? 0 : 1)
    }

    static func seal(ofTimeline id: Int64, _ first: Int64, _ last: Int64, _ count: Int64) -> Int64 {
        var seal = BlockSeal(id)
        seal.combine(first)
        seal.combine(last)
        seal.combine(count)
        return Int64(Int16(bitPattern: seal.short))
    }

    /// SQLite knows one zero and no NaN, so the seal does not tell them apart either.
    static func seal(
        ofEvent id: Int64, _ timestamp: Int64, _ labels: String, _ value: Double, _ message: String?
    ) -> Int64 {
        var seal = BlockSeal(id)
        seal.combine(timestamp)
        seal.combine(labels)
        seal.combine(value.isNaN ? -1 : Int64(bitPattern: (value + 0).bitPattern))
        seal.combine(message == nil ? 0 : 1)
        seal.combine(message ?? "")
        return Int64(Int32(bitPattern: seal.word))
    }

    static func seal(ofMeta numbers: [String: Int64], replaces: String, windows: [Int64: Int64]) -> Int64 {
        var seal = BlockSeal(0)
        for (key, value) in numbers.sorted(by: { $0.key < $1.key }) {
            seal.combine(key)
            seal.combine(value)
        }
        seal.combine(replaces)
        for (window, through) in windows.sorted(by: { $0.key < $1.key }) {
            seal.combine(window)
            seal.combine(through)
        }
        return Int64(bitPattern: seal.state)
    }

    /// File names of blocks need no escapes.
    static func json(replaces: [String]) -> String {
        "[" + replaces.map { "\"\($0)\"" }.joined(separator: ",") + "]"
    }

    static func replaces(json: String) -> [String] {
        json.split(separator: "\"").map(String.init).filter { $0.hasSuffix(BlockName.suffix) }
    }
}
