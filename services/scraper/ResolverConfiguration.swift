import Foundation

/// Whom to ask for names, as `/etc/resolv.conf` says (resolv.conf(5)).
package struct ResolverConfiguration: Equatable, Sendable {
    package struct Server: Equatable, Sendable {
        package let address: String
        package var port = 53
    }

    static let path = "/etc/resolv.conf"

    package var servers: [Server] = []
    /// Ends that are tried for names with few dots.
    package var search: [String] = []
    /// With so many dots, a name is tried as it is first.
    package var dotsOfWholeNames = 1

    init() {}

    package init(reading text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            switch words.first {
            case "nameserver":
                if words.count > 1, servers.count < 3 { servers.append(Server(address: String(words[1]))) }
            case "search", "domain": search = words.dropFirst().prefix(6).map(String.init)
            case "options":
                for option in words where option.hasPrefix("ndots:") {
                    dotsOfWholeNames = min(15, max(0, Int(option.dropFirst(6)) ?? 1))
                }
            default: break
            }
        }
        if servers.isEmpty { servers = [Server(address: "127.0.0.1")] }
    }

    /// What this machine has; read at each call, as it changes with networks.
    static func current() -> ResolverConfiguration {
        let data = FileManager.default.contents(atPath: path) ?? Data()
        return ResolverConfiguration(reading: String(decoding: data.prefix(1 << 16), as: UTF8.self))
    }

    /// The names to ask for, one after the other until one has records.
    func candidates(for name: String) -> [String] {
        if name.hasSuffix(".") { return [name] }
        let longer = search.filter { $0 != "." }.map { "\(name).\($0)" }
        return name.count(where: { $0 == "." }) >= dotsOfWholeNames ? [name] + longer : longer + [name]
    }
}
