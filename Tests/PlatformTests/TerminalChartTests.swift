import Foundation
import Testing

@testable import heliograph

@Suite struct TerminalChartTests {
    private func answer(_ series: [[Double?]]) throws -> QueryAnswer {
        let result = series.enumerated().map { index, values in
            let points = values.enumerated().compactMap { step, value in
                value.map { "[\(step * 10),\"\($0)\"]" }
            }
            return #"{"metric":{"i":"\#(index)"},"values":[\#(points.joined(separator: ","))]}"#
        }
        let json = #"{"status":"success","data":{"resultType":"matrix","result":[\#(result.joined(separator: ","))]}}"#
        return try QueryAnswer(json: Data(json.utf8))
    }

    private func chart(_ series: [[Double?]], width: Int = 40, colors: Bool = false) throws -> [String] {
        let range = QueryRange(start: 0, end: 600_000, step: 10_000)
        let style = TerminalStyle(width: width, height: 16, hasColors: colors)
        return TerminalChart(try answer(series), range: range, style: style).text().components(separatedBy: "\n")
    }

    @Test func aRampGoesFromCornerToCorner() throws {
        let lines = try chart([(0...60).map { Double($0) }])
        #expect(
            lines[0].hasSuffix("⠁") || lines[0].hasSuffix("⡠") || lines[0].hasSuffix("⠔") || lines[0].hasSuffix("⠊"),
            "\(lines)")
        #expect(lines[0].count == 39)
        #expect(lines.contains { $0.hasPrefix("40 ┤") } && lines.contains { $0.contains("└") && $0.hasSuffix("┬") })
        #expect(lines.contains { $0.contains("00:00:00") && $0.hasSuffix("00:10:00") })
        #expect(lines.contains { $0.hasPrefix(#"━ {i="0"}"#) && $0.hasSuffix("min 0  max 60  last 60") })
        // Every column of the drawing has a dot.
        let drawn = lines.prefix(9).map { Array($0.dropFirst(4)) }
        for column in 0..<35 { #expect(drawn.contains { $0.count > column && $0[column] != " " }, "column \(column)") }
    }

    @Test func gapsStayEmpty() throws {
        let lines = try chart([(0...60).map { (20..<40).contains($0) ? nil : 1 }])
        let line = try #require(lines.first { $0.unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) } })
        #expect(line.contains("          "), "\(line)")
    }

    @Test func seriesAreToldApart() throws {
        let plain = try chart([(0...60).map { Double($0) }, (0...60).map { Double(60 - $0) }])
        #expect(plain.contains { $0.contains("●") && $0.contains("○") })
        #expect(plain.contains { $0.hasPrefix(#"○ {i="1"}"#) })
        let colored = try chart([(0...60).map { Double($0) }, (0...60).map { Double(60 - $0) }], colors: true)
        #expect(colored.contains { $0.contains("\u{1B}[36m") && $0.contains("\u{1B}[33m") })
        let many = try chart((0..<20).map { index in (0...60).map { _ in Double(index) } })
        #expect(many.contains { $0.contains("and 8 series that are not drawn") })
    }

    /// Whatever the numbers, nothing traps, and no line is wider than a terminal of a usual width.
    @Test(
        arguments: [
            [.infinity, -.infinity, .nan, 1], [.greatestFiniteMagnitude, -.greatestFiniteMagnitude],
            [.leastNonzeroMagnitude, 1e-300],
            [0, 0, 0], [-7], [1e18, 1e18 + 4096], [.nan], [], [123_456_789, 987_654_321],
        ] as [[Double]])
    func extremesAreDrawn(values: [Double]) throws {
        for width in [1, 10, 20, 80, 300] {
            let lines = try chart([values], width: width)
            if width >= 80 { for line in lines { #expect(line.count <= width, "\(line)") } }
        }
    }

    @Test(
        arguments: [
            (0.0, 1.0, ["0.0", "0.5", "1.0"]), (0, 60_000, ["0k", "20k", "40k", "60k"]),
            (-3, 3, ["-2", "0", "2"]), (0.001, 0.0014, ["0.0010", "0.0011", "0.0012", "0.0013", "0.0014"]),
            (1e9, 3e9, ["1.0G", "1.5G", "2.0G", "2.5G", "3.0G"]),
        ] as [(Double, Double, [String])])
    func ticksAreRoundNumbers(low: Double, high: Double, labels: [String]) {
        let scale = ChartScale(low, high, count: 4)
        #expect(scale.ticks.map(scale.label) == labels)
    }
}
