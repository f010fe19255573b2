/// Writes JSON text straight into a string: for answers whose shape is known, without `Codable`'s detours.
package struct JSONText: Sendable {
    package private(set) var text = ""
    private var needsComma = false

    package init() {}

    /// `{"status":"success","data":…}`, the envelope of every answer in Prometheus' form.
    package static func success(_ data: (inout JSONText) -> Void) -> JSONText {
        var json = JSONText()
        json.object { answer in
            answer.field("status", "success")
            answer.key("data")
            data(&answer)
        }
        return json
    }

    package mutating func object(_ fill: (inout JSONText) -> Void) { container("{", "}", fill) }
    package mutating func array(_ fill: (inout JSONText) -> Void) { container("[", "]", fill) }

    package mutating func key(_ name: String) {
        separate()
        writeString(name)
        text += ":"
        needsComma = false
    }

    package mutating func value(_ value: String?) {
        separate()
        if let value { writeString(value) } else { text += "null" }
    }

    package mutating func value(_ value: some BinaryInteger) {
        separate()
        text += "\(value)"
    }

    /// Non-finite numbers, which JSON does not have, become null.
    package mutating func value(_ value: Double?) {
        separate()
        guard let value, value.isFinite else {
            text += "null"
            return
        }
        text += Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    package mutating func value(_ value: Bool) {
        separate()
        text += value ? "true" : "false"
    }

    package mutating func field(_ name: String, _ content: String?) {
        key(name)
        value(content)
    }

    package mutating func field(_ name: String, _ content: some BinaryInteger) {
        key(name)
        value(content)
    }

    package mutating func field(_ name: String, _ content: Double?) {
        key(name)
        value(content)
    }

    package mutating func field(_ name: String, _ content: Bool) {
        key(name)
        value(content)
    }

    private mutating func container(_ open: String, _ close: String, _ fill: (inout JSONText) -> Void) {
        separate()
        text += open
        needsComma = false
        fill(&self)
        text += close
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { text += "," }
        needsComma = true
    }

    /// RFC 8259, section 7.
    private mutating func writeString(_ string: String) {
        text += "\""
        if string.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }) {
            text += string
        } else {
            for scalar in string.unicodeScalars {
                switch scalar {
                case "\"": text += "\\\""
                case "\\": text += "\\\\"
                case "\n": text += "\\n"
                case "\r": text += "\\r"
                case "\t": text += "\\t"
                case _ where scalar.value < 0x20:
                    let hex = String(scalar.value, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                default: text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }
}
