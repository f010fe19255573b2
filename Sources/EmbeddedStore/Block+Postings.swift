import LabelPattern
import TelemetryModel
import TimeSeriesStore

/// Which series satisfy matchers, by the lists that stand beside each label.
extension Block {
    /// Ids of the series that satisfy all matchers, ascending. O(log labels) per literal, and O(values of the name) for a
    /// pattern without literal alternatives or prefix.
    func ids(matching matchers: [LabelMatcher]) throws -> [Int] {
        try withConnection { connection in
            var kept = SeriesBitmap(limit: seriesCount, isFull: true)
            // What leaves few series comes first; patterns that have to look at all values of a name come last.
            for matcher in matchers.sorted(by: { $0.cost < $1.cost }) {
                try apply(matcher, to: &kept, connection)
                if kept.isEmpty { return [] }
            }
            return kept.ids
        }
    }

    private func apply(_ matcher: LabelMatcher, to kept: inout SeriesBitmap, _ connection: BlockConnection) throws {
        let name = names.firstIndex { $0.name.hasSameBytes(as: matcher.name) }
        // Series without the label have the empty value; they, and others perhaps, are accepted or not.
        guard let name else {
            if !matcher.acceptsMissing { kept = SeriesBitmap(limit: seriesCount) }
            return
        }
        var listed = SeriesBitmap(limit: seriesCount)
        if matcher.acceptsMissing {
            // All but those whose value is refused.
            switch matcher.condition {
            case .equal: try addAll(of: name, to: &listed, connection)
            case .notEqual(let value): try add(value, of: name, to: &listed, connection)
            case .doesNotMatch(let pattern): try addMatches(pattern, of: name, to: &listed, connection)
            case .matches(let pattern):
                if pattern.text == ".*" { return }
                try addValues(of: name, to: &listed, connection) { !pattern.matchesWhole($0) }
            }
            kept.subtract(listed)
        } else {
            switch matcher.condition {
            case .equal(let value): try add(value, of: name, to: &listed, connection)
            case .notEqual: try addAll(of: name, to: &listed, connection)
            case .matches(let pattern):
                if pattern.text == ".+" {
                    try addAll(of: name, to: &listed, connection)
                } else {
                    try addMatches(pattern, of: name, to: &listed, connection)
                }
            case .doesNotMatch(let pattern):
                try addValues(of: name, to: &listed, connection) { !pattern.matchesWhole($0) }
            }
            kept.formIntersection(listed)
        }
    }

    private func addMatches(
        _ pattern: LabelPattern, of name: Int, to set: inout SeriesBitmap, _ connection: BlockConnection
    ) throws {
        if let literals = pattern.literalAlternatives {
            for literal in literals { try add(literal, of: name, to: &set, connection) }
        } else {
            try addValues(of: name, prefix: pattern.literalPrefix, to: &set, connection) { pattern.matchesWhole($0) }
        }
    }

    /// Series with the name, whatever the value.
    private func addAll(of name: Int, to set: inout SeriesBitmap, _ connection: BlockConnection) throws {
        let statement = try connection.statement(.nameList)
        statement.bind(1, Int64(name))
        defer { statement.reset() }
        let entry = names[name]
        guard try statement.step(), let (list, seal) = statement.bytes(0).splitSeal(UInt32.self),
            seal
                == BlockLabelTable.seal(
                    ofLabel: Int64(name), entry.name, "\(entry.labels.lowerBound)-\(entry.labels.upperBound)", list),
            PostingList.decode(list, into: &set)
        else { throw damage("the series with label \(entry.name)", "other bytes") }
    }

