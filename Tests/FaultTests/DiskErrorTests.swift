import Dispatch
import FaultDisk
import IngestLog
import Processor
import TestSupport
import Testing

/// Operations that fail: the client is told, nothing acknowledged is lost, nothing refused counts, and when the fault is over
/// work goes on.
@Suite struct DiskErrorTests {
    let disks: Disks

    init() throws { disks = try Disks() }

    static let faults: [Fault] = [
        Fault(.ioError, at: .write, suffix: "log.sqlite-wal"),
        Fault(.noSpace, at: .write, suffix: "log.sqlite-wal"),
        Fault(.shortWrite, at: .write, suffix: "log.sqlite-wal"),
        Fault(.ioError, at: .sync, suffix: "log.sqlite-wal"),
        Fault(.ioError, at: .write, suffix: "log.sqlite"),
        Fault(.noSpace, at: .write, suffix: "log.sqlite"),
        Fault(.ioError, at: .sync, suffix: "log.sqlite"),
        Fault(.ioError, at: .read, suffix: "log.sqlite"),
        Fault(.ioError, at: .read, suffix: "log.sqlite-wal"),
        Fault(.ioError, at: .open, suffix: "log.sqlite"),
        Fault(.ioError, at: .write, suffix: ".tmp"),
        Fault(.noSpace, at: .write, suffix: ".tmp"),
        Fault(.ioError, at: .sync, suffix: ".tmp"),
        Fault(.ioError, at: .open, suffix: ".tmp"),
        Fault(.ioError, at: .rename),
        Fault(.ioError, at: .remove),
        Fault(.ioError, at: .syncFolder),
        Fault(.ioError, at: .truncate),
    ]

    /// The fault once, at the first operation that it concerns, then at a later one and so on until the workload is through
    /// without it.
    @Test(arguments: faults) func onceAtEveryStep(_ kind: Fault) async throws {
        var generator = SeededGenerator.seeded("onceAtEveryStep \(kind)")
        let seed = generator.next()
        var fault = kind
        var fired = 0
        var failures = 0
        while true {
            let disk = try disks.disk(seed: generator.next())
            disk.provoke(fault)
            var workload = Workload(seed: seed)
            try await run(&workload, on: disk, "\(fault)", using: &generator)
            if disk.firedFaults == 0 { break }
            fired += 1
            failures += workload.failures.count
            // Every step at first, then ever fewer of them.
            fault.nth += Int.random(in: 1...max(1, fault.nth / 2), using: &generator)
        }
        print(
            "\(kind.effect) at \(kind.operation.map { "\($0)" } ?? "any") of \(kind.suffix): \(fired) runs, \(failures) refused"
        )
        #expect(fired > 0 || kind.operation == .truncate || kind.operation == .remove)
    }

    /// The frames of a commit whose sync failed are in the WAL, whole: after a kill SQLite would take them for committed, had
    /// the log not written over them before it answered.
    @Test func aRequestRefusedForASyncDoesNotComeBackAfterAKill() async throws {
        var generator = SeededGenerator.seeded("aRequestRefusedForASyncDoesNotComeBackAfterAKill")
        for _ in 0..<faultRounds * 2 {
            let disk = try disks.disk(seed: generator.next())
            var workload = Workload(seed: generator.next())
            let node = try Node(disk.folder, files: disk.files)
            try await workload.run(on: node, requests: 5)
            disk.provoke(Fault(.ioError, at: .sync, suffix: "log.sqlite-wal"))
            try await workload.append(to: node)
            #expect(workload.failures.count == 1)
            try await workload.verify(node, "live")
            // Not told of a crash, the workload expects nothing of the refused request.
            try await workload.recover(on: disks.imageAfterKill(of: disk, seed: generator.next()), "killed")
            try node.stop()
        }
    }

