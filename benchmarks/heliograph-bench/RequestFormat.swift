import ArgumentParser

/// A protocol in which a workload is sent. The raw value stands in a `RequestFile`.
enum RequestFormat: UInt64, CaseIterable, Sendable {
    case remoteWrite, lineProtocol, contract

    var name: String {
        switch self {
        case .remoteWrite: "remote-write"
        case .lineProtocol: "line-protocol"
        case .contract: "contract"
        }
    }

    /// The fields of a request that say what its body is, each with its line's end.
    var headerFields: String {
        switch self {
        case .remoteWrite:
            "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n"
                + "X-Prometheus-Remote-Write-Version: 0.1.0\r\n"
        case .lineProtocol: "Content-Type: text/plain; charset=utf-8\r\n"
        case .contract: "Content-Type: application/x-ndjson\r\n"
        }
    }

    func encoder(of workload: Workload) -> any RequestEncoder {
        switch self {
        case .remoteWrite: RemoteWriteEncoder(workload)
        case .lineProtocol: LineProtocolEncoder(workload)
        case .contract: ContractEncoder(workload)
        }
    }
}

extension RequestFormat: ExpressibleByArgument {
    init?(argument: String) {
        guard let format = RequestFormat.allCases.first(where: { $0.name == argument }) else { return nil }
        self = format
    }

    static var allValueStrings: [String] { allCases.map(\.name) }
}

/// Writes the bodies of requests, one after the other: `begin`, `append` for each series, `finish`.
protocol RequestEncoder {
    /// Bytes of the last body before it was compressed.
    var messageByteCount: Int { get }

    mutating func begin()

    /// Adds a series' consecutive samples; timestamps in milliseconds since 1970. Series come in ascending order.
    mutating func append(series: Int, samples: Int, sample: (Int) -> (timestamp: Int64, value: Double))

    /// The request's body.
    mutating func finish() -> [UInt8]
}
