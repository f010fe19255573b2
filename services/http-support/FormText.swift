/// `name=value&…` as URLs and form bodies have it (https://url.spec.whatwg.org/#application/x-www-form-urlencoded).
package enum FormText {
    /// Text that is no form.
    package struct DecodingError: Error, Equatable, CustomStringConvertible {
        package let text: String
        package let description: String
    }

    package static func parse(_ text: some StringProtocol) throws(DecodingError) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        for part in text.utf8.split(separator: UInt8(ascii: "&")) {
            let name = part.prefix { $0 != UInt8(ascii: "=") }
            let value = part.dropFirst(name.count + 1)
            pairs.append((try decode(name, plusIsSpace: true), try decode(value, plusIsSpace: true)))
        }
        return pairs
    }

    /// Undoes percent-encoding (RFC 3986, section 2.1).
    package static func decode(_ encoded: some Collection<UInt8>, plusIsSpace: Bool) throws(DecodingError) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.count)
        var rest = encoded[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                    throw error(encoded, "two hexadecimal digits must follow a %")
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw error(encoded, "the decoded bytes are not UTF-8")
        }
        return text
    }

    private static func error(_ encoded: some Collection<UInt8>, _ reason: String) -> DecodingError {
        let text = String(decoding: encoded.prefix(64), as: UTF8.self)
        return DecodingError(text: text, description: "\"\(text)\" is not URL-encoded: \(reason)")
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
