import Yams

/// Turns a position inside a YAML value into one in the file.
struct RuleFileLines {
    private let lines: [[Unicode.Scalar]]

    init(_ text: String) {
        lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            Array(line.last == "\r" ? line.dropLast() : line)
        }
    }

    /// Line and column, both from 1, of the scalar at `offset` of a value. Exact for block literals and for values on one
    /// line without escapes; otherwise where the value starts.
    func position(ofOffset offset: Int, in scalar: Node.Scalar) -> (line: Int, column: Int) {
        let start = (line: scalar.mark?.line ?? 1, column: scalar.mark?.column ?? 1)
        let before = Array(scalar.string.unicodeScalars.prefix(offset))
        switch scalar.style {
        case .literal:
            let inside = before.split(separator: "\n", omittingEmptySubsequences: false)
            let line = start.line + inside.count
            let indentation = indentation(from: start.line + 1)
            guard lines.indices.contains(line - 1) else { return start }
            return (line, indentation + (inside.last?.count ?? 0) + 1)
        case .plain, .any, .singleQuoted, .doubleQuoted:
            let quote = scalar.style == .singleQuoted || scalar.style == .doubleQuoted ? 1 : 0
            guard lines.indices.contains(start.line - 1) else { return start }
            let from = start.column - 1 + quote
            let written = lines[start.line - 1].dropFirst(from).prefix(before.count)
            return written.elementsEqual(before) ? (start.line, from + before.count + 1) : start
        case .folded: return start
        }
    }

    /// Line and column of a byte offset of the file.
    func position(ofByte offset: Int) -> (line: Int, column: Int) {
        var left = max(0, offset)
        for (index, line) in lines.enumerated() {
            var column = 1
            for scalar in line {
                if left < UTF8.width(scalar) { return (index + 1, column) }
                left -= UTF8.width(scalar)
                column += 1
            }
            if left == 0 { return (index + 1, column) }
            left -= 1
        }
        return (max(1, lines.count), 1)
    }

    /// The spaces before the first line that is not blank, from line `first` (from 1) on.
    private func indentation(from first: Int) -> Int {
        for line in lines.dropFirst(first - 1) {
            let spaces = line.prefix { $0 == " " }.count
            if spaces < line.count { return spaces }
        }
        return 0
    }
}
