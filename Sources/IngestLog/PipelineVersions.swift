package import Foundation
import GRDB

/// Which pipeline was in force from which offset on, so that reading the log again gives what it gave the first time.
struct PipelineVersions {
    let db: Database

    static func createTable(_ db: Database) throws {
        try db.execute(sql: "CREATE TABLE pipeline(from_offset INTEGER PRIMARY KEY, source BLOB NOT NULL)")
    }

    /// The oldest first.
    func all() throws -> [PipelineVersion] {
        try Row.fetchAll(db, sql: "SELECT from_offset, source FROM pipeline ORDER BY from_offset").map { row in
            try PipelineVersion(fromOffset: row.decode(atIndex: 0), source: row.decode(atIndex: 1))
        }
    }

    func add(_ version: PipelineVersion) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO pipeline VALUES (?, ?)", arguments: [version.fromOffset, version.source])
    }

    /// Deletes the versions that are in force for no offset from `offset` on.
    func forget(before offset: Int64) throws {
        try db.execute(
            sql:
                "DELETE FROM pipeline WHERE from_offset < (SELECT max(from_offset) FROM pipeline WHERE from_offset <= ?)",
            arguments: [offset])
    }
}

/// A pipeline that is in force from an offset of the log on. What the source's bytes mean is for the processor to say.
package struct PipelineVersion: Sendable, Equatable {
    package let fromOffset: Int64
    package let source: Data

    package init(fromOffset: Int64, source: Data) {
        self.fromOffset = fromOffset
        self.source = source
    }
}

extension IngestLog {
    /// The versions that are in force for batches still in the log, and the newest; the oldest first.
    package func pipelineVersions() throws -> [PipelineVersion] {
        try reader.read { db in try PipelineVersions(db: db).all() }
    }

    /// On disk when this returns. To be called before a batch from `fromOffset` on is processed.
    package func write(_ version: PipelineVersion) throws {
        try writer.write { db in try PipelineVersions(db: db).add(version) }
    }

    /// The positions whose names begin with a prefix, by the rest of the name; see `LogSubmission.positions`.
    package func positions(withPrefix prefix: String) throws -> [String: Int64] {
        try reader.read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT name, value FROM position WHERE substr(name, 1, ?) = ?",
                arguments: [prefix.count, prefix])
            return try Dictionary(
                uniqueKeysWithValues: rows.map { row in
                    (
                        String(try row.decode(String.self, atIndex: 0).dropFirst(prefix.count)),
                        try row.decode(atIndex: 1)
                    )
                })
        }
    }
}
