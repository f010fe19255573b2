import Foundation
import HTTPSupport

/// A range query's answer as a chart in a terminal: lines of dots in braille characters, axes, a legend. Without colours,
/// several series are told apart by their marks.
struct TerminalChart {
    static let maximumSeries = 12
    private static let marks = ["●", "○", "▲", "△", "■", "□", "◆", "◇", "+", "x", "*", "o"]

    private let style: TerminalStyle
    private let shown: [QueryAnswer.Series]
    private let omitted: Int
    private let range: QueryRange

    /// - Parameter range: what was asked for; the chart's width in time.
    init(_ answer: QueryAnswer, range: QueryRange, style: TerminalStyle) {
        let drawable = answer.series.filter { series in series.points.contains { $0.value.isFinite } }
        shown = Array(drawable.prefix(Self.maximumSeries))
        omitted = answer.series.count - shown.count
        self.range = range
        self.style = style
    }

    func text() -> String {
        guard !shown.isEmpty else { return "no data to draw\n" }
        let values = shown.flatMap { $0.points.map(\.value) }.filter(\.isFinite)
        let rows = max(5, min(20, style.height - 6 - shown.count))
        let scale = ChartScale(values.min() ?? 0, values.max() ?? 1, count: max(2, rows / 3))
        let labels = scale.ticks.map(scale.label)
        let margin = min(style.width / 3, labels.map(\.cells).max() ?? 1)
        var canvas = ChartCanvas(columns: max(10, style.width - margin - 3), rows: rows)
        for (index, series) in shown.enumerated() { draw(series, index, scale, on: &canvas) }
        return body(canvas, scale, margin) + timeAxis(canvas.columns, margin) + legend()
    }

    // MARK: Lines

    private func draw(_ series: QueryAnswer.Series, _ index: Int, _ scale: ChartScale, on canvas: inout ChartCanvas) {
        var previous: (time: Int64, x: Int, y: Int)?
        for point in series.points {
            guard point.value.isFinite else {
                previous = nil
                continue
            }
            let x = dot(time: point.timestamp, canvas.dotColumns)
            let y = dot(scale.position(point.value), canvas.dotRows)
            // A step without a sample is a gap.
            if let last = previous, point.timestamp - last.time <= range.step + range.step / 2 {
                canvas.line(from: (last.x, last.y), to: (x, y), series: index)
            } else {
                canvas.set(x, y, series: index)
            }
            previous = (point.timestamp, x, y)
        }
    }

    private func dot(time: Int64, _ count: Int) -> Int {
        let length = Double(range.end) - Double(range.start)
        let share = length > 0 ? (Double(time) - Double(range.start)) / length : 0.5
        return Int((min(1, max(0, share)) * Double(count - 1)).rounded())
    }

    /// From the top.
    private func dot(_ position: Double, _ count: Int) -> Int {
        let share = position.isFinite ? min(1, max(0, position)) : 0.5
        return Int(((1 - share) * Double(count - 1)).rounded())
    }

    // MARK: Around them

    private func body(_ canvas: ChartCanvas, _ scale: ChartScale, _ margin: Int) -> String {
        var labels: [Int: String] = [:]
        for tick in scale.ticks { labels[dot(scale.position(tick), canvas.dotRows) / 4] = scale.label(tick) }
        let usesMarks = !style.hasColors && shown.count > 1
        var text = ""
        for row in 0..<canvas.rows {
            let label = labels[row]
            text += style.dim((label ?? "").shortened(to: margin).aligned(right: margin) + (label == nil ? " │" : " ┤"))
            var line = canvas.row(row, mark: usesMarks ? { Self.marks[$0] } : nil) { style.colored($0, ink($1)) }
            while line.last == " " { line.removeLast() }
            text += line + "\n"
        }
        return text
    }

    private func timeAxis(_ columns: Int, _ margin: Int) -> String {
        let length = range.end - range.start
        let width = length > 2 * 86_400_000 ? 16 : 8
        let count = max(1, min(8, columns / (width + 4)))
        var line = Array(repeating: "─", count: columns)
        var labels = String(repeating: " ", count: margin + 2)
        for tick in 0...count {
            let time = range.start + Int64(Double(length) * Double(tick) / Double(count))
            let column = Int((Double(columns - 1) * Double(tick) / Double(count)).rounded())
            line[column] = "┬"
            let text = timeLabel(time, length)
            // The last label ends where the axis does.
            let start = min(margin + 2 + columns - text.cells, max(margin + 2, margin + 2 + column - text.cells / 2))
            if start >= labels.cells + (tick == 0 ? 0 : 1) { labels = labels.padded(to: start) + text }
        }
        return style.dim(String(repeating: " ", count: margin) + " └" + line.joined()) + "\n" + style.dim(labels) + "\n"
    }

    /// UTC; as much of the date as the range calls for.
    private func timeLabel(_ time: Int64, _ length: Int64) -> String {
        let text = Date(milliseconds: time).iso8601Milliseconds
        let clock = text.dropFirst(11)
        if length > 30 * 86_400_000 { return String(text.prefix(10)) }
        if length > 2 * 86_400_000 { return "\(text.dropFirst(5).prefix(5)) \(clock.prefix(5))" }
        return length > 600_000 ? String(clock.prefix(5)) : String(clock.prefix(8))
    }

    private func legend() -> String {
        var text = "\n"
        for (index, series) in shown.enumerated() {
            let values = series.points.map(\.value).filter(\.isFinite)
            let last = series.points.last { $0.value.isFinite }?.text ?? ""
            let numbers = "  min \(short(values.min()))  max \(short(values.max()))  last \(short(Double(last)))"
            let mark = style.hasColors || shown.count == 1 ? "━" : Self.marks[index]
            let name = series.name.shortened(to: max(12, style.width - numbers.cells - 3))
            text += "\(style.colored(mark, ink(index))) \(name)\(style.dim(numbers))\n"
        }
        if omitted > 0 { text += style.dim("and \(omitted) series that are not drawn\n") }
        return text
            + style.dim(
                "\(Date(milliseconds: range.start).shortTime) – \(Date(milliseconds: range.end).shortTime) UTC\n")
    }

    /// Five digits are enough for a legend.
    private func short(_ value: Double?) -> String {
        guard let value else { return "" }
        guard value == 0 || (1e-4..<1e15).contains(value.magnitude) else { return "\(Float(value))" }
        let style = FloatingPointFormatStyle<Double>(locale: Locale(identifier: "en_US_POSIX")).grouping(.never)
        return value.formatted(style.precision(.significantDigits(1...5)))
    }

    private func ink(_ series: Int) -> TerminalStyle.Ink {
        TerminalStyle.Ink.allCases[series % TerminalStyle.Ink.allCases.count]
    }
}
