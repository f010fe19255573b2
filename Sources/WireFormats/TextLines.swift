import TelemetryModel

/// Goes over the lines of a stretch of bytes; empty ones are passed over, and blanks at both ends do not count.
struct TextLines {
    private var index = 0

    /// The next line, or nil at the end.
    mutating func next(_ bytes: Span<UInt8>) -> ByteRange? {
        while index < bytes.count {
            let newline = bytes.firstNewline(index)
            var line = ByteRange(start: index, end: newline)
            index = newline + 1
            while !line.isEmpty, ASCII.isSpace(bytes[line.start]) { line.start += 1 }
            while !line.isEmpty, ASCII.isSpace(bytes[line.end - 1]) { line.end -= 1 }
            if !line.isEmpty { return line }
        }
        return nil
    }
}

extension Span<UInt8> {
    /// The first of these bytes in `range`, or its end.
    func first(_ byte: UInt8, in range: ByteRange) -> Int {
        var index = range.start
        while index < range.end, self[index] != byte { index += 1 }
        return index
    }

    /// The first blank in `range`, or its end.
    func firstBlank(in range: ByteRange) -> Int {
        var index = range.start
        while index < range.end, self[index] != ASCII.space, self[index] != ASCII.tab { index += 1 }
        return index
    }
}
