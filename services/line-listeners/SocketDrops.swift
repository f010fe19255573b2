import Foundation

/// Datagrams that did not fit into a socket's buffer, as Linux counts them (man 5 proc, /proc/net/udp).
enum SocketDrops {
    /// Of all UDP sockets of this port; 0 where the kernel does not say.
    static func count(port: Int) -> Int {
        guard port > 0 else { return 0 }
        return ["/proc/net/udp", "/proc/net/udp6"].reduce(0) { sum, path in
            sum + ((try? String(contentsOfFile: path, encoding: .utf8)).map { count(port: port, in: $0) } ?? 0)
        }
    }

    /// The second field is `address:port` in hexadecimal, the last one the count.
    static func count(port: Int, in table: String) -> Int {
        table.split(separator: "\n").dropFirst().reduce(0) { sum, line in
            let fields = line.split(separator: " ")
            guard fields.count > 2, let text = fields[1].split(separator: ":").last, Int(text, radix: 16) == port,
                let drops = fields.last.flatMap({ Int($0) })
            else { return sum }
            return sum + drops
        }
    }
}
