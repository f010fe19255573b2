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
        guard let node = try? Node(disk.folder, files: disk.files) else { return }
        for _ in 0..<requests where !disk.isOff {
            try await workload.append(to: node)
            if workload.generator.next() % 6 == 0 { await node.flush() }
        }
        if disk.isOff { workload.crash() }
        try? node.stop()
    }

    /// Starts on an image, verifies, goes on working, starts again.
    private func recover(_ workload: inout Workload, in image: String, _ when: String) async throws {
        var node = try Node(image)
        try await workload.verify(node, "\(when), reopened")
        for _ in 0..<3 { try await workload.append(to: node) }
        await node.flush()
        try await workload.append(to: node)
        try await workload.verify(node, "\(when), gone on")
        try node.stop()
        node = try Node(image)
        try await workload.verify(node, "\(when), reopened again")
        #expect(node.store.damagedBlocks.isEmpty)
        try node.stop()
    }

    private func disk(_ name: String, seed: UInt64) throws -> FaultDisk {
        let path = "\(folder.path)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return try FaultDisk(folder: path, seed: seed)
    }

    @Test func withoutFaultsEverythingIsThere() async throws {
        var generator = SeededGenerator.seeded("withoutFaultsEverythingIsThere")
        for round in 0..<faultRounds {
            let disk = try disk("\(round)", seed: generator.next())
            var workload = Workload(seed: generator.next())
            try await run(&workload, on: disk, requests: 40)
            #expect(workload.failures.isEmpty)
            try await recover(&workload, in: disk.folder, "no fault")
        }
    }

    @Test func atEveryNthSync() async throws {
        var generator = SeededGenerator.seeded("atEveryNthSync")
        let seed = generator.next()
        var nth = 1
        var isThrough = false
        while !isThrough {
            let disk = try disk("sync \(nth)", seed: generator.next())
            disk.provoke(Fault(.powerLoss, at: .sync, nth: nth))
            var workload = Workload(seed: seed)
            try await run(&workload, on: disk, requests: 14)
            isThrough = !disk.isOff
            let image = "\(folder.path)/image of sync \(nth)"
            try disk.writeImage(after: .powerLoss(seed: generator.next()), to: image)
            try await recover(&workload, in: image, "sync \(nth), seed \(seed)")
            nth += 1
        }
        print("atEveryNthSync: \(nth - 1) syncs")
    }

    @Test func atRandomSteps() async throws {
        var generator = SeededGenerator.seeded("atRandomSteps")
        for round in 0..<faultRounds * 10 {
            let disk = try disk("\(round)", seed: generator.next())
            let step = Int.random(in: 1...600, using: &generator)
            disk.provoke(Fault(.powerLoss, nth: step))
            var workload = Workload(seed: generator.next())
            try await run(&workload, on: disk, requests: 30)
            for _ in 0..<2 {
                var copy = workload
                let seed = generator.next()
                let image = "\(folder.path)/image \(round) \(seed)"
                try disk.writeImage(after: .powerLoss(seed: seed), to: image)
                try await recover(&copy, in: image, "round \(round), step \(step) (off: \(disk.isOff)), image \(seed)")
            }
        }
    }
}
