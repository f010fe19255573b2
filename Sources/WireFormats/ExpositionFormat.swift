/// Prometheus' two text formats.
package enum ExpositionFormat: Sendable, CaseIterable {
    /// Version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/): times are whole milliseconds.
    case text
    /// OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/): times are seconds with a fraction, samples may
    /// have exemplars, and `# EOF` ends the text.
    case openMetrics

    /// By which it is told where a line stands alone.
    package var parameter: String {
        switch self {
        case .text: "text"
        case .openMetrics: "openmetrics"
        }
    }

    /// The format of a text about which its sender says nothing: `# EOF` as the last line makes it OpenMetrics, for nobody
    /// writes that as a comment.
    package static func detected(in text: Span<UInt8>) -> ExpositionFormat {
        var end = text.count
        while end > 0, ASCII.isSpace(text[end - 1]) { end -= 1 }
        let start = end - endOfText.count
        guard start >= 0, start == 0 || text[start - 1] == ASCII.newline else { return .text }
        return text.hasBytes(endOfText, at: start) ? .openMetrics : .text
    }

    private static let endOfText = Array("# EOF".utf8)
}

extension Span<UInt8> {
    /// Whether `wanted` stands at `offset`, which may be anywhere from 0 to the end.
    func hasBytes(_ wanted: [UInt8], at offset: Int) -> Bool {
        guard offset + wanted.count <= count else { return false }
        for index in wanted.indices where self[offset + index] != wanted[index] { return false }
        return true
    }

    /// The first offset from `offset` on that holds no blank, tab or carriage return.
    @inline(__always)
    func skippingBlanks(_ offset: Int) -> Int {
        var index = offset
        while index < count {
            let byte = self[index]
            guard byte == ASCII.space || byte == ASCII.tab || byte == ASCII.carriageReturn else { return index }
            index &+= 1
        }
        return index
    }

    /// The first offset from `offset` on that holds a byte up to the blank, which ends a word; or the end.
    @inline(__always)
    func endOfWord(_ offset: Int) -> Int {
        var index = offset
        while index &+ 8 <= count {
            let marks = Bytes8.spaceOrControl(word(at: index))
            if marks != 0 { return index &+ Bytes8.firstIndex(marks) }
            index &+= 8
        }
        while index < count, self[index] > ASCII.space { index &+= 1 }
        return index
    }
}
