import EmbeddedStore
import Foundation
import HTTPSupport

extension CardinalitySurvey {
    /// For a terminal; ends with a line break.
    var table: String {
        var text =
            "\(CardinalitySurvey.grouped(known)) series, \(CardinalitySurvey.grouped(report.series)) of them in memory, "
        text += "with \(CardinalitySurvey.grouped(report.labelPairs)) label pairs\n"
        text += "budget: \(percent(known, of: budget)) of \(CardinalitySurvey.grouped(budget)) (ingest.max_series)"
        if sourceBudget > 0 {
            text += "; \(CardinalitySurvey.grouped(sourceBudget)) for each source (ingest.max_series_per_source)"
        }
        text += "\n"
        text += section("METRICS", ["series"], report.metrics.map { ($0.name, [$0.series]) })
        text += section("SOURCES", ["series"], report.sources.map { ($0.name, [$0.series]) })
        if sourceBudget > 0 {
            text += section(
                "BUDGETS OF SOURCES", ["used", "%"],
                budgetSources.map { ($0.source, [$0.series, $0.series * 100 / sourceBudget]) })
        }
        text += section(
            "LABELS", ["values", "series", "bytes"],
            report.labelsByValues.map { ($0.name, [$0.values, $0.series, $0.bytes]) })
        text += "\nnew since \(Date(milliseconds: growth.since).iso8601Milliseconds): "
        text += "\(CardinalitySurvey.grouped(growth.series)) series"
        if growth.error > 0 { text += " (counts below are too small by at most \(growth.error))" }
        text += "\n"
        guard growth.series > 0 else { return text }
        text += section("NEW BY METRIC", ["series"], growth.metrics.map { ($0.name, [$0.count]) })
        text += section("NEW BY SOURCE", ["series"], growth.sources.map { ($0.name, [$0.count]) })
        return text
    }

    private func percent(_ part: Int, of whole: Int) -> String {
        let tenths = Int((Double(part) / Double(max(whole, 1)) * 1000).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }

    /// Names to the left, numbers to the right of their columns.
    private func section(_ title: String, _ columns: [String], _ rows: [(name: String, numbers: [Int])]) -> String {
        let shown = rows.map { row in
            let name = row.name.isEmpty ? "(none)" : String(row.name.prefix(60))
            return (name: name, numbers: row.numbers.map(CardinalitySurvey.grouped))
        }
        let nameWidth = max(title.count, shown.map(\.name.count).max() ?? 0)
        let widths = columns.indices.map { column in
            max(columns[column].count, shown.map { $0.numbers[column].count }.max() ?? 0)
        }
        func line(_ name: String, _ cells: [String]) -> String {
            let padded = zip(cells, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }
            return name + String(repeating: " ", count: nameWidth - name.count) + "  " + padded.joined(separator: "  ")
        }
        let lines = [line(title, columns)] + shown.map { line($0.name, $0.numbers) }
        return "\n" + lines.joined(separator: "\n") + "\n"
    }

    /// `1,234,567`
    private static func grouped(_ number: Int) -> String {
        var digits = String(number)
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(Substring(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return ([Substring(digits)] + groups).joined(separator: ",")
    }
}
