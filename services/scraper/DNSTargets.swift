import ScrapeConfig
import TelemetryModel

/// A target for each record of some names.
struct DNSTargets: TargetSource {
    let discovery: DNSDiscovery
    /// Nil for what this machine has.
    var resolver: ResolverConfiguration?
    private var last: [TargetGroup]?
    /// Of names that could be looked up at least once.
    private var groups: [String: TargetGroup] = [:]

    init(_ discovery: DNSDiscovery, resolver: ResolverConfiguration? = nil) {
        self.discovery = discovery
        self.resolver = resolver
    }

    var pauseMilliseconds: Int64 { discovery.refreshMilliseconds }
    var name: String { "\(discovery.record.rawValue) \(discovery.names.joined(separator: ", "))" }

    mutating func look() async throws(ScrapeFailure) -> [TargetGroup]? {
        let client = DNSClient(configuration: resolver ?? .current())
        var failure: ScrapeFailure?
        for name in discovery.names {
            do throws(ScrapeFailure) {
                let records = try await client.records(name, discovery.record.type)
                groups[name] = TargetGroup(
                    targets: records.map { labels($0) }, labels: LabelSet([Label("__meta_dns_name", name)]))
            } catch {
                failure = error
            }
        }
        let found = discovery.names.compactMap { groups[$0] }
        defer { last = found }
        if found != last, !found.isEmpty { return found }
        if let failure { throw failure }
        return nil
    }

    private func labels(_ record: DNSMessage.Content) -> LabelSet {
        var labels: [Label] = []
        switch record {
        case .address(let text):
            let host = text.contains(":") ? "[\(text)]" : text
            labels.append(Label(TargetLabel.address, "\(host):\(discovery.port)"))
        case .name(let name):
            let kind = discovery.record == .mx ? "mx" : "ns"
            labels.append(Label("__meta_dns_\(kind)_record_target", name + "."))
            labels.append(Label(TargetLabel.address, "\(name):\(discovery.port)"))
        case .service(let target, let port):
            labels.append(Label("__meta_dns_srv_record_target", target + "."))
            labels.append(Label("__meta_dns_srv_record_port", String(port)))
            labels.append(Label(TargetLabel.address, "\(target):\(port)"))
        }
        return LabelSet(labels)
    }
}

extension DNSDiscovery.Record {
    fileprivate var type: DNSMessage.RecordType {
        switch self {
        case .srv: .srv
        case .a: .a
        case .aaaa: .aaaa
        case .mx: .mx
        case .ns: .ns
        }
    }
}
