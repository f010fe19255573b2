import HTTPSupport
import HTTPTypes
import NIOCore
import WireFormats

/// When a request is answered. Header `X-Heliograph-Ack`.
enum AcknowledgementLevel: String, CaseIterable {
    /// As soon as the records are in line: a crash may lose them.
    case accepted
    /// When they are on disk.
    case durable
    /// When they can be queried.
    case stored

    init(_ headers: HTTPFields) throws {
        guard let name = HTTPField.Name("X-Heliograph-Ack"), let text = headers[name] else {
            self = .durable
            return
        }
        guard let level = AcknowledgementLevel(rawValue: text.lowercased()) else {
            throw APIError(
                .badData, "X-Heliograph-Ack: expected accepted, durable or stored, got \"\(text.prefix(64))\"")
        }
        self = level
    }
}

/// What `Content-Type` says of the body's shape.
enum RequestShape {
    case unsaid, json, lines

    init(_ headers: HTTPFields) throws {
        guard let text = headers[.contentType] else {
            self = .unsaid
            return
        }
        let mediaType = text.prefix { $0 != ";" }.trimmedASCII.lowercased()
        switch mediaType {
        case "application/json", "text/json": self = .json
        case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines": self = .lines
        // What curl says when nobody says anything.
        case "", "application/x-www-form-urlencoded", "application/octet-stream", "text/plain": self = .unsaid
        default:
            throw APIError(
                .unsupportedMediaType,
                "Content-Type: expected application/json or application/x-ndjson, got \"\(mediaType.prefix(64))\"")
        }
    }

    /// Nil lets the decoder look for itself, as it does for JSON too: NDJSON is often sent as application/json.
    var contractShape: ContractShape? {
        switch self {
        case .unsaid, .json: nil
        case .lines: .lines
        }
    }
}

/// What `Content-Encoding` says.
enum BodyCoding {
    case identity, gzip, deflate, zstd, snappy

    init(_ headers: HTTPFields) throws {
        switch headers[.contentEncoding]?.trimmedASCII.lowercased() {
        case nil, "", "identity": self = .identity
        case "gzip", "x-gzip": self = .gzip
        case "deflate": self = .deflate
        case "zstd": self = .zstd
        case "snappy": self = .snappy
        case .some(let other):
            throw APIError(
                .unsupportedMediaType,
                "Content-Encoding: expected gzip, deflate, zstd, snappy or none, got \"\(other.prefix(64))\"")
        }
    }

    /// The body's own bytes, or nil if they are those that came.
    func decoded(_ body: ByteBuffer, limit: Int) throws(ContentDecodingError) -> [UInt8]? {
        switch self {
        case .identity: nil
        case .gzip: try ContentDecoding.gunzip(body.readableBytesUInt8Span, limit: limit)
        case .deflate: try ContentDecoding.inflate(body.readableBytesUInt8Span, limit: limit)
        case .zstd: try ContentDecoding.zstd(body.readableBytesUInt8Span, limit: limit)
        case .snappy: try ContentDecoding.snappy(body.readableBytesUInt8Span, limit: limit)
        }
    }
}

extension StringProtocol {
    var trimmedASCII: String {
        var text = Substring(self)
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
