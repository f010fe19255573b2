/// Where the parts of a line end. A backslash before a byte that would end the part takes its meaning away; before any other
/// byte it is a byte like others (https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/#special-characters).
extension Span<UInt8> {
    /// The number that the decimal digits from `index` on spell, which is moved behind them; with more than 18 digits it may have
    /// wrapped.
    @inline(__always)
    func digits(_ index: inout Int, limit: Int) -> Int64 {
        var number: Int64 = 0
        while index < limit {
            let digit = ASCII.digit(self[index])
            guard digit <= 9 else { break }
            number = number &* 10 &+ Int64(digit)
            index &+= 1
        }
        return number
    }

    /// The first newline, or space that is not escaped, from `offset` on; `limit` if there is none before it.
    @inline(__always)
    func endOfSeriesPart(_ offset: Int, limit: Int) -> Int {
        var index = offset
        while index < limit {
            if index &+ 8 <= limit {
                let marks = Bytes8.spaceOrControl(word(at: index))
                guard marks != 0 else {
                    index &+= 8
                    continue
                }
                index &+= Bytes8.firstIndex(marks)
            }
            let byte = self[index]
            if byte == ASCII.newline || byte == ASCII.space && !isEscaped(index, from: offset) { return index }
            index &+= 1
        }
        return limit
    }

    /// The first newline, or `=`, comma or space that is not escaped, from `offset` on; `limit` if there is none before it.
    @inline(__always)
    func endOfFieldName(_ offset: Int, limit: Int) -> Int {
        var index = offset
        while index < limit {
            if index &+ 8 <= limit {
                let word = word(at: index)
                let marks =
                    Bytes8.equal(word, to: ASCII.equals) | Bytes8.equal(word, to: ASCII.comma)
                    | Bytes8.spaceOrControl(word)
                guard marks != 0 else {
                    index &+= 8
                    continue
                }
                index &+= Bytes8.firstIndex(marks)
            }
            switch self[index] {
            case ASCII.newline: return index
            case ASCII.equals, ASCII.comma, ASCII.space: if !isEscaped(index, from: offset) { return index }
            default: break
            }
            index &+= 1
        }
        return limit
    }

    /// The quote that ends the string whose text begins at `offset`, or nil. Inside, a backslash takes the meaning of a quote
    /// or another backslash; newlines may stand there.
    func endOfQuotedText(_ offset: Int, limit: Int) -> Int? {
        var index = offset
        while index < limit {
            if index &+ 8 <= limit {
                let word = word(at: index)
                let marks = Bytes8.equal(word, to: ASCII.quote) | Bytes8.equal(word, to: ASCII.backslash)
                guard marks != 0 else {
                    index &+= 8
                    continue
                }
                index &+= Bytes8.firstIndex(marks)
            }
            switch self[index] {
            case ASCII.quote: return index
            case ASCII.backslash:
                let next = index &+ 1
                if next < limit, self[next] == ASCII.quote || self[next] == ASCII.backslash { index = next }
            default: break
            }
            index &+= 1
        }
        return nil
    }

    @inline(__always)
    func isEscaped(_ index: Int, from start: Int) -> Bool { index > start && self[index &- 1] == ASCII.backslash }

    /// The first byte from `offset` on that is neither a space nor a tab.
    @inline(__always)
    func skippingBlanks(_ offset: Int, limit: Int) -> Int {
        var index = offset
        while index < limit, self[index] == ASCII.space || self[index] == ASCII.tab { index &+= 1 }
        return index
    }

    /// Whether a newline, a carriage return before one, or the end of all lines is at `index`.
    @inline(__always)
    func isEndOfLine(_ index: Int, limit: Int) -> Bool {
        guard index < limit, self[index] != ASCII.newline else { return true }
        return self[index] == ASCII.carriageReturn && (index &+ 1 == limit || self[index &+ 1] == ASCII.newline)
    }

    /// The first newline from `offset` on, or the carriage return before it; `limit` if there is none.
    func endOfLine(_ offset: Int, limit: Int) -> Int {
        var index = offset
        while index < limit, self[index] != ASCII.newline { index += 1 }
        return index > offset && self[index - 1] == ASCII.carriageReturn ? index - 1 : index
    }
}
