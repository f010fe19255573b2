import FaultDisk
import IngestLog
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
            fault.nth += Int.random(in: 1...max(1, fault.nth / 3), using: &generator)
        }
        print("\(kind.effect) at \(kind.operation.map { "\($0)" } ?? "any") of \(kind.suffix): \(fired) runs, \(failures) refused")
        #expect(fired > 0 || kind.operation == .truncate || kind.operation == .remove)
    }

    /// A commit whose sync failed was refused, and is not there as long as the process lives. It may be there in full after a
    /// kill that comes before the next commit: its frames were written, and nothing has been written over them.
    @Test func aRequestRefusedForASyncIsInDoubtUntilTheNextCommit() async throws {
        var generator = SeededGenerator.seeded("aRequestRefusedForASyncIsInDoubtUntilTheNextCommit")
        var returned = 0
        for _ in 0..<faultRounds * 3 {
            let disk = try disks.disk(seed: generator.next())
            var workload = Workload(seed: generator.next())
            let node = try Node(disk.folder, files: disk.files)
            try await workload.run(on: node, requests: 5)
            try await workload.verify(node, "before")
            let received = workload.acknowledgedRecords
            disk.provoke(Fault(.ioError, at: .sync, suffix: "log.sqlite-wal"))
            try await workload.append(to: node)
            #expect(workload.failures.count == 1)
            try await workload.verify(node, "live")
            #expect(workload.acknowledgedRecords == received)

            var killed = workload
            killed.crash()
            let image = try disks.imageAfterKill(of: disk, seed: generator.next())
            let successor = try Node(image.folder, files: image.files)
            try await killed.verify(successor, "killed")
            if killed.acknowledgedRecords > received { returned += 1 }
            try successor.stop()

            try await workload.append(to: node)
            workload.crash()
            let later = try disks.imageAfterKill(of: disk, seed: generator.next())
            try await workload.recover(on: later, "killed after the next commit")
            try node.stop()
        }
        print("returned after a kill: \(returned) of \(faultRounds * 3)")
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
        #expect(workload.failures.allSatisfy { $0 == .storageFull || $0.isWriteFailure }, "\(when)")
        disk.clearFaults()
        try await workload.verify(node, "\(when), live")

        var afterPowerLoss = workload
        afterPowerLoss.crash()
        let image = try disks.image(of: disk, seed: generator.next())
        try await afterPowerLoss.recover(on: image, "\(when), after a power loss")

        await node.flush()
        #expect(!node.hasFailedToFlush, "\(when)")
        try await workload.append(to: node)
        try node.stop()
        try await workload.recover(on: disk, when)
    }
}

extension LogAppendError {
    fileprivate var isWriteFailure: Bool { if case .writeFailed = self { true } else { false } }
}
