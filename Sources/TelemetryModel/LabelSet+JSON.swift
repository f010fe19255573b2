/// Labels as a JSON object in label order, the form in which they lie in SQLite files: `{"__name__":"up","job":"api"}`.
extension LabelSet {
    package var json: String {
        var out = "{"
        for (index, label) in labels.enumerated() {
            if index > 0 { out += "," }
            LabelSet.writeJSON(label.name, to: &out)
            out += ":"
            LabelSet.writeJSON(label.value, to: &out)
        }
        return out + "}"
    }

    /// Reads what `json` wrote; nil for anything else. Other JSON spellings of the same object need not be understood: only
    /// our own files are read with it.
    package init?(json: String) {
        var scanner = LabelJSONScanner(bytes: Array(json.utf8))
        guard let labels = scanner.object() else { return nil }
        self.init(labels)
    }

    private static func writeJSON(_ string: String, to out: inout String) {
        out += "\""
        if string.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }) {
            out += string
        } else {
            for scalar in string.unicodeScalars {
                switch scalar {
                case "\"": out += "\\\""
                case "\\": out += "\\\\"
                case _ where scalar.value < 0x20:
                    let hex = String(scalar.value, radix: 16)
                    out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                default: out.unicodeScalars.append(scalar)
                }
            }
        }
        out += "\""
    }
}

private struct LabelJSONScanner {
    let bytes: [UInt8]
    var position = 0

    mutating func object() -> [Label]? {
        guard take(UInt8(ascii: "{")) else { return nil }
        var labels: [Label] = []
        if take(UInt8(ascii: "}")) { return position == bytes.count ? labels : nil }
        repeat {
            guard let name = string(), take(UInt8(ascii: ":")), let value = string() else { return nil }
            labels.append(Label(name, value))
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}")) && position == bytes.count ? labels : nil
    }

    private mutating func string() -> String? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") {
            position += 1
        }
        if take(UInt8(ascii: "\"")) { return String(decoding: bytes[start..<position - 1], as: UTF8.self) }
        var decoded = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: decoded, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = escape() else { return nil }
                decoded.append(escaped)
            default: decoded.append(byte)
            }
        }
        return nil
    }

    /// What follows a backslash: `"`, `\` or a control character as `uXXXX`.
    private mutating func escape() -> UInt8? {
        guard position < bytes.count else { return nil }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return byte
        case UInt8(ascii: "u"):
            guard bytes.count - position >= 4 else { return nil }
            defer { position += 4 }
            return UInt8(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        default: return nil
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }
}
