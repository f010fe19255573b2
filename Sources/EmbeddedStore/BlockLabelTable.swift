import Foundation
import TelemetryModel

/// Collects the labels of a block's series as they come, and writes them when all are known: labels get their ids in order
/// of name and value, which no series knows before the last one has come.
///
/// Memory: every distinct label once, and four bytes per label of a series.
struct BlockLabelTable {
    /// A label compared byte by byte; `String`'s `==` equates canonically equivalent texts.
    private struct Key: Hashable {
        let label: Label

        static func == (a: Key, b: Key) -> Bool {
            a.label.value.hasSameBytes(as: b.label.value) && a.label.name.hasSameBytes(as: b.label.name)
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(bytesOf: label.name)
            hasher.combine(bytesOf: label.value)
        }
    }

    private var numbers: [Key: UInt32] = [:]
    private var labels: [Label] = []
    /// Labels of series `i`: `references[ends[i - 1]..<ends[i]]`, by order of first appearance.
    private var references: [UInt32] = []
    private var ends: [Int] = []
    private var last: LabelSet?

    var seriesCount: Int { ends.count }
    var labelCount: Int { labels.count }

    /// The series gets the next id.
    mutating func add(_ set: LabelSet) {
        let start = references.count - (last?.labels.count ?? 0)
        for (index, label) in set.labels.enumerated() {
            // Neighbours share most labels, and mostly at the same place.
            if let last, index < last.labels.count, last.labels[index].value.hasSameBytes(as: label.value),
                last.labels[index].name.hasSameBytes(as: label.name)
            {
                references.append(references[start + index])
                continue
            }
            let key = Key(label: label)
            if let known = numbers[key] {
                references.append(known)
            } else {
                numbers[key] = UInt32(labels.count)
                references.append(UInt32(labels.count))
                labels.append(label)
            }
        }
        ends.append(references.count)
        last = set
    }

    /// Fills the tables `label`, `label_name` and `series`.
    func write(to database: BlockDatabase) throws {
        let order = labels.indices.sorted { a, b in
            let order = labels[a].name.byteOrder(labels[b].name)
            return order == 0 ? labels[a].value.byteOrder(labels[b].value) < 0 : order < 0
        }
        var ranks = [Int](repeating: 0, count: labels.count)
        for (rank, number) in order.enumerated() { ranks[number] = rank }
        try writeLabels(order, ranks, to: database)
        try writeSeries(ranks, to: database)
    }

    private func writeLabels(_ order: [Int], _ ranks: [Int], to database: BlockDatabase) throws {
        // All postings in one array: those of rank r in `starts[r]..<starts[r + 1]`, ascending, as series come in order.
        var starts = [Int](repeating: 0, count: labels.count + 1)
        for reference in references { starts[ranks[Int(reference)] + 1] += 1 }
        for rank in 0..<labels.count { starts[rank + 1] += starts[rank] }
        var postings = [UInt32](repeating: 0, count: references.count)
        var next = starts
        var position = 0
        for (series, end) in ends.enumerated() {
            while position < end {
                let rank = ranks[Int(references[position])]
                postings[next[rank]] = UInt32(series)
                next[rank] += 1
                position += 1
            }
        }
        let insert = try database.prepare("INSERT INTO label VALUES (?, ?, ?, ?)")
        let insertName = try database.prepare("INSERT INTO label_name VALUES (?, ?, ?, ?, ?)")
        var firstOfName = 0
        var nameCount = 0
        for rank in order.indices {
            let label = labels[order[rank]]
            let list = PostingList.encode(postings[starts[rank]..<starts[rank + 1]].lazy.map(Int.init))
            insert.bind(1, Int64(rank))
            insert.bind(2, label.name)
            insert.bind(3, label.value)
            insert.bind(4, BlockLabelTable.sealed(list, id: Int64(rank), label.name, label.value))
            try insert.run()
            if rank + 1 < order.count, labels[order[rank + 1]].name.hasSameBytes(as: label.name) { continue }
            // A series has a name once, so the lists of a name's values are disjoint.
            var all = SeriesBitmap(limit: seriesCount)
            for series in postings[starts[firstOfName]..<starts[rank + 1]] { all.insert(Int(series)) }
            let range = "\(firstOfName)-\(rank)"
            insertName.bind(1, Int64(nameCount))
            insertName.bind(2, label.name)
            insertName.bind(3, Int64(firstOfName))
            insertName.bind(4, Int64(rank))
            insertName.bind(
                5, BlockLabelTable.sealed(PostingList.encode(all.ids), id: Int64(nameCount), label.name, range))
            try insertName.run()
            firstOfName = rank + 1
            nameCount += 1
        }
    }

    private func writeSeries(_ ranks: [Int], to database: BlockDatabase) throws {
        let insert = try database.prepare("INSERT INTO series VALUES (?, ?, ?)")
        var position = 0
        for (id, end) in ends.enumerated() {
            var text: [UInt8] = [UInt8(ascii: "[")]
            for index in position..<end {
                if index > position { text.append(UInt8(ascii: ",")) }
                text.append(contentsOf: String(ranks[Int(references[index])]).utf8)
            }
            text.append(UInt8(ascii: "]"))
            position = end
            insert.bind(1, Int64(id))
            insert.bind(2, text: text)
            insert.bind(3, text.withUnsafeBytes { BlockLabelTable.seal(ofSeries: Int64(id), $0) })
            try insert.run()
        }
    }

    // MARK: Seals

    /// The list of ids followed by four bytes that bind it to its row.
    static func sealed(_ list: [UInt8], id: Int64, _ name: String, _ value: String) -> [UInt8] {
        var out = list
        out.append(seal: list.withUnsafeBytes { seal(ofLabel: id, name, value, $0) })
        return out
    }

    static func seal(ofLabel id: Int64, _ name: String, _ value: String, _ list: UnsafeRawBufferPointer) -> UInt32 {
        name.withBytes { name in value.withBytes { value in seal(ofLabel: id, name, value, list) } }
    }

    static func seal(
        ofLabel id: Int64, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer,
        _ list: UnsafeRawBufferPointer
    ) -> UInt32 {
        var seal = BlockSeal(id)
        seal.combine(name)
        seal.combine(value)
        seal.combine(list)
        return seal.word
    }

    /// As a number that SQLite stores in two bytes.
    static func seal(ofSeries id: Int64, _ text: UnsafeRawBufferPointer) -> Int64 {
        var seal = BlockSeal(id)
        seal.combine(text)
        return Int64(Int16(bitPattern: seal.short))
    }
}

extension String {
    /// Below 0, 0, or above 0: bytewise order of the UTF-8 form.
    func byteOrder(_ other: String) -> Int {
        withBytes { a in other.withBytes { b in a.byteOrder(b) } }
    }

    func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return byteOrder(other) == 0
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let result = utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) }) { return result }
        return Array(utf8).withUnsafeBytes(body)
    }
}

extension UnsafeRawBufferPointer {
    /// Below 0, 0, or above 0: bytewise order; a prefix comes first.
    func byteOrder(_ other: UnsafeRawBufferPointer) -> Int {
        guard let left = baseAddress, let right = other.baseAddress else { return count - other.count }
        let order = memcmp(left, right, Swift.min(count, other.count))
        return order != 0 ? Int(order) : count - other.count
    }
}

extension Hasher {
    fileprivate mutating func combine(bytesOf text: String) {
        text.withBytes { combine(bytes: $0) }
        // No UTF-8 text has this byte, so that texts in a row cannot run into each other.
        combine(0xFF as UInt8)
    }
}
