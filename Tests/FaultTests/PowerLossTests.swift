import EmbeddedStore
import FaultDisk
import Foundation
import TestSupport
import Testing

/// The same workload with the power going at some step: what was acknowledged is there, and work goes on.
@Suite struct PowerLossTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Requests and flushes on a disk until all are done or the power is gone.
    private func run(_ workload: inout Workload, on disk: FaultDisk, requests: Int) async throws {
        guard let node = try? Node(disk.folder, files: disk.files) else { return workload.crash() }
        for _ in 0..<requests where !disk.isOff {
            try await workload.append(to: node)
            if workload.generator.next() % 6 == 0 { await node.flush() }
        }
        if disk.isOff { workload.crash() }
        try? node.stop()
    }

    /// Starts, verifies, goes on working, starts again.
    private func recover(_ workload: inout Workload, on disk: FaultDisk, _ when: String) async throws {
        var node = try Node(disk.folder, files: disk.files)
        try await workload.verify(node, "\(when), reopened")
        for _ in 0..<3 { try await workload.append(to: node) }
        await node.flush()
        try await workload.append(to: node)
        try await workload.verify(node, "\(when), gone on")
        try node.stop()
        node = try Node(disk.folder, files: disk.files)
        try await workload.verify(node, "\(when), reopened again")
        #expect(node.store.damagedBlocks.isEmpty)
        try node.stop()
    }

    /// What a power loss now leaves of a disk, as a disk.
    private func image(of disk: FaultDisk, seed: UInt64) throws -> FaultDisk {
        let path = "\(folder.path)/\(UUID().uuidString)"
        try disk.writeImage(after: .powerLoss(seed: seed), to: path)
        return try FaultDisk(folder: path, seed: seed)
    }

    private func disk(seed: UInt64) throws -> FaultDisk {
        let path = "\(folder.path)/\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return try FaultDisk(folder: path, seed: seed)
    }

    @Test func withoutFaultsEverythingIsThere() async throws {
        var generator = SeededGenerator.seeded("withoutFaultsEverythingIsThere")
        for _ in 0..<faultRounds {
            let disk = try disk(seed: generator.next())
            var workload = Workload(seed: generator.next())
            try await run(&workload, on: disk, requests: 40)
            #expect(workload.failures.isEmpty)
            try await recover(&workload, on: disk, "no fault")
        }
    }

    @Test func atEveryNthSync() async throws {
        var generator = SeededGenerator.seeded("atEveryNthSync")
        let seed = generator.next()
        var nth = 0
        var isThrough = false
        while !isThrough {
            nth += 1
            let disk = try disk(seed: generator.next())
            disk.provoke(Fault(.powerLoss, at: .sync, nth: nth))
            var workload = Workload(seed: seed)
            try await run(&workload, on: disk, requests: 14)
            isThrough = !disk.isOff
            try await recover(&workload, on: image(of: disk, seed: generator.next()), "sync \(nth)")
        }
        #expect(nth > 14)
    }

    /// The power goes again and again, also while the node recovers.
    @Test func atRandomSteps() async throws {
        var generator = SeededGenerator.seeded("atRandomSteps")
        for round in 0..<faultRounds * 5 {
            var disk = try disk(seed: generator.next())
            var workload = Workload(seed: generator.next())
            for life in 0..<4 {
                let step = Int.random(in: 1...(life == 0 ? 600 : 150), using: &generator)
                disk.provoke(Fault(.powerLoss, nth: step))
                try await run(&workload, on: disk, requests: 30)
                disk = try image(of: disk, seed: generator.next())
            }
            for _ in 0..<2 {
                var copy = workload
                try await recover(&copy, on: image(of: disk, seed: generator.next()), "round \(round)")
            }
        }
    }
}
