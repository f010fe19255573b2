/// Names and values as the query of a URL (RFC 3986, section 3.4).
package enum QueryText {
    private static let hexDigits = Array("0123456789ABCDEF".utf8)

    /// Only what RFC 3986 calls unreserved stays as it is: a plus sign would be read as a space.
    package static func encoded(_ parameters: [(name: String, value: String)]) -> String {
        var text: [UInt8] = []
        for (name, value) in parameters {
            if !text.isEmpty { text.append(UInt8(ascii: "&")) }
            append(name, to: &text)
            text.append(UInt8(ascii: "="))
            append(value, to: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func append(_ part: String, to text: inout [UInt8]) {
        for byte in part.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                text.append(byte)
            default: text += [UInt8(ascii: "%"), hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
            }
        }
    }
}
