import Foundation
import Logging
import ScrapeConfig
import TelemetryModel

/// The targets of one job: follows what is discovered, and has a loop for each.
actor ScrapePool {
    /// Dropped targets that are kept to be shown when the job does not say how many.
    private static let keptDroppedTargets = 1000

    private struct Running {
        let loop: TargetLoop
        let task: Task<Void, Never>
        /// Of the target alone.
        let ownFetcher: HTTPFetcher?
    }

    nonisolated let name: String
    private let environment: ScrapeEnvironment
    private let seed: UInt64
    private(set) var job: ScrapeJob
    private var fetchers: [HTTPFetcher] = []
    private var discoveries: [Task<Void, Never>] = []
    /// By discovery; nil before its first look.
    private var groups: [[TargetGroup]?] = []
    private var running: [ScrapeTarget: Running] = [:]
    /// Loops that ended when the job changed, whose series are to go on with its new ones.
    private var predecessors: [LabelSet: TargetLoop] = [:]
    private var endings: [UUID: Task<Void, Never>] = [:]
    private var dropped: [DroppedTarget] = []
    private(set) var droppedCount = 0
    /// What changes with each new job, so that discoveries of an old one are not listened to.
    private var generation = 0

    init(_ job: ScrapeJob, _ environment: ScrapeEnvironment, seed: UInt64) {
        name = job.name
        self.job = job
        self.environment = environment
        self.seed = seed
    }

    /// In the order of their addresses.
    var targets: [ActiveTarget] {
        running.map { target, running in
            ActiveTarget(
                pool: name, target: target, status: running.loop.status, metadata: running.loop.metadata)
        }
        .sorted { ($0.target.url, $0.target.allLabels) < ($1.target.url, $1.target.allLabels) }
    }

    var droppedTargets: [DroppedTarget] { dropped }

    // MARK: Jobs

    /// Begins to scrape for the job; one that was set before ends.
    func run(_ job: ScrapeJob) async {
        let old = fetchers
        fetchers = []
        await stopDiscoveries()
        for (target, running) in await stopLoops() { predecessors[target.labels] = running }
        for fetcher in old { await fetcher.shutdown() }
        self.job = job
        generation += 1
        groups = Array(repeating: nil, count: job.discoveries.count)
        if job.discoveries.isEmpty { await sync() }
        for (index, discovery) in job.discoveries.enumerated() { await begin(discovery, index) }
    }

    /// Ends everything.
    ///
    /// - Parameter endsSeries: whether the series of the targets end, too, which is done some time later.
    func stop(endsSeries: Bool) async {
        generation += 1
        await stopDiscoveries()
        for (_, loop) in await stopLoops() where endsSeries { end(loop) }
        for fetcher in fetchers { await fetcher.shutdown() }
        fetchers = []
        guard !endsSeries else { return }
        let tasks = Array(endings.values)
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    private func begin(_ discovery: Discovery, _ index: Int) async {
        switch discovery {
        case .fixed(let groups): await found(groups, at: index, of: generation)
        case .files(let files): watch(FileTargets(files), index)
        case .dns(let dns): watch(DNSTargets(dns), index)
        case .http(let http):
            do throws(ScrapeFailure) {
                let fetcher = try HTTPFetcher(http.access, host: URL(string: http.url)?.host())
                fetchers.append(fetcher)
                watch(HTTPTargets(http, fetcher: fetcher), index)
            } catch {
                environment.logger.error(
                    "targets cannot be looked up", metadata: ["at": "\(http.url)", "error": "\(error.message)"])
                await found([], at: index, of: generation)
            }
        }
    }

    private func watch(_ source: some TargetSource, _ index: Int) {
        discoveries.append(
            Task { [generation, environment] in
                await source.watch(logger: environment.logger) { groups in
                    await self.found(groups, at: index, of: generation)
                }
            })
    }

    private func found(_ groups: [TargetGroup], at index: Int, of generation: Int) async {
        guard generation == self.generation, self.groups.indices.contains(index) else { return }
        self.groups[index] = groups
        await sync()
    }

    private func stopDiscoveries() async {
        let tasks = discoveries
        discoveries = []
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    // MARK: Targets

    /// Begins loops for targets that are new and ends those of targets that are gone.
    private func sync() async {
        let wanted = labelledTargets()
        let obstacle =
            job.limits.targets > 0 && wanted.count > job.limits.targets
            ? "target_limit exceeded (number of targets: \(wanted.count), limit: \(job.limits.targets))" : nil
        let gone = running.filter { !wanted.contains($0.key) }
        for target in gone.keys { running[target] = nil }
        for target in wanted where running[target] == nil { begin(target) }
        for loop in running.values { loop.loop.setObstacle(obstacle) }
        for running in gone.values {
            await stop(running)
            end(running.loop)
        }
        // What no new target took over when all discoveries have been heard is gone.
        guard !groups.contains(where: { $0 == nil }) else { return }
        for loop in predecessors.values { end(loop) }
        predecessors = [:]
    }

    private func labelledTargets() -> Set<ScrapeTarget> {
        var targets: Set<ScrapeTarget> = []
        dropped = []
        droppedCount = 0
        let kept = job.limits.keptDroppedTargets > 0 ? job.limits.keptDroppedTargets : Self.keptDroppedTargets
        for group in groups.compactMap({ $0 }).joined() {
            for own in group.targets {
                switch job.target(own, in: group) {
                case .target(let target): targets.insert(target)
                case .dropped(let discovered):
                    droppedCount += 1
                    if dropped.count < kept { dropped.append(DroppedTarget(pool: name, discovered: discovered)) }
                case .invalid(let reason, let discovered):
                    environment.logger.error(
                        "what was discovered is no target",
                        metadata: ["job": "\(name)", "labels": "\(discovered)", "reason": "\(reason)"])
                }
            }
        }
        return targets
    }

    private func begin(_ target: ScrapeTarget) {
        let host = URL(string: target.url)?.host()
        let needsOwn = target.url.hasPrefix("https:") && !job.access.tls.serverName.isEmpty
        do throws(ScrapeFailure) {
            let fetcher: HTTPFetcher
            if needsOwn {
                fetcher = try HTTPFetcher(job.access, host: host)
            } else {
                fetcher = try sharedFetcher()
            }
            let loop = TargetLoop(
                target, job, environment, fetcher: fetcher, seed: seed,
                predecessor: predecessors.removeValue(forKey: target.labels))
            environment.loops.insert(loop)
            running[target] = Running(
                loop: loop, task: Task { await loop.run() }, ownFetcher: needsOwn ? fetcher : nil)
        } catch {
            environment.logger.error(
                "a target cannot be scraped",
                metadata: ["job": "\(name)", "target": "\(target.url)", "error": "\(error.message)"])
        }
    }

    private var shared: HTTPFetcher?

    private func sharedFetcher() throws(ScrapeFailure) -> HTTPFetcher {
        if let shared { return shared }
        let fetcher = try HTTPFetcher(job.access, host: nil)
        shared = fetcher
        return fetcher
    }

    private func stop(_ running: Running) async {
        running.task.cancel()
        await running.task.value
        environment.loops.remove(running.loop)
        await running.ownFetcher?.shutdown()
    }

    /// - Returns: the loops, by their targets.
    private func stopLoops() async -> [(ScrapeTarget, TargetLoop)] {
        let all = running
        running = [:]
        for running in all.values { running.task.cancel() }
        for running in all.values { await stop(running) }
        let client = shared
        shared = nil
        await client?.shutdown()
        return all.map { ($0.key, $0.value.loop) }
    }

    private func end(_ loop: TargetLoop) {
        let id = UUID()
        endings[id] = Task {
            await loop.endSeries()
            self.endings[id] = nil
        }
    }
}
