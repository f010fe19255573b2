/// Which columns of a CSV file hold time and value, and how a row is read. Without a header: the first and the second.
struct CSVColumns {
    private var timestamp = 0
    private var value = 1
    private var count = 2

    private static let timestampNames: Set = ["timestamp", "time", "date", "datetime", "ts"]
    private static let valueNames: Set = ["value", "metric_value"]

    /// Takes a first line that names the columns; false if it is a row of data.
    mutating func takeHeader(_ line: String) -> Bool {
        let fields = CSVColumns.fields(of: line)
        let names = fields.map { $0.lowercased() }
        if let time = names.firstIndex(where: CSVColumns.timestampNames.contains) {
            timestamp = time
            value = names.firstIndex(where: CSVColumns.valueNames.contains) ?? (time == 0 ? 1 : 0)
            count = names.count
            return names.count > 1
        }
        // Two words that are neither time nor number name the columns in words of their own.
        return fields.count == 2 && TimestampParser.milliseconds(in: fields[0]) == nil && Double(fields[1]) == nil
            && fields[0].utf8.allSatisfy { !(0x30...0x39).contains($0) } && !fields[1].isEmpty
    }

    func values(of line: String) throws(RowFault) -> (timestamp: Int64, value: Double) {
        let fields = CSVColumns.fields(of: line)
        guard fields.count == count else {
            throw RowFault(reason: "expected \(count) columns, found \(fields.count)")
        }
        guard let time = TimestampParser.milliseconds(in: fields[timestamp]) else {
            throw RowFault(reason: "expected \(TimestampParser.expected), found \(shortened(fields[timestamp]))")
        }
        guard let number = Double(fields[value]), number.isFinite else {
            throw RowFault(reason: "expected a finite number, found \(shortened(fields[value]))")
        }
        return (time, number)
    }

    /// Fields between commas, without spaces around them and without one pair of quotation marks. Times and numbers
    /// hold no commas, so none is looked for within quotation marks.
    private static func fields(of line: String) -> [Substring] {
        line.split(separator: ",", omittingEmptySubsequences: false).map { field in
            var field = field.drop { $0 == " " || $0 == "\t" }
            while let last = field.last, last == " " || last == "\t" { field.removeLast() }
            if field.count >= 2, field.first == "\"", field.last == "\"" { field = field.dropFirst().dropLast() }
            return field
        }
    }
}

/// In quotation marks, and short enough for a line of an error report.
func shortened(_ text: some StringProtocol) -> String {
    "\"\(text.prefix(60))\(text.count > 60 ? "…" : "")\""
}
