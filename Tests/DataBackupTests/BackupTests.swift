import EmbeddedStore
import Foundation
import IngestLog
import TelemetryModel
import TestSupport
import Testing

@testable import DataBackup

@Suite struct BackupTests {
    let fixture: DataFixture

    init() throws { fixture = try DataFixture() }

    private func inode(_ path: String) throws -> UInt64 {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? UInt64)
    }

    @Test func hasEveryDatabaseAndEveryBlockAndNothingElse() async throws {
        try await fixture.append()
        try fixture.flush()
        try await fixture.append(source: "b")
        let block = try #require(try fixture.blocks().first)
        for name in ["blocks/1-2-3.sqlite.tmp", "blocks/\(block).damaged", "notes.txt"] {
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(fixture.data)/\(name)"))
        }
        try FileManager.default.createDirectory(
            atPath: "\(fixture.data)/rollups/5m", withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: "\(fixture.data)/blocks/\(block)", toPath: "\(fixture.data)/rollups/5m/\(block)")
        let report = try fixture.makeBackup()
        #expect(
            report.manifest.files.map(\.path)
                == [
                    "alerts.sqlite", "blocks/\(block)", "exemplars.sqlite", "log.sqlite", "rollups/5m/\(block)",
                    "tombstones.sqlite",
                ])
        #expect(report.damaged == ["blocks/\(block).damaged"])
        #expect(
            try fixture.names(fixture.backup) == [
                "alerts.sqlite", "blocks", "exemplars.sqlite", "log.sqlite", "manifest.json", "rollups",
                "tombstones.sqlite",
            ])
        #expect(!FileManager.default.fileExists(atPath: fixture.backup + ".partial"))
        #expect(try fixture.verify(fixture.backup, .backup).isGood)
        // A checksum that anybody can recompute.
        let hashing = Process()
        hashing.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        hashing.arguments = ["\(fixture.backup)/log.sqlite"]
        let pipe = Pipe()
        hashing.standardOutput = pipe
        try hashing.run()
        let answer = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        hashing.waitUntilExit()
        #expect(answer.hasPrefix(report.manifest.file("log.sqlite")?.sha256 ?? "nothing"))
    }

    @Test func theLogGoesOnWhileItIsCopied() async throws {
        let before = try await fixture.append(count: 5000)
        let log = fixture.log
        let reference = SeriesReference(0)
        let report = try fixture.makeBackup { _ in
            // Commits between the steps of the copy: they must neither fail nor make it start over.
            var batch = TelemetryBatch()
            batch.append(reference, at: Int64.random(in: 0..<1_000_000), value: 1)
            try log.append(
                LogSubmission(batch: batch, rejected: [], ingestProtocol: .contract, receivedAt: 2000)
            ) { _ in }
        }
        #expect(report.manifest.files.contains { $0.path == "log.sqlite" })
        let restored = try IngestLog(folder: fixture.backup, registry: SeriesRegistry())
        #expect(restored.durableOffset >= before)
        #expect(try restored.batches(after: 0, through: before, limit: 10).map(\.offset) == Array(1...before))
        try restored.close()
    }

    @Test func aBlockThatIsReplacedMeanwhileIsReplacedInTheBackup() async throws {
        try await fixture.append()
        try fixture.flush()
        try await fixture.append(source: "b", from: 86_400_000)
        try fixture.flush()
        let blocks = try fixture.blocks()
        try #require(blocks.count == 2)
        let folder = "\(fixture.data)/blocks"
        // As a compaction does: the new name appears, the old ones go.
        var isReplaced = false
        let report = try fixture.makeBackup { progress in
            guard !isReplaced, progress.activity.contains("blocks/") else { return }
            isReplaced = true
            try FileManager.default.moveItem(atPath: "\(folder)/\(blocks[1])", toPath: "\(folder)/0-86400000-9.sqlite")
            try FileManager.default.removeItem(atPath: "\(folder)/\(blocks[0])")
        }
        #expect(isReplaced)
        #expect(report.manifest.files.map(\.path).filter { $0.contains("/") } == ["blocks/0-86400000-9.sqlite"])
        #expect(try fixture.names("\(fixture.backup)/blocks") == ["0-86400000-9.sqlite"])
    }

    @Test func deletesAreThoseOfTheMomentOfTheBlocks() async throws {
        try await fixture.append()
        try fixture.flush()
        var copies = 0
        let blocks = "\(fixture.data)/blocks"
        let first = try #require(try fixture.blocks().first)
        let report = try fixture.makeBackup { progress in
            guard progress.activity == "copying tombstones.sqlite" else { return }
            copies += 1
            guard copies == 1 else { return }
            // A compaction that took deleted samples away ends just now: the deletes must be read again.
            try FileManager.default.moveItem(atPath: "\(blocks)/\(first)", toPath: "\(blocks)/0-7200000-8.sqlite")
        }
        #expect(copies == 2)
        #expect(
            report.manifest.files.map(\.path)
                == [
                    "alerts.sqlite", "blocks/0-7200000-8.sqlite", "exemplars.sqlite", "log.sqlite", "tombstones.sqlite",
                ])
    }

    @Test func blocksThatTheBackupBeforeHasAreNotWrittenAgain() async throws {
        try await fixture.append()
        try fixture.flush()
        let old = try #require(try fixture.blocks().first)
        let first = fixture.folder.path + "/monday"
        let second = fixture.folder.path + "/tuesday"
        _ = try fixture.makeBackup(to: first)
        try await fixture.append(source: "b", from: 86_400_000)
        try fixture.flush()
        let report = try fixture.makeBackup(to: second, options: { $0.previous = first })
        #expect(try inode("\(first)/blocks/\(old)") == inode("\(second)/blocks/\(old)"))
        #expect(try inode("\(fixture.data)/blocks/\(old)") != inode("\(second)/blocks/\(old)"))
        #expect(report.linkedBytes == report.manifest.file("blocks/\(old)")?.bytes)
        #expect(report.manifest.files.map(\.path).filter { $0.hasPrefix("blocks/") }.count == 2)
        #expect(try fixture.verify(second, .backup).isGood)
        // A block that is damaged in the data folder since is another one: it is not taken from the backup before.
        try flipBit(of: "\(fixture.data)/blocks/\(old)", at: 5000)
        let third = try fixture.makeBackup(to: fixture.folder.path + "/wednesday", options: { $0.previous = second })
        #expect(third.manifest.file("blocks/\(old)")?.sha256 != report.manifest.file("blocks/\(old)")?.sha256)
    }

    @Test func linkedBlocksAreTheDataFoldersOwn() async throws {
        try await fixture.append()
        try fixture.flush()
        let block = try #require(try fixture.blocks().first)
        let report = try fixture.makeBackup(options: { $0.linksBlocks = true })
        #expect(try inode("\(fixture.data)/blocks/\(block)") == inode("\(fixture.backup)/blocks/\(block)"))
        #expect(try inode("\(fixture.data)/log.sqlite") != inode("\(fixture.backup)/log.sqlite"))
        #expect(report.linkedBytes > 0)
    }

    @Test func refusesWithTheReason() async throws {
        try await fixture.append()
        #expect(throws: BackupError.self) {
            var writer = BackupWriter(
                .init(dataFolder: fixture.folder.path + "/none", destination: fixture.backup, version: "test"))
            _ = try writer.run()
        }
        let busy = fixture.folder.path + "/busy"
        try FileManager.default.createDirectory(atPath: busy, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: busy + "/photo.jpg"))
        let inUse = try #require(#expect(throws: BackupError.self) { try fixture.makeBackup(to: busy) })
        #expect("\(inUse)".contains("not empty"))
        try FileManager.default.moveItem(atPath: busy, toPath: fixture.backup + ".partial")
        let foreign = try #require(#expect(throws: BackupError.self) { try fixture.makeBackup() })
        #expect("\(foreign)".contains("photo.jpg"))
    }

    @Test func whatWasBrokenOffIsNoBackupAndIsReplaced() async throws {
        struct PowerCut: Error {}
        try await fixture.append()
        try fixture.flush()
        #expect(throws: PowerCut.self) {
            try fixture.makeBackup { if $0.activity.contains("blocks/") { throw PowerCut() } }
        }
        #expect(!FileManager.default.fileExists(atPath: fixture.backup))
        #expect(FileManager.default.fileExists(atPath: fixture.backup + ".partial/log.sqlite"))
        #expect(throws: BackupError.self) { try fixture.verify(fixture.backup + ".partial", .backup) }
        _ = try fixture.makeBackup()
        #expect(try fixture.verify(fixture.backup, .backup).isGood)
        #expect(!FileManager.default.fileExists(atPath: fixture.backup + ".partial"))
    }
}
