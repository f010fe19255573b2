/// A text that is not PromQL: what was expected, what came, and where.
package struct PromQLSyntaxError: Error, Equatable, CustomStringConvertible {
    package let message: String
    /// UTF-8 offsets into the text.
    package let range: Range<Int>
    /// Where `range` begins, both from 1; the column counts UTF-8 bytes.
    package let line: Int
    package let column: Int

    package init(_ message: String, at range: Range<Int>, in text: String) {
        let position = SourcePosition(offset: range.lowerBound, in: text)
        self.message = message
        self.range = range
        line = position.line
        column = position.column
    }

    package var description: String { "\(line):\(column): parse error: \(message)" }
}

/// Line and column of a UTF-8 offset, both from 1; the column counts bytes.
package struct SourcePosition: Hashable, Sendable {
    package let line: Int
    package let column: Int

    package init(offset: Int, in text: String) {
        var line = 1
        var column = 1
        for byte in text.utf8.prefix(max(0, offset)) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        self.line = line
        self.column = column
    }
}
