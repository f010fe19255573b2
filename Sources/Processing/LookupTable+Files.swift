import Foundation
import SwiftCSV

/// The shapes of lookup files, told apart by the name's end: `.json` is JSON, all else CSV.
extension LookupTable {
    /// - Parameter name: of the file, for its end.
    package init(text: String, name: String, key: String, match: Match) throws(Fault) {
        let (columns, rows) =
            name.lowercased().hasSuffix(".json")
            ? try LookupTable.readJSON(text, key: key) : try LookupTable.readCSV(text)
        try self.init(columns: columns, rows: rows, key: key, match: match)
    }

    /// The first line names the columns; the separator is a comma, a semicolon or a tab.
    private static func readCSV(_ text: String) throws(Fault) -> (columns: [String], rows: [[String: String]]) {
        do {
            let csv = try CSV<Named>(
                string: text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text, loadColumns: false)
            let columns = csv.header.map(trimmed)
            guard Set(columns).count == columns.count, !columns.contains("") else {
                throw Fault.unreadable("the first line must name each column, each with a name of its own")
            }
            let rows = csv.rows.map { row in
                Dictionary(row.map { (trimmed($0.key), trimmed($0.value)) }, uniquingKeysWith: { $1 })
            }
            // A line with nothing on it is no row.
            return (columns, rows.filter { row in !row.values.allSatisfy(\.isEmpty) })
        } catch let fault as Fault {
            throw fault
        } catch {
            throw .unreadable("the file is not valid CSV: \(error)")
        }
    }

    /// A list of objects, or an object of objects by key. Values are texts, numbers, true or false.
    private static func readJSON(
        _ text: String, key: String
    ) throws(Fault) -> (columns: [String], rows: [[String: String]]) {
        guard let document = try? JSONDecoder().decode(LookupDocument.self, from: Data(text.utf8)) else {
            throw .unreadable(
                "the file is not valid: expected a JSON list of objects, or an object of objects by key, whose values are "
                    + "texts, numbers, true or false")
        }
        let rows: [[String: String]] =
            switch document {
            case .list(let rows): rows.map { $0.mapValues(\.text) }
            case .byKey(let rows):
                rows.sorted { $0.key < $1.key }.map { name, row in
                    row.mapValues(\.text).merging([key: name]) { $1 }
                }
            }
        return (Set(rows.flatMap(\.keys)).sorted(), rows)
    }

    private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }
}

private enum LookupDocument: Decodable {
    case list([[String: LookupScalar]])
    case byKey([String: [String: LookupScalar]])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let rows = try? container.decode([[String: LookupScalar]].self) {
            self = .list(rows)
        } else {
            self = .byKey(try container.decode([String: [String: LookupScalar]].self))
        }
    }
}

private struct LookupScalar: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            text = ""
        } else if let flag = try? container.decode(Bool.self) {
            text = flag ? "true" : "false"
        } else if let whole = try? container.decode(Int64.self) {
            text = String(whole)
        } else if let number = try? container.decode(Double.self) {
            text = String(number)
        } else {
            text = try container.decode(String.self)
        }
    }
}
