import TelemetryModel

/// Something that goes wrong with one source of the simulated fleet for a while.
package struct Incident: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// The source sends nothing, and starts anew when it is over.
        case outage
        case latencySpike = "latency_spike"
        case errorBurst = "error_burst"
        /// Memory grows until the source is started anew.
        case memoryLeak = "memory_leak"
    }

    package let kind: Kind
    /// Position of the source in the fleet, from 0.
    package let source: Int
    /// Milliseconds since 1970, start inclusive, end exclusive.
    package let start: Int64
    package let end: Int64
    /// How bad it gets, 0...1.
    package let strength: Double

    /// Requests take this many times as long.
    var latencyFactor: Double { kind == .latencySpike ? 4 + 8 * strength : kind == .errorBurst ? 1.4 : 1 }
    /// Share of requests that fail, in addition to the usual ones.
    var errorRatio: Double {
        switch kind {
        case .errorBurst: 0.06 + 0.24 * strength
        case .latencySpike: 0.01
        case .outage, .memoryLeak: 0
        }
    }
    /// Requests that wait, in addition to the usual ones.
    var extraQueue: Double { kind == .latencySpike ? 20 + 60 * strength : 0 }
    var silencesSource: Bool { kind == .outage }
    var endsWithRestart: Bool { kind == .outage || kind == .memoryLeak }

    /// Points of memory in use that have leaked by this moment.
    func leakedMemory(at timestamp: Int64) -> Double {
        guard kind == .memoryLeak, end > start else { return 0 }
        return (15 + 25 * strength) * Double(max(0, timestamp - start)) / Double(end - start)
    }

    var startSeverity: Severity {
        switch kind {
        case .outage: .critical
        case .errorBurst: .error
        case .latencySpike, .memoryLeak: .warning
        }
    }

    func startMessage(source name: String) -> String {
        switch kind {
        case .outage: "\(name) stopped answering"
        case .latencySpike: "Requests to \(name) take \(Int(latencyFactor.rounded())) times as long as usual"
        case .errorBurst: "\(Int((errorRatio * 100).rounded())) % of the requests to \(name) fail"
        case .memoryLeak: "Memory use of \(name) keeps growing"
        }
    }

    func endMessage(source name: String) -> String {
        let minutes = max(1, (end - start + 30_000) / 60_000)
        let duration = minutes == 1 ? "1 minute" : "\(minutes) minutes"
        return switch kind {
        case .outage: "\(name) answers again after \(duration); it was restarted"
        case .latencySpike: "Requests to \(name) are as fast as usual again after \(duration)"
        case .errorBurst: "Requests to \(name) succeed again after \(duration)"
        case .memoryLeak: "\(name) was restarted after \(duration) of growing memory use"
        }
    }
}
