import Foundation

/// Why a server could not be spoken to.
enum HTTPFailure: Error, CustomStringConvertible {
    case address(String)
    case system(call: String, code: Int32)
    case closed
    case answer(String)

    var description: String {
        switch self {
        case .address(let url):
            "expected a URL like http://127.0.0.1:8428/api/v1/write, with an IPv4 address, not \(url)"
        case .system(let call, let code): "\(call): \(String(cString: strerror(code)))"
        case .closed: "the server closed the connection before it answered"
        case .answer(let text): "the server's answer is not HTTP/1.1 with a Content-Length: \(text.prefix(200))"
        }
    }
}

/// One HTTP/1.1 connection (RFC 9112) that is kept alive; requests one after the other. Not thread-safe. As little work a
/// request as there can be, because the server under test shares the machine.
final class HTTPConnection {
    private let socket: Int32
    private let path: String
    private let host: String
    private let headerFields: String
    private var received = [UInt8](repeating: 0, count: 65_536)

    /// - Parameter headerFields: of every request, each with its line's end.
    init(url: String, headerFields: String) throws {
        self.headerFields = headerFields
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host else {
            throw HTTPFailure.address(url)
        }
        let port = UInt16(exactly: parts.port ?? 80) ?? 80
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { throw HTTPFailure.address(url) }
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw HTTPFailure.system(call: "socket", code: errno) }
        self.host = "\(host):\(port)"
        path = parts.path.isEmpty ? "/" : parts.path
        // The address is a sockaddr_in for the length given, as AF_INET says.
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw HTTPFailure.system(call: "connect to \(url)", code: errno) }
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(socket) }

    /// Sends a request and waits for the whole answer.
    func post(_ body: UnsafeRawBufferPointer) throws -> (status: Int, text: String) {
        let head = Array(
            """
            POST \(path) HTTP/1.1\r
            Host: \(host)\r
            \(headerFields)User-Agent: heliograph-bench\r
            Content-Length: \(body.count)\r
            \r

            """.utf8)
        try head.withUnsafeBytes { try send($0, flags: Int32(MSG_MORE)) }
        try send(body, flags: 0)
        return try answer()
    }

    private func send(_ bytes: UnsafeRawBufferPointer, flags: Int32) throws {
        var sent = 0
        while sent < bytes.count {
            // The remaining bytes are within the buffer, which outlives the call.
            let count = Glibc.send(
                socket, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, flags | Int32(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw HTTPFailure.system(call: "send", code: errno) }
            sent += count
        }
    }

    private func answer() throws -> (status: Int, text: String) {
        var count = 0
        var headEnd: Int?
        while headEnd == nil {
            guard count < received.count else { throw HTTPFailure.answer("a head of more than \(count) bytes") }
            count += try receive(at: count)
            headEnd = received[..<count].firstRange(of: [13, 10, 13, 10])?.upperBound
        }
        let bodyStart = headEnd ?? count
        let head = String(decoding: received[..<bodyStart], as: UTF8.self)
        let lines = head.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw HTTPFailure.answer(head)
        }
        var length = 0
        if status != 204 {
            let field = lines.first { $0.lowercased().hasPrefix("content-length:") }
            guard let field, let given = Int(field.drop { $0 != ":" }.dropFirst().filter { $0 != " " }) else {
                throw HTTPFailure.answer(head)
            }
            length = given
        }
        guard bodyStart + length <= received.count else { throw HTTPFailure.answer("a body of \(length) bytes") }
        while count < bodyStart + length { count += try receive(at: count) }
        return (status, String(decoding: received[bodyStart..<bodyStart + length], as: UTF8.self))
    }

    private func receive(at offset: Int) throws -> Int {
        while true {
            let count = received.withUnsafeMutableBytes {
                // `offset` is within the buffer: the callers check.
                recv(socket, $0.baseAddress.map { $0 + offset }, $0.count - offset, 0)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw HTTPFailure.system(call: "recv", code: errno) }
            guard count > 0 else { throw HTTPFailure.closed }
            return count
        }
    }
}
