import EmbeddedStore
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

    /// The content of the file in images of power losses at this moment; nil where it is not there.
    private func contents(
        of name: String, on disk: FaultDisk, images: Int, using generator: inout SeededGenerator
    ) throws -> Set<Data?> {
        var found: Set<Data?> = []
        for _ in 0..<images {
            let image = path("image \(generator.next())")
            try disk.writeImage(after: .powerLoss(seed: generator.next()), to: image)
            found.insert(try? Data(contentsOf: URL(fileURLWithPath: "\(image)/\(name)")))
        }
        return found
    }

    /// A file with one byte in each of two sectors, made outside of the disk.
    private func source(_ byte: UInt8) throws -> (path: String, content: Data) {
        let content = Data(repeating: byte, count: 8192)
        try content.write(to: URL(fileURLWithPath: path("source \(byte)")))
        return (path("source \(byte)"), content)
    }

    @Test func aNameIsDurableWhenItsFolderIsSynced() throws {
        var generator = SeededGenerator.seeded("aNameIsDurableWhenItsFolderIsSynced")
        let disk = try disk(&generator)
        let source = try source(1)
        let (old, new) = ("\(disk.folder)/old", "\(disk.folder)/new")
        try disk.files.copy(source.path, to: old)
        try disk.files.syncFile(old)
        #expect(try contents(of: "old", on: disk, images: 60, using: &generator) == [nil, source.content])
        try disk.files.syncFolder(disk.folder)
        #expect(try contents(of: "old", on: disk, images: 60, using: &generator) == [source.content])
        try disk.files.rename(old, to: new)
        #expect(try contents(of: "new", on: disk, images: 60, using: &generator) == [nil, source.content])
        try disk.files.syncFolder(disk.folder)
        #expect(try contents(of: "new", on: disk, images: 60, using: &generator) == [source.content])
        #expect(try contents(of: "old", on: disk, images: 60, using: &generator) == [nil])
        try disk.files.remove(new)
        #expect(try contents(of: "new", on: disk, images: 60, using: &generator) == [nil, source.content])
    }

    @Test func aWriteIsTornUntilItIsSyncedAndAFailedSyncLeavesItInDoubt() throws {
        var generator = SeededGenerator.seeded("aWriteIsTornUntilItIsSyncedAndAFailedSyncLeavesItInDoubt")
        let disk = try disk(&generator)
        let (first, second) = (try source(1), try source(2))
        let file = "\(disk.folder)/file"
        try disk.files.copy(first.path, to: file)
        try disk.files.syncFile(file)
        try disk.files.syncFolder(disk.folder)
        try FileManager.default.removeItem(atPath: file)
        try disk.files.copy(second.path, to: file)
        let unsynced = try contents(of: "file", on: disk, images: 60, using: &generator)
        #expect(unsynced.count > 3 && unsynced.isSuperset(of: [first.content, second.content]))

        disk.provoke(Fault(.ioError, at: .sync, suffix: "file"))
        #expect(throws: FileError.self) { try disk.files.syncFile(file) }
        try disk.files.syncFile(file)
        #expect(try contents(of: "file", on: disk, images: 60, using: &generator).count > 3)

        try FileManager.default.removeItem(atPath: file)
        try disk.files.copy(second.path, to: file)
        try disk.files.syncFile(file)
        #expect(try contents(of: "file", on: disk, images: 60, using: &generator) == [second.content])
    }

    @Test func faultsComeAtTheirTurnAndEnd() throws {
        var generator = SeededGenerator.seeded("faultsComeAtTheirTurnAndEnd")
        let disk = try disk(&generator)
        func fails(_ operation: () throws -> Void) -> Bool { (try? operation()) == nil }
        disk.provoke(Fault(.noSpace, at: .syncFolder, nth: 2))
        #expect((0..<4).map { _ in fails { try disk.files.syncFolder(disk.folder) } } == [false, true, false, false])
        disk.provoke(Fault(.ioError, at: .syncFolder, nth: 2, persists: true))
        #expect((0..<4).map { _ in fails { try disk.files.syncFolder(disk.folder) } } == [false, true, true, true])
        disk.clearFaults()
        #expect(!fails { try disk.files.syncFolder(disk.folder) })
        #expect(disk.firedFaults == 4)
        #expect(disk.count(of: .syncFolder) == 9)

        let source = try source(1)
        disk.limitFreeSpace(to: 10_000)
        #expect(!fails { try disk.files.copy(source.path, to: "\(disk.folder)/a") })
        #expect(fails { try disk.files.copy(source.path, to: "\(disk.folder)/b") })
        try disk.files.remove("\(disk.folder)/a")
        #expect(!fails { try disk.files.copy(source.path, to: "\(disk.folder)/b") })

        disk.provoke(Fault(.powerLoss))
        #expect(fails { try disk.files.remove("\(disk.folder)/b") })
        #expect(disk.isOff)
        disk.clearFaults()
        #expect(fails { try disk.files.syncFolder(disk.folder) })
        #expect(!fails { _ = try disk.files.names(in: disk.folder) })
    }
}
