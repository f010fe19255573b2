import TelemetryModel

extension Block {
    /// Rows that lie in between are passed over rather than looked up one by one.
    static let scanGap = 4

    /// The labels of these series, in the same order. What was read before comes from the cache.
    func labels(of ids: [Int]) throws -> [LabelSet] {
        let key = ObjectIdentifier(self)
        let shelf = cache.shelf(of: key)
        var sets: [LabelSet] = []
        sets.reserveCapacity(ids.count)
        var missing: [(position: Int, id: Int)] = []
        for (position, id) in ids.enumerated() {
            let known = shelf.sets[id]
            if known == nil { missing.append((position, id)) }
            sets.append(known ?? .empty)
        }
        guard !missing.isEmpty else { return sets }
        try withConnection { connection in
            let references = try self.references(of: missing.map(\.id), connection)
            var labels = shelf.labels
            let read = try readLabels(references, known: &labels, connection)
            var added: [(id: Int, set: LabelSet)] = []
            added.reserveCapacity(missing.count)
            for ((position, id), references) in zip(missing, references) {
                let set = LabelSet(references.compactMap { labels[$0] })
                sets[position] = set
                added.append((id, set))
            }
            cache.add(added, read, of: key)
        }
        return sets
    }

    /// Reads those of the labels that are not known, adds them there and returns them.
    private func readLabels(
        _ references: [[Int]], known: inout SparsePages<Label>, _ connection: BlockConnection
    ) throws -> [(id: Int, label: Label)] {
        var wanted: [Int] = []
        for list in references {
            for id in list where known[id] == nil { wanted.append(id) }
        }
        wanted.sort()
        var distinct: [Int] = []
        for id in wanted where distinct.last != id { distinct.append(id) }
        var read: [(id: Int, label: Label)] = []
        read.reserveCapacity(distinct.count)
        var name = 0
        try scan(distinct, connection.statement(.labels)) { id, statement in
            let value = try labelRow(statement, id).text
            while names[name].labels.upperBound < id { name += 1 }
            let label = Label(names[name].name, value)
            known.set(id, label)
            read.append((id, label))
        }
        return read
    }

    /// The name as it is kept for all of its labels, so that each does not have a copy of its own.
    func name(ofLabel id: Int) -> String? { names.first { $0.labels.contains(id) }?.name }

    /// The label ids of each of these series.
    private func references(of ids: [Int], _ connection: BlockConnection) throws -> [[Int]] {
        var references: [[Int]] = []
        references.reserveCapacity(ids.count)
        try scan(ids, connection.statement(.series)) { id, statement in
            references.append(try seriesRow(statement, id))
        }
        return references
    }

    /// The label ids in the row of `series` under the statement, checked.
    func seriesRow(_ statement: BlockStatement, _ id: Int) throws -> [Int] {
        let text = statement.bytes(1)
        guard statement.integer(0) == Int64(id),
            statement.integer(2) == BlockLabelTable.seal(ofSeries: Int64(id), text),
            let references = Block.numbers(json: text), references.allSatisfy({ $0 < labelCount })
        else { throw damage("an intact series \(id)", "another row") }
        return references
    }

    /// Visits the rows with these ids, of a table that has all of them, in their order. The statement has the first and the
    /// last id as parameters, and `id` as its first column.
    func scan(
        _ ids: [Int], _ statement: BlockStatement, visit: (_ id: Int, BlockStatement) throws -> Void
    ) throws {
        defer { statement.reset() }
        var index = 0
        while index < ids.count {
            let end = Block.runEnd(ids, from: index)
            statement.reset()
            statement.bind(1, Int64(ids[index]))
            statement.bind(2, Int64(ids[end - 1]))
            while index < end {
                guard try statement.step() else { throw damage("row \(ids[index])", "none") }
                // Passed over; an id beyond the wanted one is for `visit` to refuse.
                if statement.integer(0) < Int64(ids[index]) { continue }
                try visit(ids[index], statement)
                index += 1
            }
        }
    }

    /// The end of the ascending ids from `index` on that are near enough to be read in one go.
    static func runEnd(_ ids: [Int], from index: Int) -> Int {
        var end = index + 1
        while end < ids.count, ids[end] > ids[end - 1], ids[end] - ids[end - 1] <= scanGap { end += 1 }
        return end
    }

    /// `[1,17,20345]` as numbers; nil for anything else.
    private static func numbers(json: UnsafeRawBufferPointer) -> [Int]? {
        guard json.count >= 2, json[0] == UInt8(ascii: "["), json[json.count - 1] == UInt8(ascii: "]") else {
            return nil
        }
        if json.count == 2 { return [] }
        var numbers: [Int] = []
        numbers.reserveCapacity(8)
        var number = 0
        var digitCount = 0
        for index in 1..<json.count {
            let byte = json[index]
            if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), digitCount < 18 {
                number = number * 10 + Int(byte - UInt8(ascii: "0"))
                digitCount += 1
            } else if digitCount > 0, byte == UInt8(ascii: ",") || index == json.count - 1 {
                numbers.append(number)
                number = 0
                digitCount = 0
            } else {
                return nil
            }
        }
        return numbers
    }
}
