extension Span<UInt8> {
    /// The text format's escapes resolved; a backslash before anything else stands for itself.
    ///
    /// - Parameter quotes: whether `\"` is a quotation mark, besides `\\` and `\n`.
    func unescaped(_ range: ByteRange, quotes: Bool) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var index = range.start
        while index < range.end {
            let byte = self[index]
            index += 1
            guard byte == ASCII.backslash, index < range.end else {
                text.append(byte)
                continue
            }
            switch self[index] {
            case ASCII.backslash: text.append(ASCII.backslash)
            case UInt8(ascii: "n"): text.append(ASCII.newline)
            case ASCII.quote where quotes: text.append(ASCII.quote)
            default:
                text.append(byte)
                continue
            }
            index += 1
        }
        return text
    }
}
