/// Labels as a JSON object in label order, the form in which they lie in SQLite files: `{"__name__":"up","job":"api"}`.
extension LabelSet {
    package var json: String {
        var out = "{"
        out.reserveCapacity(labels.count * 32)
        for (index, label) in labels.enumerated() {
            if index > 0 { out += "," }
            out.appendJSON(label.name)
            out += ":"
            out.appendJSON(label.value)
        }
        out += "}"
        return out
    }

    /// Reads what `json` wrote; nil for anything else. Other JSON spellings of the same object need not be understood: only
    /// our own files are read with it. For many in a row, `LabelSetReader` is faster.
    package init?(json: String) {
        var reader = LabelSetReader()
        guard let labels = reader.read(json.utf8Span.span) else { return nil }
        self = labels
    }
}

extension String {
    /// Appends a text as a JSON string (RFC 8259, section 7).
    package mutating func appendJSON(_ text: String) {
        self += "\""
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }) {
            self += text
        } else {
            for scalar in text.unicodeScalars {
                switch scalar {
                case "\"": self += "\\\""
                case "\\": self += "\\\\"
                case _ where scalar.value < 0x20:
                    let hex = String(scalar.value, radix: 16)
                    self += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                default: unicodeScalars.append(scalar)
                }
            }
        }
        self += "\""
    }
}

/// Reads labels from JSON, one series after the other.
///
/// Neighbours in a file share most of their names and values. A string whose bytes are those of the string in the same place
/// of the series before is taken from there: no allocation, and one copy in memory of what thousands of series have in
/// common. O(bytes).
package struct LabelSetReader {
    private struct Text {
        var bytes: [UInt8] = []
        var string = ""
    }

    /// Name and value of each label of the series before, alternating.
    private var previous: [Text] = []
    private var position = 0

    package init() {}

    /// The labels of one series; nil for anything that `LabelSet.json` did not write.
    package mutating func read(_ json: Span<UInt8>) -> LabelSet? {
        position = 0
        guard take(UInt8(ascii: "{"), json) else { return nil }
        var labels: [Label] = []
        labels.reserveCapacity(previous.count / 2)
        if !take(UInt8(ascii: "}"), json) {
            repeat {
                guard let name = string(json, labels.count * 2), take(UInt8(ascii: ":"), json),
                    let value = string(json, labels.count * 2 + 1)
                else { return nil }
                labels.append(Label(name, value))
            } while take(UInt8(ascii: ","), json)
            guard take(UInt8(ascii: "}"), json) else { return nil }
        }
        return position == json.count ? LabelSet(labels) : nil
    }

    /// - Parameter place: number of the string within its series.
    private mutating func string(_ json: Span<UInt8>, _ place: Int) -> String? {
        guard take(UInt8(ascii: "\""), json) else { return nil }
        let start = position
        while position < json.count, json[position] != UInt8(ascii: "\""), json[position] != UInt8(ascii: "\\") {
            position += 1
        }
        guard position < json.count else { return nil }
        guard json[position] == UInt8(ascii: "\"") else { return escapedString(json, from: start) }
        let end = position
        position += 1
        while previous.count <= place { previous.append(Text()) }
        if isPrevious(json, start, end, place) { return previous[place].string }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(end - start)
        for index in start..<end { bytes.append(json[index]) }
        let string = String(decoding: bytes, as: UTF8.self)
        previous[place] = Text(bytes: bytes, string: string)
        return string
    }

    private func isPrevious(_ json: Span<UInt8>, _ start: Int, _ end: Int, _ place: Int) -> Bool {
        let known = previous[place].bytes
        guard known.count == end - start else { return false }
        for offset in known.indices where known[offset] != json[start + offset] { return false }
        return true
    }

    /// `position` is at the first backslash.
    private mutating func escapedString(_ json: Span<UInt8>, from start: Int) -> String? {
        var decoded: [UInt8] = []
        for index in start..<position { decoded.append(json[index]) }
        while position < json.count {
            let byte = json[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: decoded, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = escape(json) else { return nil }
                decoded.append(escaped)
            default: decoded.append(byte)
            }
        }
        return nil
    }

    /// What follows a backslash: `"`, `\` or a control character as `uXXXX`.
    private mutating func escape(_ json: Span<UInt8>) -> UInt8? {
        guard position < json.count else { return nil }
        let byte = json[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return byte
        case UInt8(ascii: "u"):
            guard json.count - position >= 4 else { return nil }
            var code = 0
            for _ in 0..<4 {
                guard let digit = Character(UnicodeScalar(json[position])).hexDigitValue else { return nil }
                code = code << 4 | digit
                position += 1
            }
            return UInt8(exactly: code)
        default: return nil
        }
    }

    private mutating func take(_ byte: UInt8, _ json: Span<UInt8>) -> Bool {
        guard position < json.count, json[position] == byte else { return false }
        position += 1
        return true
    }
}