    @Test func aFullDiskIsSaidAndPasses() async throws {
        var generator = SeededGenerator.seeded("aFullDiskIsSaidAndPasses")
        for round in 0..<faultRounds * 2 {
            let disk = try disks.disk(seed: generator.next())
            var workload = Workload(seed: generator.next())
            let node = try Node(disk.folder, files: disk.files)
            try await workload.run(on: node, requests: 3)
            disk.limitFreeSpace(to: Int.random(in: 0...60_000, using: &generator))
            try await workload.run(on: node, requests: 20)
            // All of that may have fitted: after a checkpoint the WAL is written from its beginning, into space it has. Now
            // nothing is folded in any more, so that it grows with every request.
            for _ in 0..<500 where workload.failures.isEmpty { try await workload.append(to: node) }
            #expect(workload.failures.first == .storageFull)
            #expect(workload.failures.allSatisfy { $0 == .storageFull })
            try await workload.verify(node, "round \(round), full")
            disk.clearFaults()
            await node.flush()
            #expect(!node.hasFailedToFlush)
            try await workload.append(to: node)
            try node.stop()
            try await workload.recover(on: disk, "round \(round)")
        }
    }

    /// Operations that fail from some moment on, until the node is stopped, killed, or the disk is well again.
    @Test(arguments: [DiskOperation.write, .sync, .rename, .syncFolder, .remove, .truncate])
    func fromSomeMomentOn(_ operation: DiskOperation) async throws {
        var generator = SeededGenerator.seeded("fromSomeMomentOn \(operation)")
        for round in 0..<faultRounds {
            let disk = try disks.disk(seed: generator.next())
            var workload = Workload(seed: generator.next())
            let node = try Node(disk.folder, files: disk.files)
            let nth = Int.random(in: 1...20, using: &generator)
            disk.provoke(Fault(.ioError, at: operation, nth: nth, persists: true))
            try await workload.run(on: node, requests: 12)
            try await workload.verify(node, "round \(round), failing")
            var killed = workload
            killed.crash()
            let image = try disks.imageAfterKill(of: disk, seed: generator.next())
            if generator.next() % 2 == 0 {
                disk.clearFaults()
                await node.flush()
                #expect(!node.hasFailedToFlush)
                try await workload.append(to: node)
                try node.stop()
            } else {
                try? node.stop()
                workload.crash()
                disk.clearFaults()
            }
            try await workload.recover(on: disk, "round \(round), \(operation)")
            try await killed.recover(on: image, "round \(round), \(operation), killed")
        }
    }

    /// A processor that has fallen behind reads the log. If it cannot, it tries again, but not when it shall stop.
    @Test func aNodeWhoseLogCannotBeReadCanBeStopped() async throws {
        var generator = SeededGenerator.seeded("aNodeWhoseLogCannotBeReadCanBeStopped")
        let disk = try disks.disk(seed: generator.next())
        var workload = Workload(seed: generator.next())
        let node = try Node(disk.folder, files: disk.files, bufferedRecords: 0)
        try await workload.run(on: node, requests: 3)
        await node.processor.waitUntilVisible()
        disk.provoke(Fault(.ioError, at: .read, suffix: "log.sqlite-wal", persists: true))
        try await workload.append(to: node)
        #expect(await !node.becomesVisible())
        try #require(await node.stops(within: .seconds(60)))
        disk.clearFaults()
        try await workload.recover(on: disk, "stopped")
    }

    private func run(
        _ workload: inout Workload, on disk: FaultDisk, _ when: String, using generator: inout SeededGenerator
    ) async throws {
        let node: Node
        do {
            node = try Node(disk.folder, files: disk.files)
        } catch {
            // Said at the start; the next start is without the fault.
            #expect(disk.firedFaults == 1)
            try await workload.recover(on: disk, "\(when), at start")
            return
        }
        try await workload.run(on: node, requests: 12)
        // Whatever the seed chose, there was a flush and a checkpoint.
        await node.flush()
        try? node.checkpoint()
        try await workload.append(to: node)
        #expect(workload.failures.allSatisfy { $0 == .storageFull || $0.isWriteFailure }, "\(when)")
        var afterPowerLoss = workload
        afterPowerLoss.crash()
        let image = try disks.image(of: disk, seed: generator.next())

        if generator.next() % 2 == 0 {
            disk.clearFaults()
            try await workload.verify(node, "\(when), live")
            await node.flush()
            #expect(!node.hasFailedToFlush, "\(when)")
            try await workload.append(to: node)
            try node.stop()
        } else {
            // It may come while the files are closed, too.
            do { try node.stop() } catch { workload.crash() }
            disk.clearFaults()
        }
        try await workload.recover(on: disk, when)
        try await afterPowerLoss.recover(on: image, "\(when), after a power loss")
    }
}

extension LogAppendError {
    fileprivate var isWriteFailure: Bool { if case .writeFailed = self { true } else { false } }
}
