import ArgumentParser
import Foundation

/// A query that was refused or could not be evaluated, with a caret under the place that the message names.
struct QueryFailure: Error {
    /// The query itself is at fault: the same one fails again.
    static let refusedCode = ExitCode(2)
    /// It could not be evaluated over this data, or within the limits.
    static let executionCode = ExitCode(3)

    let query: String
    let message: String
    let exitCode: ExitCode

    /// - Parameter kind: Prometheus' `errorType`.
    init(query: String, kind: String, message: String) {
        self.query = query
        self.message = message
        exitCode = kind == "bad_data" ? Self.refusedCode : Self.executionCode
    }

    func text(_ style: TerminalStyle = TerminalStyle()) -> String {
        var text = "error: \(message.printable)\n"
        if let (line, column) = position {
            let lines = query.split(separator: "\n", omittingEmptySubsequences: false)
            if lines.indices.contains(line - 1) {
                // The column counts bytes; a tab stays one, so that the caret stands under its character.
                let before = String(decoding: Array(lines[line - 1].utf8.prefix(max(0, column - 1))), as: UTF8.self)
                text += "  \(lines[line - 1])\n  \(String(before.map { $0 == "\t" ? "\t" : " " }))\(style.bold("^"))\n"
            }
        }
        return text
    }

    /// `line:column` before `parse error`, both from 1.
    private var position: (line: Int, column: Int)? {
        guard let end = message.range(of: ": parse error")?.lowerBound else { return nil }
        let token = message[..<end].split(separator: " ").last ?? ""
        let parts = token.split(separator: ":").compactMap { Int($0) }
        return parts.count == 2 ? (parts[0], parts[1]) : nil
    }
}
