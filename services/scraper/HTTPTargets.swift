import ConfigurationYAML
import NIOCore
import ScrapeConfig

/// Target groups that a server answers with.
struct HTTPTargets: TargetSource {
    /// Bytes of an answer.
    private static let largestAnswer = 64 << 20

    let discovery: HTTPDiscovery
    let fetcher: HTTPFetcher
    private var last: [TargetGroup]?

    init(_ discovery: HTTPDiscovery, fetcher: HTTPFetcher) {
        self.discovery = discovery
        self.fetcher = fetcher
    }

    var pauseMilliseconds: Int64 { discovery.refreshMilliseconds }
    var name: String { discovery.url }

    mutating func look() async throws(ScrapeFailure) -> [TargetGroup]? {
        let headers = [
            ("Accept", "application/json"),
            ("X-Prometheus-Refresh-Interval-Seconds", "\(Double(discovery.refreshMilliseconds) / 1000)"),
        ]
        let answer = try await fetcher.get(
            discovery.url, headers: headers, timeoutMilliseconds: discovery.refreshMilliseconds,
            limit: Self.largestAnswer)
        guard answer.contentType.lowercased().hasPrefix("application/json") else {
            throw ScrapeFailure("expected Content-Type application/json, got \"\(answer.contentType.prefix(64))\"")
        }
        let groups: [TargetGroup]
        do throws(ConfigurationFault) {
            groups = try TargetGroup.groups(json: String(buffer: answer.body)).map {
                $0.adding("__meta_url", discovery.url)
            }
        } catch {
            throw ScrapeFailure(error.message)
        }
        defer { last = groups }
        return groups == last ? nil : groups
    }
}
