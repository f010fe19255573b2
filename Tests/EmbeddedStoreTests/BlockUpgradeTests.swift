import ChunkCodec
import Foundation
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// Blocks of format 1 are served.
@Suite struct BlockUpgradeTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The tables as version 0.1 made them.
    private static let tables = """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE series(id INTEGER PRIMARY KEY, labels TEXT NOT NULL);
        CREATE TABLE posting(
            name TEXT NOT NULL, value TEXT NOT NULL, ids BLOB NOT NULL, PRIMARY KEY(name, value)) WITHOUT ROWID;
        CREATE TABLE chunk(
            series_id INTEGER NOT NULL, t_min INTEGER NOT NULL, t_max INTEGER NOT NULL, count INTEGER NOT NULL,
            sum REAL, min REAL, max REAL, first REAL, last REAL, increase REAL,
            encoding INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY(series_id, t_min)) WITHOUT ROWID;
        CREATE TABLE event(
            t INTEGER NOT NULL, severity TEXT, source_id TEXT, metric_name TEXT, labels TEXT NOT NULL,
            value REAL, message TEXT);
        """

    private func write(_ fixture: BlockFixture) throws -> BlockName {
        let name = BlockName(from: fixture.from, to: fixture.to, through: 42)
        let database = try BlockDatabase(
            path: "\(folder.path)/\(name.fileName)", file: name.fileName, mode: .scratch(pageSize: 8192))
        try database.execute(BlockUpgradeTests.tables)
        try database.execute(
            """
            INSERT INTO meta VALUES ('format', 1), ('from', \(name.from)), ('to', \(name.to)), ('through_offset', 42)
            """)
        let series = try database.prepare("INSERT INTO series VALUES (?, ?)")
        let chunk = try database.prepare(
            "INSERT INTO chunk(series_id, t_min, t_max, count, encoding, data) VALUES (?, ?, ?, ?, 1, ?)")
        for (id, entry) in fixture.sorted.enumerated() {
            series.bind(1, Int64(id))
            series.bind(2, entry.labels.json)
            try series.run()
            for start in stride(from: 0, to: entry.columns.count, by: 1024) {
                let times = Array(entry.columns.timestamps[start..<min(start + 1024, entry.columns.count)])
                let values = Array(entry.columns.values[start..<min(start + 1024, entry.columns.count)])
                chunk.bind(1, Int64(id))
                chunk.bind(2, times[0])
                chunk.bind(3, times[times.count - 1])
                chunk.bind(4, Int64(times.count))
                chunk.bind(5, ChunkCodec.encode(timestamps: times, values: values))
                try chunk.run()
            }
        }
        let event = try database.prepare("INSERT INTO event(t, labels, value, message) VALUES (?, ?, ?, ?)")
        for entry in fixture.events {
            event.bind(1, entry.timestamp)
            event.bind(2, entry.labels.json)
            event.bind(3, real: entry.value)
            event.bind(4, entry.message)
            try event.run()
        }
        return name
    }

    @Test func aBlockOfFormatOneIsRewritten() throws {
        var generator = SeededGenerator.seeded("aBlockOfFormatOneIsRewritten")
        let fixture = BlockFixture(seriesCount: 30, hours: 24, using: &generator)
        let old = try write(fixture)
        #expect(try BlockUpgrade.format(folder: folder.path, name: old) == 1)
        #expect(throws: BlockDamage.self) { try Block(folder.path, old) }
        let name = try BlockUpgrade.upgrade(files: DiskFiles(), folder: folder.path, name: old)
        #expect(try DiskFiles().names(in: folder.path) == [name.fileName])
        let block = try Block(folder.path, name)
        try block.verify()
        #expect(block.name.through == 42)
        #expect(block.replaces == [old.fileName])
        #expect(block.windowsThrough == fixture.windows(through: 42))
        #expect(try isSame(block.contents(), fixture.series))
        let events = try block.events(in: .all, limit: 1000) { _ in true }
        #expect(events.reversed().map(\.described) == fixture.events.map(\.described))
    }

    @Test func aDamagedBlockOfFormatOneStaysAsItIs() throws {
        var generator = SeededGenerator.seeded("aDamagedBlockOfFormatOneStaysAsItIs")
        let fixture = BlockFixture(seriesCount: 5, hours: 2, using: &generator)
        let old = try write(fixture)
        try BlockDatabase(
            path: "\(folder.path)/\(old.fileName)", file: old.fileName, mode: .scratch(pageSize: 8192)
        ).execute("UPDATE chunk SET data = substr(data, 2) WHERE series_id = 2")
        #expect(throws: BlockDamage.self) {
            try BlockUpgrade.upgrade(files: DiskFiles(), folder: folder.path, name: old)
        }
        #expect(try DiskFiles().names(in: folder.path) == [old.fileName])
    }
}
