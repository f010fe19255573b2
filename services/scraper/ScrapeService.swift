import Foundation
import Logging
package import ScrapeConfig
import ServiceLifecycle
import Synchronization

/// Scrapes what a `prometheus.yml` names, until the server is told to stop. A new configuration can be given at any time.
package final class ScrapeService: Service {
    private let environment: ScrapeEnvironment
    private let pools = Mutex<[ScrapePool]>([])
    private let turn = ReloadTurn()

    package init(_ environment: ScrapeEnvironment) { self.environment = environment }

    /// Scrapes for these jobs, and for no others. Jobs that are as they were go on undisturbed.
    package func apply(_ configuration: ScrapeConfiguration) async {
        for note in configuration.notes { environment.logger.notice("scrape configuration: \(note)") }
        await turn.take { [self] in
            let current = pools.withLock { $0 }
            var next: [ScrapePool] = []
            for job in configuration.jobs {
                if let pool = current.first(where: { $0.name == job.name }) {
                    next.append(pool)
                } else {
                    next.append(ScrapePool(job, environment, seed: Self.seed))
                }
            }
            let kept = next
            pools.withLock { $0 = kept }
            for pool in current where !next.contains(where: { $0 === pool }) { await pool.stop(endsSeries: true) }
            for (pool, job) in zip(next, configuration.jobs) {
                let isNew = !current.contains { $0 === pool }
                if !isNew, await pool.job == job { continue }
                await pool.run(job)
            }
        }
    }

    package func run() async throws {
        try? await gracefulShutdown()
        await turn.take { [self] in
            for pool in pools.withLock({ $0 }) { await pool.stop(endsSeries: false) }
        }
    }

    // MARK: What there is

    /// In the order of the file.
    var poolNames: [String] { pools.withLock { $0 }.map(\.name) }

    func activeTargets(of pool: String?) async -> [ActiveTarget] {
        var targets: [ActiveTarget] = []
        for each in pools.withLock({ $0 }) where pool == nil || each.name == pool { targets += await each.targets }
        return targets
    }

    func droppedTargets(of pool: String?) async -> (targets: [DroppedTarget], counts: [(pool: String, count: Int)]) {
        var targets: [DroppedTarget] = []
        var counts: [(String, Int)] = []
        for each in pools.withLock({ $0 }) where pool == nil || each.name == pool {
            targets += await each.droppedTargets
            counts.append((each.name, await each.droppedCount))
        }
        return (targets, counts)
    }

    /// Of this machine, so that two that scrape the same targets do not come at the same moments.
    private static let seed: UInt64 = ProcessInfo.processInfo.hostName.utf8.reduce(0xcbf2_9ce4_8422_2325) {
        ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
}

/// Lets one change of the configuration after the other be made.
actor ReloadTurn {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take(_ work: @Sendable () async -> Void) async {
        if isTaken { await withCheckedContinuation { waiting.append($0) } }
        isTaken = true
        await work()
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
