/// Questions to and answers of the domain name system, as bytes (RFC 1035, section 4; RFC 2782 for SRV; RFC 3596 for AAAA).
package enum DNSMessage {
    package enum RecordType: UInt16, Sendable { case a = 1, ns = 2, cname = 5, mx = 15, aaaa = 28, srv = 33 }

    package enum Content: Equatable, Sendable {
        /// As text.
        case address(String)
        /// MX and NS.
        case name(String)
        case service(target: String, port: Int)
    }

    package struct Answer: Equatable, Sendable {
        /// It did not fit, and is to be asked for over TCP.
        package var isTruncated = false
        /// 0 for success, 3 for a name that does not exist (RFC 1035, section 4.1.1).
        package var code = 0
        package var records: [Content] = []
    }

    package struct Malformed: Error, Equatable {}

    /// A question for one name, with the wish that the server ask on.
    ///
    /// - Throws: if the name has an empty or too long part.
    static func question(_ name: String, _ type: RecordType, id: UInt16) throws(Malformed) -> [UInt8] {
        var message = big(id) + big(0x0100) + big(1) + big(0) + big(0) + big(0)
        for part in name.split(separator: ".", omittingEmptySubsequences: false)
        where !(part.isEmpty && name.hasSuffix(".")) {
            guard (1...63).contains(part.utf8.count) else { throw Malformed() }
            message.append(UInt8(part.utf8.count))
            message += Array(part.utf8)
        }
        message.append(0)
        guard message.count <= 12 + 255 else { throw Malformed() }
        return message + big(type.rawValue) + big(1)
    }

    /// The records of the wanted type in an answer; others, such as CNAME, are passed over.
    ///
    /// - Parameter id: of the question; another one's answer is malformed.
    package static func answer(_ bytes: [UInt8], id: UInt16, type: RecordType) throws(Malformed) -> Answer {
        var reader = Reader(bytes: bytes)
        guard try reader.number() == id else { throw Malformed() }
        let flags = try reader.number()
        // An answer, not a question.
        guard flags & 0x8000 != 0 else { throw Malformed() }
        var answer = Answer(isTruncated: flags & 0x0200 != 0, code: Int(flags & 0x000F))
        let (questions, answers) = (try reader.number(), try reader.number())
        try reader.skip(4)
        for _ in 0..<questions {
            _ = try reader.name()
            try reader.skip(4)
        }
        for _ in 0..<answers {
            // What is missing of a truncated answer is asked for again.
            if answer.isTruncated { break }
            _ = try reader.name()
            let found = try reader.number()
            // Class and time to live.
            try reader.skip(6)
            let length = Int(try reader.number())
            let end = reader.index + length
            guard end <= bytes.count else { throw Malformed() }
            if found == type.rawValue { answer.records.append(try content(type, &reader, length)) }
            reader.index = end
        }
        return answer
    }

    private static func content(_ type: RecordType, _ reader: inout Reader, _ length: Int) throws(Malformed) -> Content
    {
        switch type {
        case .a:
            guard length == 4 else { throw Malformed() }
            return .address(try reader.take(4).map(String.init).joined(separator: "."))
        case .aaaa:
            guard length == 16 else { throw Malformed() }
            return .address(IPv6Text.text(try reader.take(16)))
        case .srv:
            // Priority and weight.
            try reader.skip(4)
            let port = Int(try reader.number())
            return .service(target: try reader.name(), port: port)
        case .mx:
            try reader.skip(2)
            return .name(try reader.name())
        case .ns, .cname: return .name(try reader.name())
        }
    }

    private static func big(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        mutating func take(_ count: Int) throws(Malformed) -> [UInt8] {
            guard count <= bytes.count - index else { throw Malformed() }
            defer { index += count }
            return Array(bytes[index..<index + count])
        }

        mutating func skip(_ count: Int) throws(Malformed) { _ = try take(count) }

        mutating func number() throws(Malformed) -> UInt16 {
            let pair = try take(2)
            return UInt16(pair[0]) << 8 | UInt16(pair[1])
        }

        /// Without a dot at its end. Parts may stand earlier in the message (RFC 1035, section 4.1.4).
        mutating func name() throws(Malformed) -> String {
            var parts: [String] = []
            var place = index
            var end: Int?
            // A name has at most 255 bytes, and so less than 128 parts; more jumps than that go in a circle.
            for _ in 0..<256 {
                guard place < bytes.count else { throw Malformed() }
                let length = Int(bytes[place])
                switch length {
                case 0:
                    index = end ?? place + 1
                    return parts.joined(separator: ".")
                case 1...63:
                    guard place + 1 + length <= bytes.count else { throw Malformed() }
                    parts.append(String(decoding: bytes[place + 1..<place + 1 + length], as: UTF8.self))
                    place += 1 + length
                case 192...255:
                    guard place + 1 < bytes.count else { throw Malformed() }
                    if end == nil { end = place + 2 }
                    place = (length & 0x3F) << 8 | Int(bytes[place + 1])
                default: throw Malformed()
                }
            }
            throw Malformed()
        }
    }
}

/// IPv6 addresses as text (RFC 5952): small hexadecimal digits, and `::` for the first of the longest runs of zeros.
enum IPv6Text {
    /// - Parameter bytes: 16 of them.
    static func text(_ bytes: [UInt8]) -> String {
        let groups = stride(from: 0, to: bytes.count - 1, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        var longest = 0..<0
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start > max(1, longest.count) { longest = start..<end }
            start = max(end, start + 1)
        }
        func hex(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        guard !longest.isEmpty else { return hex(groups[...]) }
        return "\(hex(groups[..<longest.lowerBound]))::\(hex(groups[longest.upperBound...]))"
    }
}
