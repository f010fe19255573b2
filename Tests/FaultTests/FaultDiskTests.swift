import FaultDisk
import Foundation
import GRDB
import TestSupport
import Testing

/// The layer itself: what it says is lost can be lost, what it says is durable never is.
@Suite struct FaultDiskTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    private func disk(_ generator: inout SeededGenerator) throws -> FaultDisk {
        try FileManager.default.createDirectory(atPath: path("disk"), withIntermediateDirectories: true)
        return try FaultDisk(folder: path("disk"), seed: generator.next())
    }

    private func open(_ folder: String, synchronous: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = \(synchronous); PRAGMA wal_autocheckpoint = 20")
        }
        return try DatabaseQueue(path: "\(folder)/counter.sqlite", configuration: configuration)
    }

    /// Adds rows, each in a transaction, and takes images of power losses between them. Returns how many images lack a
    /// committed row, or are no sound database.
    private func lossesOfACounter(synchronous: String, images: Int, using generator: inout SeededGenerator) throws
        -> Int
    {
        let disk = try disk(&generator)
        let queue = try open(path("disk"), synchronous: synchronous)
        try queue.write { try $0.execute(sql: "CREATE TABLE counter(value INTEGER PRIMARY KEY, filling BLOB)") }
        var losses = 0
        for committed in 1...images {
            try queue.write { db in
                let filling = Data(count: Int.random(in: 0..<3000, using: &generator))
                try db.execute(sql: "INSERT INTO counter VALUES (?, ?)", arguments: [committed, filling])
            }
            let image = path("image \(committed)")
            try disk.writeImage(after: .powerLoss(seed: generator.next()), to: image)
            if (try? rows(in: image)) != committed { losses += 1 }
            try FileManager.default.removeItem(atPath: image)
        }
        try queue.close()
        return losses
    }

    private func rows(in image: String) throws -> Int {
        let queue = try open(image, synchronous: "FULL")
        defer { try? queue.close() }
        return try queue.read { db in
            let verdict = try String.fetchOne(db, sql: "PRAGMA integrity_check")
            guard verdict == "ok" else { return -1 }
            return try Int.fetchOne(db, sql: "SELECT count(*) FROM counter WHERE value <= 1000000") ?? -1
        }
    }

    @Test func whatSQLiteCommittedSurvivesEveryPowerLoss() throws {
        var generator = SeededGenerator.seeded("whatSQLiteCommittedSurvivesEveryPowerLoss")
        #expect(try lossesOfACounter(synchronous: "FULL", images: 200, using: &generator) == 0)
    }

    @Test func withoutSyncsCommitsAreLost() throws {
        var generator = SeededGenerator.seeded("withoutSyncsCommitsAreLost")
        #expect(try lossesOfACounter(synchronous: "OFF", images: 200, using: &generator) > 20)
    }
}
