/// Rows found by a key, from a file that people keep.
package struct LookupTable: Sendable {
    package enum Match: String, CaseIterable, Sendable {
        /// The key is the whole value.
        case exact
        /// The longest key that the value begins with.
        case prefix
        /// The key is a network (`10.2.0.0/16`, `2001:db8::/32`); the narrowest that has the value, which is an address.
        case cidr
    }

    private enum Index: Sendable {
        case exact([String: Int])
        /// Keys by their UTF-8 length, the longest first.
        case prefix([(length: Int, rows: [[UInt8]: Int])])
        case cidr([(network: IPNetwork.Mask, rows: [IPNetwork: Int])])
    }

    private let index: Index
    private let rows: [[String: String]]
    /// Names of the columns, that of the key left out, in the order of the file.
    package let columns: [String]
    package var count: Int { rows.count }

    package enum Fault: Error, Equatable, CustomStringConvertible {
        case noKeyColumn(String, columns: [String])
        case duplicateKey(String, row: Int)
        case emptyKey(row: Int)
        case notANetwork(String, row: Int)
        case unreadable(String)

        package var description: String {
            switch self {
            case .noKeyColumn(let key, let columns):
                "there is no column `\(key)`; the file has \(columns.map { "`\($0)`" }.joined(separator: ", "))"
            case .duplicateKey(let key, let row): "row \(row): the key `\(key)` is there twice; keep one row"
            case .emptyKey(let row): "row \(row): the key is empty"
            case .notANetwork(let key, let row):
                "row \(row): expected an address or a network such as 10.2.0.0/16, found `\(key)`"
            case .unreadable(let reason): reason
            }
        }
    }

    /// - Parameters:
    ///   - rows: values by column.
    ///   - key: the column to find rows by.
    package init(
        columns: [String], rows: [[String: String]], key: String, match: Match
    ) throws(Fault) {
        guard columns.contains(key) else { throw .noKeyColumn(key, columns: columns) }
        self.columns = columns.filter { $0 != key }
        self.rows = rows
        var keys: [String: Int] = [:]
        for (row, values) in rows.enumerated() {
            guard let value = values[key], !value.isEmpty else { throw .emptyKey(row: row + 1) }
            guard keys.updateValue(row, forKey: value) == nil else { throw .duplicateKey(value, row: row + 1) }
        }
        switch match {
        case .exact: index = .exact(keys)
        case .prefix:
            var byLength: [Int: [[UInt8]: Int]] = [:]
            for (key, row) in keys { byLength[key.utf8.count, default: [:]][Array(key.utf8)] = row }
            index = .prefix(byLength.map { (length: $0.key, rows: $0.value) }.sorted { $0.length > $1.length })
        case .cidr:
            var byMask: [IPNetwork.Mask: [IPNetwork: Int]] = [:]
            for (key, row) in keys {
                guard let network = IPNetwork(key) else { throw .notANetwork(key, row: row + 1) }
                guard byMask[network.mask, default: [:]].updateValue(row, forKey: network) == nil else {
                    throw .duplicateKey(key, row: row + 1)
                }
            }
            index = .cidr(
                byMask.map { (network: $0.key, rows: $0.value) }.sorted { $0.network.bits > $1.network.bits })
        }
    }

    /// The row for a value; nil if there is none.
    package subscript(value: String) -> [String: String]? {
        switch index {
        case .exact(let keys): keys[value].map { rows[$0] }
        case .prefix(let lengths):
            lengths.lazy.filter { $0.length <= value.utf8.count }
                .compactMap { $0.rows[Array(value.utf8.prefix($0.length))] }.first.map { rows[$0] }
        case .cidr(let masks): row(of: value, in: masks)
        }
    }

    private func row(
        of value: String, in masks: [(network: IPNetwork.Mask, rows: [IPNetwork: Int])]
    ) -> [String: String]? {
        guard let address = IPNetwork(value) else { return nil }
        return masks.lazy.filter { $0.network.family == address.mask.family }
            .compactMap { $0.rows[address.narrowed(to: $0.network.bits)] }.first.map { rows[$0] }
    }
}