    /// Series with exactly this value of the name.
    private func add(
        _ value: String, of name: Int, to set: inout SeriesBitmap, _ connection: BlockConnection
    ) throws {
        let id = try lowerBound(of: value, name, connection)
        guard id <= names[name].labels.upperBound else { return }
        let statement = try connection.statement(.label)
        statement.bind(1, Int64(id))
        defer { statement.reset() }
        guard try statement.step() else { throw damage("label \(id)", "none") }
        let row = try labelRow(statement, id)
        guard value.withBytes({ row.value.byteOrder($0) == 0 }) else { return }
        guard PostingList.decode(row.list, into: &set) else { throw damage("the series of label \(id)", "other bytes") }
    }

    /// Series whose value of the name begins with the prefix and is accepted.
    private func addValues(
        of name: Int, prefix: String = "", to set: inout SeriesBitmap, _ connection: BlockConnection,
        where accepts: (String) -> Bool
    ) throws {
        let labels = names[name].labels
        let first = prefix.isEmpty ? labels.lowerBound : try lowerBound(of: prefix, name, connection)
        guard first <= labels.upperBound else { return }
        let statement = try connection.statement(.labels)
        statement.bind(1, Int64(first))
        statement.bind(2, Int64(labels.upperBound))
        defer { statement.reset() }
        for id in first...labels.upperBound {
            guard try statement.step() else { throw damage("label \(id)", "none") }
            let row = try labelRow(statement, id)
            guard row.value.starts(with: prefix.utf8) else { return }
            if accepts(row.text), !PostingList.decode(row.list, into: &set) {
                throw damage("the series of label \(id)", "other bytes")
            }
        }
    }

    /// The id of the name's first label whose value is not before `value`, or one above the last.
    private func lowerBound(of value: String, _ name: Int, _ connection: BlockConnection) throws -> Int {
        let labels = names[name].labels
        var low = labels.lowerBound
        var high = labels.upperBound + 1
        let statement = try connection.statement(.label)
        let wanted = Array(value.utf8)
        while low < high {
            let middle = (low + high) / 2
            statement.bind(1, Int64(middle))
            defer { statement.reset() }
            guard try statement.step() else { throw damage("label \(middle)", "none") }
            let row = try labelRow(statement, middle)
            if wanted.withUnsafeBytes({ row.value.byteOrder($0) }) < 0 { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// A row of `label`, where it lies; valid until the statement's next step.
    struct LabelRow {
        let name: UnsafeRawBufferPointer
        let value: UnsafeRawBufferPointer
        let list: UnsafeRawBufferPointer

        /// The value.
        var text: String { String(decoding: value, as: UTF8.self) }
    }

    /// The row of `label` under the statement, checked.
    func labelRow(_ statement: BlockStatement, _ id: Int) throws -> LabelRow {
        let name = statement.bytes(1)
        let value = statement.bytes(2)
        guard statement.integer(0) == Int64(id), let (list, seal) = statement.bytes(3).splitSeal(UInt32.self),
            seal == BlockLabelTable.seal(ofLabel: Int64(id), name, value, list)
        else { throw damage("an intact label \(id)", "another row") }
        return LabelRow(name: name, value: value, list: list)
    }

    /// Names of labels, in order.
    func labelNames() -> [String] { names.map(\.name) }

    /// Values of a label, in order. O(values).
    func labelValues(of name: String) throws -> [String] {
        guard let entry = names.first(where: { $0.name.hasSameBytes(as: name) }) else { return [] }
        return try withConnection { connection in
            let statement = try connection.statement(.labels)
            statement.bind(1, Int64(entry.labels.lowerBound))
            statement.bind(2, Int64(entry.labels.upperBound))
            defer { statement.reset() }
            return try entry.labels.map { id in
                guard try statement.step() else { throw damage("label \(id)", "none") }
                return try labelRow(statement, id).text
            }
        }
    }
}

extension LabelMatcher {
    fileprivate var cost: Int {
        switch condition {
        case .equal(let value): value.isEmpty ? 2 : 0
        case .notEqual: 2
        case .matches(let pattern), .doesNotMatch(let pattern):
            pattern.literalAlternatives != nil ? 1 : pattern.literalPrefix.isEmpty ? 4 : 3
        }
    }
}
