import FaultDisk
import TestSupport
import Testing

/// The same workload with the power going at some step: what was acknowledged is there, and work goes on.
@Suite struct PowerLossTests {
    let disks: Disks

    init() throws { disks = try Disks() }

    @Test func withoutFaultsEverythingIsThere() async throws {
        var generator = SeededGenerator.seeded("withoutFaultsEverythingIsThere")
        for _ in 0..<faultRounds {
            let disk = try disks.disk(seed: generator.next())
            var workload = Workload(seed: generator.next(), isEager: generator.next() % 2 == 0)
            try await workload.run(on: disk, requests: 40)
            #expect(workload.failures.isEmpty)
            try await workload.recover(on: disk, "no fault")
        }
    }

    @Test func atEveryNthSync() async throws {
        var generator = SeededGenerator.seeded("atEveryNthSync")
        let seed = generator.next()
        var nth = 0
        var isThrough = false
        while !isThrough {
            nth += 1
            let disk = try disks.disk(seed: generator.next())
            disk.provoke(Fault(.powerLoss, at: .sync, nth: nth))
            var workload = Workload(seed: seed, isEager: seed % 2 == 0)
            try await workload.run(on: disk, requests: 14)
            isThrough = !disk.isOff
            try await workload.recover(on: disks.image(of: disk, seed: generator.next()), "sync \(nth)")
        }
        #expect(nth > 14)
    }

    /// The power goes again and again, also while the node recovers.
    @Test func atRandomSteps() async throws {
        var generator = SeededGenerator.seeded("atRandomSteps")
        for round in 0..<faultRounds * 5 {
            var disk = try disks.disk(seed: generator.next())
            var workload = Workload(seed: generator.next(), isEager: generator.next() % 2 == 0)
            for life in 0..<4 {
                let step = Int.random(in: 1...(life == 0 ? 600 : 150), using: &generator)
                disk.provoke(Fault(.powerLoss, nth: step))
                try await workload.run(on: disk, requests: 30)
                disk = try disks.image(of: disk, seed: generator.next())
            }
            for _ in 0..<2 {
                var copy = workload
                try await copy.recover(on: disks.image(of: disk, seed: generator.next()), "round \(round)")
            }
        }
    }
}
