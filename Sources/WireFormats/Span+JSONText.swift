/// Moving over JSON text whose shape is not yet known to be right: nothing here reads past the end.
extension Span<UInt8> {
    /// The first offset from `offset` on that is not JSON whitespace. `inLine`: a newline is not whitespace either.
    @inline(__always)
    func skippingSpace(_ offset: Int, inLine: Bool = false) -> Int {
        var index = offset
        while index < count {
            let byte = self[index]
            if byte > ASCII.space { return index }
            switch byte {
            case ASCII.space, ASCII.tab, ASCII.carriageReturn: index &+= 1
            case ASCII.newline where !inLine: index &+= 1
            default: return index
            }
        }
        return index
    }

    /// The first newline from `offset` on, or `count`.
    func firstNewline(_ offset: Int) -> Int {
        var index = offset
        while index &+ 8 <= count {
            let marks = Bytes8.equal(word(at: index), to: ASCII.newline)
            if marks != 0 { return index &+ Bytes8.firstIndex(marks) }
            index &+= 8
        }
        while index < count, self[index] != ASCII.newline { index &+= 1 }
        return index
    }

    /// The first offset from `offset` on, before `limit`, that holds a quote, a backslash or a control character, or
    /// `limit`.
    @inline(__always)
    func endOfPlainText(_ offset: Int, limit: Int) -> Int {
        var index = offset
        while index &+ 8 <= limit {
            let word = word(at: index)
            let marks =
                Bytes8.equal(word, to: ASCII.quote) | Bytes8.equal(word, to: ASCII.backslash) | Bytes8.control(word)
            if marks != 0 { return index &+ Bytes8.firstIndex(marks) }
            index &+= 8
        }
        while index < limit {
            let byte = self[index]
            if byte == ASCII.quote || byte == ASCII.backslash || byte < ASCII.space { return index }
            index &+= 1
        }
        return index
    }

    /// The closing quote of the string whose first byte is at `offset`, or nil if a control character or the end comes
    /// first. Escapes are stepped over, not checked; nor is the encoding.
    @inline(__always)
    func closingQuote(_ offset: Int) -> Int? {
        var index = offset
        while true {
            index = endOfPlainText(index, limit: count)
            guard index < count else { return nil }
            let byte = self[index]
            if byte == ASCII.quote { return index }
            guard byte == ASCII.backslash, index &+ 1 < count, self[index &+ 1] >= ASCII.space else { return nil }
            index &+= 2
        }
    }

    /// Whether `range` is free of escapes and of bytes outside ASCII, so that its bytes are its text.
    @inline(__always)
    func isPlainASCII(_ range: ByteRange) -> Bool {
        var index = range.start
        var seen: UInt64 = 0
        while index &+ 8 <= range.end {
            let word = word(at: index)
            seen |= word | Bytes8.equal(word, to: ASCII.backslash)
            index &+= 8
        }
        let tail = word(at: index, length: range.end &- index)
        seen |= tail | Bytes8.equal(tail, to: ASCII.backslash)
        return seen & Bytes8.tops == 0
    }
}
