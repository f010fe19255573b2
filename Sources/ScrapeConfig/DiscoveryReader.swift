import ConfigurationYAML
import Yams

/// Reads where the targets of a job come from.
struct DiscoveryReader {
    let directory: String

    func discoveries(_ fields: ConfigurationFields) throws(ConfigurationFault) -> [Discovery] {
        var discoveries: [Discovery] = []
        var groups: [TargetGroup] = []
        for node in try fields.list("static_configs") ?? [] { groups.append(try TargetGroup(yaml: node)) }
        if !groups.isEmpty { discoveries.append(.fixed(groups)) }
        for node in try fields.list("file_sd_configs") ?? [] { discoveries.append(.files(try files(node))) }
        for node in try fields.list("dns_sd_configs") ?? [] { discoveries.append(.dns(try dns(node))) }
        for node in try fields.list("http_sd_configs") ?? [] { discoveries.append(.http(try http(node))) }
        return discoveries
    }

    private func files(_ node: Node) throws(ConfigurationFault) -> FileDiscovery {
        let fields = try ConfigurationFields(
            node, place: "an element of `file_sd_configs`", keys: ["files", "refresh_interval"])
        let nodes = try fields.list("files") ?? []
        guard !nodes.isEmpty else {
            throw ConfigurationFault(at: node, "`file_sd_configs` needs at least one path in `files`")
        }
        var paths: [String] = []
        for node in nodes {
            let path = try node.text(of: "files")
            let last = path.split(separator: "/").last.map(String.init) ?? ""
            guard ["json", "yml", "yaml"].contains(last.split(separator: ".").last.map { $0.lowercased() } ?? ""),
                !path.dropLast(last.count).contains("*")
            else {
                throw ConfigurationFault(
                    at: node,
                    "`files` takes paths that end in .json, .yml or .yaml and may have a * in the last part, but this is "
                        + node.inWords)
            }
            paths.append(ConfigurationPath.resolve(path, in: directory))
        }
        return FileDiscovery(
            paths: paths, refreshMilliseconds: try fields.positiveDuration("refresh_interval") ?? 300_000)
    }

    private func dns(_ node: Node) throws(ConfigurationFault) -> DNSDiscovery {
        let fields = try ConfigurationFields(
            node, place: "an element of `dns_sd_configs`", keys: ["names", "type", "port", "refresh_interval"])
        let names = try fields.texts("names") ?? []
        guard !names.isEmpty else {
            throw ConfigurationFault(at: node, "`dns_sd_configs` needs at least one name in `names`")
        }
        let type = try fields.text("type") ?? "SRV"
        guard let record = DNSDiscovery.Record(rawValue: type.uppercased()) else {
            throw ConfigurationFault(
                at: fields["type"], "`type` is SRV, A, AAAA, MX or NS, but this is `\(type.prefix(80))`")
        }
        let port = try fields.wholeNumber("port", in: 0...65_535) ?? 0
        guard port > 0 || record == .srv else {
            throw ConfigurationFault(at: node, "`dns_sd_configs` needs a `port` for records of type \(record.rawValue)")
        }
        return DNSDiscovery(
            names: names, record: record, port: port,
            refreshMilliseconds: try fields.positiveDuration("refresh_interval") ?? 30_000)
    }

    private func http(_ node: Node) throws(ConfigurationFault) -> HTTPDiscovery {
        let fields = try ConfigurationFields(
            node, place: "an element of `http_sd_configs`", keys: ["url", "refresh_interval"] + HTTPAccessReader.keys)
        let url = try fields.requiredText("url")
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw ConfigurationFault(
                at: fields["url"], "`url` begins with http:// or https://, but this is `\(url.prefix(80))`")
        }
        return HTTPDiscovery(
            url: url, access: try HTTPAccessReader(directory: directory).access(fields),
            refreshMilliseconds: try fields.positiveDuration("refresh_interval") ?? 60_000)
    }
}
