/// Where in a text an offset is, as an editor shows it: both numbers from 1, columns in code points.
struct TextPosition: Equatable {
    var line = 1
    var column = 1

    init(_ bytes: Span<UInt8>, _ offset: Int) {
        for index in 0..<min(max(offset, 0), bytes.count) {
            if bytes[index] == ASCII.newline {
                line += 1
                column = 1
            } else if bytes[index] & 0xC0 != 0x80 {
                column += 1
            }
        }
    }
}
