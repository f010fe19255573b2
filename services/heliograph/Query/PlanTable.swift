import Foundation
import HTTPSupport

/// How a query was evaluated, as a tree with what each node cost.
struct PlanTable {
    private struct Answer: Decodable {
        struct Data: Decodable { let explain: Explanation? }

        let data: Data
    }

    private struct Explanation: Decodable {
        let samples: Int
        let memoryBytes: Int
        let plan: Node
    }

    private struct Node: Decodable {
        let expression: String
        let kind: String
        let notes: [String]
        let selection: Selection?
        let evaluations: Int
        let steps: Int
        let series: Int?
        let samples: Int
        let ownMs: Double
        let totalMs: Double
        let childrenOmitted: Int?
        let children: [Node]
    }

    private struct Selection: Decodable {
        let matchers: [String]
        let start: Double
        let end: Double
        let newestSampleOnly: Bool
        let statisticsAllowed: Bool
        let reads: Int
        let series: Int
        let samples: Int
        let statistics: Int
        let statisticsSamples: Int
    }

    private static let columns = ["own ms", "total ms", "steps", "series", "samples"]

    private let explanation: Explanation
    private let style: TerminalStyle

    /// - Throws: `CommandFailure` if the answer has no plan.
    init(json bytes: [UInt8], style: TerminalStyle) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let explanation = try? decoder.decode(Answer.self, from: Data(bytes)).data.explain else {
            throw CommandFailure("the server gives no plan of queries; is it older than this program?")
        }
        self.explanation = explanation
        self.style = style
    }

    func text() -> String {
        var rows: [(cells: [String], tree: String, remarks: [String])] = []
        collect(explanation.plan, depth: 0, into: &rows)
        let widths = Self.columns.indices.map { column in
            max(Self.columns[column].cells, rows.map { $0.cells[column].cells }.max() ?? 0)
        }
        func line(_ cells: [String]) -> String {
            zip(cells, widths).map { $0.aligned(right: $1) }.joined(separator: "  ")
        }
        let margin = widths.reduce(0) { $0 + $1 + 2 }
        var text = style.bold(line(Self.columns) + "  expression") + "\n"
        for row in rows {
            text += line(row.cells) + "  " + row.tree.shortened(to: max(20, style.width - margin)) + "\n"
            let indent = row.tree.prefix { $0 == " " }.count
            for remark in row.remarks {
                text += String(repeating: " ", count: margin + indent) + "  " + style.dim(remark) + "\n"
            }
        }
        return text + "\nsamples counted: \(explanation.samples); memory counted: \(explanation.memoryBytes) bytes\n"
    }

    private func collect(
        _ node: Node, depth: Int, into rows: inout [(cells: [String], tree: String, remarks: [String])]
    ) {
        // What the query has on several lines goes on one.
        let words = node.expression.split { $0.isWhitespace }.joined(separator: " ")
        rows.append(
            (
                [
                    Self.milliseconds(node.ownMs), Self.milliseconds(node.totalMs), "\(node.steps)",
                    node.series.map { "\($0)" } ?? "", "\(node.samples)",
                ],
                String(repeating: "  ", count: depth) + words.printable, remarks(node).map(\.printable)
            ))
        for child in node.children { collect(child, depth: depth + 1, into: &rows) }
    }

    private func remarks(_ node: Node) -> [String] {
        var remarks = node.notes
        if let selection = node.selection {
            remarks.append("matchers: \(selection.matchers.joined(separator: ", "))")
            remarks.append(
                "read: \(Self.time(selection.start)) – \(Self.time(selection.end))"
                    + (selection.newestSampleOnly ? ", the newest sample of each series" : ""))
            if selection.statistics > 0 {
                remarks.append(
                    "\(selection.statistics) chunk statistics for \(selection.statisticsSamples) samples")
            } else if selection.statisticsAllowed {
                remarks.append("chunk statistics would do, but there were none for whole windows")
            }
        }
        if let omitted = node.childrenOmitted { remarks.append("\(omitted) parts are left out here") }
        return remarks
    }

    private static func milliseconds(_ value: Double) -> String { String(format: "%.3f", value) }

    private static func time(_ seconds: Double) -> String {
        // What no calendar has is said as it is.
        guard abs(seconds) < 2.5e11 else { return "\(seconds)" }
        return Date(milliseconds: Int64((seconds * 1000).rounded())).shortTime
    }
}
