import EmbeddedStore
import Foundation
import IngestLog
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import DataBackup

@Suite struct RestoreTests {
    let fixture: DataFixture

    init() throws { fixture = try DataFixture() }

    private var target: String { fixture.folder.path + "/restored" }

    private func restore() throws {
        let restore = BackupRestore(from: fixture.backup, to: target)
        let manifest = try restore.check()
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        try restore.copy(manifest)
    }

    @Test func theRestoredStoreHasAllSamples() async throws {
        try await fixture.append(count: 300)
        try fixture.flush()
        try await fixture.append(source: "b", from: 500, count: 200)
        _ = try fixture.makeBackup()
        try restore()
        #expect(
            try fixture.names(target)
                == ["alerts.sqlite", "blocks", "exemplars.sqlite", "log.sqlite", "tombstones.sqlite"])
        let store = try EmbeddedStore(dataFolder: target)
        let found = try store.select(SeriesSelection(matchers: [], range: .all), budget: QueryBudget())
        #expect(found.map(\.samples.count) == [300])
        let log = try IngestLog(folder: target, registry: SeriesRegistry())
        #expect(try log.batches(after: 0, through: .max, limit: 10).map(\.batch.count) == [300, 200])
        try log.close()
        #expect(try fixture.verify(target, .data).isGood)
    }

    @Test func theRestoredStoreHasAllHistograms() async throws {
        var generator = SeededGenerator.seeded("theRestoredStoreHasAllHistograms")
        let histograms = RandomHistograms.series(.unsteady, count: 40, using: &generator)
        try await fixture.append(count: 60, histograms: histograms)
        try fixture.flush()
        try await fixture.append(source: "b", count: 50, histograms: histograms)
        _ = try fixture.makeBackup()
        #expect(try fixture.verify(fixture.backup, .backup).isGood)
        try restore()
        let store = try EmbeddedStore(dataFolder: target)
        let found = try #require(
            try store.select(SeriesSelection(matchers: [], range: .all), budget: QueryBudget()).first)
        #expect(found.histograms.histograms.isSame(as: histograms) && found.samples.count == 20)
        #expect(found.starts.starts == found.histograms.timestamps.map { $0 - 1 })
        let log = try IngestLog(folder: target, registry: SeriesRegistry())
        let batches = try log.batches(after: 0, through: .max, limit: 10).map(\.batch)
        #expect(batches.map { $0.histograms.map(\.histogram).isSame(as: histograms) } == [true, true])
        try log.close()
        #expect(try fixture.verify(target, .data).isGood)
    }

    @Test func theLogGoesOnBehindWhatTheBlocksHave() async throws {
        try await fixture.append()
        var isFlushed = false
        let appending = fixture
        // A block that is written between the copies of the log and of the blocks holds more than that log.
        let later = try await appending.append(source: "b")
        _ = later
        _ = try fixture.makeBackup { progress in
            guard !isFlushed, progress.activity == "copying alerts.sqlite" else { return }
            isFlushed = true
            try appending.flush()
        }
        try restore()
        let store = try EmbeddedStore(dataFolder: target)
        #expect(store.newestBlockOffset == later)
    }

    @Test func refusesADamagedBackupAndNamesEveryFile() async throws {
        try await fixture.append()
        try fixture.flush()
        let report = try fixture.makeBackup()
        let block = try #require(report.manifest.files.first { $0.path.hasPrefix("blocks/") })
        try flipBit(of: "\(fixture.backup)/\(block.path)", at: block.bytes / 2)
        try flipBit(of: "\(fixture.backup)/log.sqlite", at: 9000)
        try FileManager.default.removeItem(atPath: "\(fixture.backup)/alerts.sqlite")
        let error = try #require(#expect(throws: BackupError.self) { try restore() })
        for path in [block.path, "log.sqlite", "alerts.sqlite"] { #expect("\(error)".contains(path)) }
        #expect(!FileManager.default.fileExists(atPath: target))
    }

    @Test func refusesAFolderThatIsNotEmpty() async throws {
        try await fixture.append()
        _ = try fixture.makeBackup()
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: target + "/LOCK"))
        try Data().write(to: URL(fileURLWithPath: target + "/log.sqlite"))
        let error = try #require(#expect(throws: BackupError.self) { try restore() })
        #expect("\(error)".contains("log.sqlite"))
        try FileManager.default.removeItem(atPath: target + "/log.sqlite")
        try restore()
    }

    @Test func whatWasBrokenOffIsMarked() async throws {
        struct PowerCut: Error {}
        try await fixture.append()
        _ = try fixture.makeBackup()
        let restore = BackupRestore(from: fixture.backup, to: target) {
            if $0.activity == "copying log.sqlite" { throw PowerCut() }
        }
        let manifest = try restore.check()
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        #expect(throws: PowerCut.self) { try restore.copy(manifest) }
        #expect(BackupRestore.isUnfinished(target))
        let error = try #require(#expect(throws: BackupError.self) { try restore.check() })
        #expect("\(error)".contains("broken off"))
    }

    @Test(arguments: [
        "../escape.sqlite", "/etc/x.sqlite", "blocks/../x.sqlite", "other/x.sqlite", "log.txt", "blocks//x.sqlite",
    ])
    func refusesAManifestThatLeadsElsewhere(_ path: String) async throws {
        try await fixture.append()
        _ = try fixture.makeBackup()
        let manifest = "\(fixture.backup)/manifest.json"
        var text = try String(contentsOfFile: manifest, encoding: .utf8)
        text.replace("alerts.sqlite", with: path)
        try text.write(toFile: manifest, atomically: true, encoding: .utf8)
        let error = try #require(#expect(throws: BackupError.self) { try restore() })
        #expect("\(error)".contains("names \(path), which no backup has"))
    }

    @Test func aManifestThatIsCutOffIsNone() async throws {
        try await fixture.append()
        _ = try fixture.makeBackup()
        let manifest = "\(fixture.backup)/manifest.json"
        let whole = try Data(contentsOf: URL(fileURLWithPath: manifest))
        for length in [0, 1, whole.count / 2, whole.count - 2] {
            try whole.prefix(length).write(to: URL(fileURLWithPath: manifest))
            #expect(throws: BackupError.self) { try restore() }
        }
    }
}
