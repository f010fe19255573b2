import Foundation
import HTTPSupport

/// An answer as a table for a terminal, or for other programs as CSV.
struct AnswerTable {
    let answer: QueryAnswer
    let style: TerminalStyle

    func text() -> String {
        switch answer.kind {
        case .scalar, .string: (answer.series.first?.points.first?.text ?? "").printable + "\n"
        case .vector: vector()
        case .matrix: matrix()
        }
    }

    // MARK: One value per series

    private func vector() -> String {
        guard !answer.series.isEmpty else { return "no data\n" }
        var names: [String] = []
        for series in answer.series {
            for label in series.labels where !names.contains(label.name) { names.append(label.name) }
        }
        names.sort()
        if answer.series.contains(where: { $0.metric != nil }) { names.insert("", at: 0) }
        var rows = answer.series.map { series in
            names.map { name in
                (name.isEmpty ? series.metric : series.labels.first { $0.name == name }?.value)?.printable ?? ""
            } + [value(series)]
        }
        rows.insert(names.map { $0.isEmpty ? "metric" : $0.printable } + ["value"], at: 0)
        var text = AnswerTable.aligned(rows, style, rightFrom: names.count)
        for series in answer.series {
            for histogram in series.histograms { text += "\n" + buckets(histogram, of: series) }
        }
        return text
    }

    private func value(_ series: QueryAnswer.Series) -> String {
        if let point = series.points.first { return point.text.printable }
        return series.histograms.first.map { "count \($0.count), sum \($0.sum)".printable } ?? ""
    }

    /// The histogram's buckets with a bar each.
    private func buckets(_ histogram: QueryAnswer.Histogram, of series: QueryAnswer.Series) -> String {
        let counts = histogram.buckets.map { Double($0.count) ?? 0 }
        let most = counts.max() ?? 0
        let intervalWidth = histogram.buckets.map(\.interval.cells).max() ?? 0
        let countWidth = histogram.buckets.map(\.count.cells).max() ?? 0
        let room = max(10, min(50, style.width - intervalWidth - countWidth - 6))
        var text = style.bold(series.name) + "\n"
        for (bucket, count) in zip(histogram.buckets, counts) {
            let share = most > 0 && count.isFinite ? max(0, count / most) : 0
            let bar = String(repeating: "█", count: Int((share * Double(room)).rounded()))
            text +=
                "  \(bucket.interval.padded(to: intervalWidth))  \(bucket.count.aligned(right: countWidth))  "
                + style.colored(bar, .cyan) + "\n"
        }
        return text
    }

    /// Columns with two spaces between; the first row is the header.
    static func aligned(_ rows: [[String]], _ style: TerminalStyle, rightFrom: Int) -> String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].cells }.max() ?? 0 }
        var text = ""
        for (index, row) in rows.enumerated() {
            let cells = row.enumerated().map { column, cell in
                column >= rightFrom ? cell.aligned(right: widths[column]) : cell.padded(to: widths[column])
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            text += (index == 0 ? style.bold(line) : line) + "\n"
        }
        return text
    }

    // MARK: Many values per series

    /// A block per series: its name, then a line per sample.
    private func matrix() -> String {
        guard !answer.series.isEmpty else { return "no data\n" }
        return answer.series.map { series in
            var rows = series.points.map { (time: $0.timestamp, value: $0.text.printable) }
            rows += series.histograms.map { ($0.timestamp, "count \($0.count), sum \($0.sum)") }
            rows.sort { $0.time < $1.time }
            let width = rows.map(\.value.cells).max() ?? 0
            let times = rows.map { Date(milliseconds: $0.time).shortTime }
            let timeWidth = times.map(\.cells).max() ?? 0
            let lines = zip(times, rows).map { time, row in
                "  \(time.padded(to: timeWidth))  \(row.value.aligned(right: width))\n"
            }
            return style.bold(series.name) + "\n" + lines.joined()
        }
        .joined(separator: "\n")
    }

    // MARK: CSV

    /// RFC 4180: a line per sample, with all labels; histograms as count and sum.
    static func csv(_ answer: QueryAnswer) -> String {
        var names: Set<String> = []
        for series in answer.series {
            for label in series.labels { names.insert(label.name) }
        }
        let sorted = names.sorted()
        let hasHistograms = answer.series.contains { !$0.histograms.isEmpty }
        var text = ""
        func line(_ fields: [String]) { text += fields.map(field).joined(separator: ",") + "\r\n" }
        line(["timestamp", "metric"] + sorted + ["value"] + (hasHistograms ? ["count", "sum"] : []))
        for series in answer.series {
            let identity =
                [series.metric ?? ""]
                + sorted.map { name in
                    series.labels.first { $0.name == name }?.value ?? ""
                }
            for point in series.points {
                let own = [Date(milliseconds: point.timestamp).iso8601Milliseconds] + identity + [point.text]
                line(own + (hasHistograms ? ["", ""] : []))
            }
            for histogram in series.histograms {
                let time = Date(milliseconds: histogram.timestamp).iso8601Milliseconds
                line([time] + identity + ["", histogram.count, histogram.sum])
            }
        }
        return text
    }

    private static func field(_ text: String) -> String {
        // A carriage return with a line feed is one character in Swift, so bytes are looked at.
        let needsQuotes = text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
        return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
}

extension Date {
    /// `2026-01-31 12:00:00`, with milliseconds if there are any; UTC.
    var shortTime: String {
        let text = iso8601Milliseconds.replacing("T", with: " ").dropLast()
        return String(text.hasSuffix(".000") ? text.dropLast(4) : text)
    }
}
