/// The fields of a record, under their names in the data contract.
enum ContractField: String, CaseIterable {
    case timestamp
    case sourceID = "source_id"
    case metricName = "metric_name"
    case metricValue = "metric_value"
    case severity
    case tags
    case message

    static let required: [ContractField] = [.sourceID, .metricName, .metricValue]

    /// The field whose name is exactly these bytes. (`String`'s own `==` would also equate canonically equivalent
    /// texts.)
    init?(utf8: [UInt8]) {
        guard let field = ContractField.allCases.first(where: { $0.rawValue.utf8.elementsEqual(utf8) }) else {
            return nil
        }
        self = field
    }

    /// One bit a field, to note which ones a record has had.
    var bit: UInt8 {
        switch self {
        case .timestamp: 1
        case .sourceID: 2
        case .metricName: 4
        case .metricValue: 8
        case .severity: 16
        case .tags: 32
        case .message: 64
        }
    }

    /// The field that `name` was probably meant to be: at most two insertions, deletions or replacements away.
    static func nearest(to name: String) -> ContractField? {
        let reach = 2
        guard name.utf8.count <= 4 * (12 + reach) else { return nil }
        let distances = allCases.map { ($0, distance(Array(name.unicodeScalars), Array($0.rawValue.unicodeScalars))) }
        return distances.filter { $0.1 <= reach }.min { $0.1 < $1.1 }?.0
    }

    /// Levenshtein's distance, row by row (Wagner and Fischer, "The string-to-string correction problem", 1974).
    private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var row = Array(0...b.count)
        for (i, left) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in b.enumerated() {
                let replaced = diagonal + (left == right ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
            }
        }
        return row[b.count]
    }
}
