/// What a client asks for with Prometheus' remote-read protocol
/// (https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/): message `ReadRequest`.
package struct RemoteReadRequest: Equatable, Sendable {
    package enum ResponseType: UInt64, Sendable {
        case samples = 0
        case streamedXORChunks = 1
    }

    package enum MatcherType: UInt64, Sendable {
        case equal = 0
        case notEqual = 1
        case matches = 2
        case doesNotMatch = 3
    }

    package struct Matcher: Equatable, Sendable {
        package var type = MatcherType.equal
        package var name = ""
        package var value = ""
    }

    package struct Query: Equatable, Sendable {
        /// Milliseconds since 1970, both inclusive.
        package var from: Int64 = 0
        package var through: Int64 = 0
        package var matchers: [Matcher] = []
    }

    package private(set) var queries: [Query] = []
    /// In order of preference; those that are not known are left out, and `acceptsUnknown` says so.
    package private(set) var responseTypes: [ResponseType] = []
    package private(set) var namesResponseTypes = false

    /// The form of the answer: the first one accepted; samples if the client does not say; nil if none is known here.
    package var responseType: ResponseType? { namesResponseTypes ? responseTypes.first : .samples }

    package init(_ message: [UInt8]) throws(ProtobufError) {
        var reader = ProtobufReader(message)
        while let field = try reader.next() {
            switch field {
            case (1, .bytes(let range)): queries.append(try Query(message, range))
            case (2, .varint(let type)): accept(type)
            case (2, .bytes(let range)):
                var packed = ProtobufReader(message, in: range)
                while !packed.isAtEnd { accept(try packed.varint()) }
            default: break
            }
        }
    }

    private mutating func accept(_ type: UInt64) {
        namesResponseTypes = true
        if let type = ResponseType(rawValue: type) { responseTypes.append(type) }
    }
}

extension RemoteReadRequest.Query {
    fileprivate init(_ message: [UInt8], _ range: Range<Int>) throws(ProtobufError) {
        var reader = ProtobufReader(message, in: range)
        while let field = try reader.next() {
            switch field {
            case (1, .varint(let time)): from = Int64(bitPattern: time)
            case (2, .varint(let time)): through = Int64(bitPattern: time)
            case (3, .bytes(let range)): matchers.append(try RemoteReadRequest.Matcher(message, range))
            default: break
            }
        }
    }
}

extension RemoteReadRequest.Matcher {
    fileprivate init(_ message: [UInt8], _ range: Range<Int>) throws(ProtobufError) {
        var reader = ProtobufReader(message, in: range)
        while let field = try reader.next() {
            switch field {
            case (1, .varint(let number)):
                guard let type = RemoteReadRequest.MatcherType(rawValue: number) else {
                    throw ProtobufError(offset: range.lowerBound, reason: "expected a matcher's type from 0 to 3")
                }
                self.type = type
            case (2, .bytes(let range)): name = try reader.string(range)
            case (3, .bytes(let range)): value = try reader.string(range)
            default: break
            }
        }
    }
}
