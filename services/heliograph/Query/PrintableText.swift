extension String {
    /// The text with `\u{…}` for each character that would not be shown but followed by a terminal: control characters (escape
    /// sequences, line breaks) and those that change the direction of text
    /// (https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters). What senders name things must not forge output.
    var printable: String {
        guard unicodeScalars.contains(where: \.drivesTerminals) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if scalar.drivesTerminals {
                text += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension Unicode.Scalar {
    fileprivate var drivesTerminals: Bool {
        switch value {
        case 0..<0x20, 0x7F...0x9F: true
        // Arabic letter mark, left-to-right and right-to-left marks.
        case 0x61C, 0x200E, 0x200F: true
        // Line and paragraph separators, embeddings and overrides.
        case 0x2028...0x202E: true
        // Isolates, and what was meant for directions once.
        case 0x2066...0x206F: true
        default: false
        }
    }
}
