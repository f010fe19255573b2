import Foundation

extension KPIReport {
    /// The report for a terminal: a line about window and sources, a table with a row for all sources and one for
    /// each, and the warnings. Ends with a newline.
    package func renderTable() -> String {
        let ids = Set(figures.flatMap { $0.bySource.map(\.sourceID) })
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let values = figures.map { figure in
            Dictionary(figure.bySource.map { ($0.sourceID, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
        var rows = [["SOURCE"] + figures.map { $0.definition.title.uppercased() }]
        if source == nil {
            rows.append(["all sources"] + figures.map { Self.cell($0.overall, $0.definition.unit) })
        }
        for id in ids {
            rows.append(
                [Self.printable(id)]
                    + zip(figures, values).map { figure, values in Self.cell(values[id], figure.definition.unit) })
        }
        return headline + "\n\n" + Self.aligned(rows) + (ids.isEmpty ? "\nNo source has a value in this window.\n" : "")
            + warnings.map { "\nwarning: \($0)\n" }.joined()
    }

    private var headline: String {
        let style = Date.ISO8601FormatStyle()
        let ends = [from, through].map { Date(timeIntervalSince1970: Double($0) / 1000).formatted(style) }
        let subject = source.map { " of \(Self.printable($0))" } ?? ""
        return "Key figures\(subject) from \(ends[0]) to \(ends[1]); \(upSources) of \(knownSources) sources up"
    }

    /// The first column is flush left, the others flush right; two spaces lie between.
    private static func aligned(_ rows: [[String]]) -> String {
        guard let columns = rows.first?.indices else { return "" }
        let widths = columns.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + padding : padding + cell.0
            }
            .joined(separator: "  ") + "\n"
        }
        .joined()
    }

    private static func cell(_ value: Double?, _ unit: KPIDefinition.Unit) -> String {
        guard let value else { return "-" }
        return switch unit {
        case .ratio: String(format: "%.2f %%", value * 100)
        case .milliseconds: String(format: "%.1f ms", value)
        case .perSecond: String(format: "%.2f/s", value)
        case .number: String(format: "%.6g", value)
        }
    }

    /// A terminal acts on control characters; a source's name may hold any.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
