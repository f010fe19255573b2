import AccessControl
import Foundation
import HTTPSupport
import IngestionAPI
import Logging
import SelfMetrics
import Settings
import Synchronization
import TelemetryModel
import TokenStore

/// Who may use a running server, and how much: its tokens on disk, and what follows from them.
final class PlatformAccess: Sendable {
    let gate: AccessGate
    let limiter: IngestLimiter
    /// Shown by the simulated fleet; lives as long as the process, and allows sending only.
    let fleetToken = TokenSecret()

    private let database: TokenDatabase
    private let version = Mutex<Int64?>(nil)
    private let writtenCounts = Mutex<[String: Int]>([:])
    private let logger: Logger

    init(settings: HeliographSettings, registry: SeriesRegistry, metrics: MetricsRegistry, logger: Logger) throws {
        self.logger = logger
        let policy: AccessGate.Policy =
            switch settings.access.mode {
            case .required: .always
            case .open: .never
            // Where others can come, the door stays shut also when nobody has a key.
            case .auto: settings.addressForOthers == nil ? .onceThereAreTokens : .always
            }
        gate = AccessGate(policy: policy, metrics: metrics)
        limiter = IngestLimiter(
            rates: .init(
                perToken: settings.limits.recordsPerSecondPerToken,
                perSource: settings.limits.recordsPerSecondPerSource, burst: settings.limits.burst.seconds),
            registry: registry, metrics: metrics)
        database = try TokenDatabase(folder: settings.data.dir)
        let counts = try database.seriesCounts()
        limiter.restoreSeriesCounts(counts)
        writtenCounts.withLock { $0 = counts }
        try read()
    }

    /// Says why the server must not listen; nothing if it may.
    func checkMayListen(_ settings: HeliographSettings) throws {
        guard settings.access.mode == .auto, let address = settings.addressForOthers, !gate.hasValidToken else {
            return
        }
        throw CommandFailure(
            """
            \(address.setting): \(address.host) can be reached from other machines, and there is no valid token: everybody there \
            could read, write and delete. Make one with
              heliograph token create --data \(settings.data.dir) --name NAME --scope write,read,admin
            or listen on 127.0.0.1, or set access.mode to open if something else keeps strangers out.
            """)
    }

    /// Takes over what the command line has changed, and writes down what tokens have used. To be called now and then.
    func look() {
        do {
            try read()
            try writeCounts()
        } catch {
            logger.error("access.sqlite cannot be used; the tokens stay as they are", metadata: ["reason": "\(error)"])
        }
    }

    func close() throws {
        defer { try? database.close() }
        try writeCounts()
    }

    private func read() throws {
        let new = try database.version()
        let isNew = version.withLock { version in
            defer { version = new }
            return version != new
        }
        guard isNew else { return }
        do {
            gate.update(try database.tokens(), and: ownToken)
        } catch {
            version.withLock { $0 = nil }
            throw error
        }
    }

    private var ownToken: AccessToken {
        AccessToken(
            id: fleetToken.id, name: "demo", scope: .write, digest: fleetToken.digest,
            createdAt: 0)
    }

    private func writeCounts() throws {
        let counts = limiter.seriesCounts
        let changed = writtenCounts.withLock { written in counts.filter { written[$0.key] != $0.value } }
        guard !changed.isEmpty else { return }
        try database.setSeriesCounts(changed)
        writtenCounts.withLock { $0.merge(changed) { _, new in new } }
    }
}
