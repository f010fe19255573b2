import Foundation

/// What the store's files hold, table by table, from SQLite's own account of its pages (sqlite.org/dbstat.html).
struct BlockSizes {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// Of all files in the folder, SQLite's or not.
    private(set) var fileBytes = 0
    private(set) var files = 0
    private(set) var tableBytes: [String: Int] = [:]

    /// Needs the `sqlite3` command, built with DBSTAT as Debian's is.
    init(folder: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
            let path = "\(folder)/\(name)"
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
            fileBytes += (attributes[.size] as? Int) ?? 0
            files += 1
            if name.hasSuffix(".sqlite") { try addTables(of: path) }
        }
    }

    /// Samples, their times and their statistics.
    var dataBytes: Int { sum { ["chunk", "timeline", "statistics"].contains($0) } }
    var rollupBytes: Int { sum { $0.hasPrefix("rollup") } }
    /// Everything else in the files: labels, postings, the schema, unused pages.
    var indexBytes: Int { fileBytes - dataBytes - rollupBytes }

    private func sum(where isWanted: (String) -> Bool) -> Int {
        tableBytes.filter { isWanted($0.key) }.values.reduce(0, +)
    }

    private mutating func addTables(of path: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // The store has the file open and locked for good; a block never changes, so it may be read past the lock.
        process.arguments = [
            "sqlite3", "file:\(path)?immutable=1",
            "SELECT m.tbl_name, sum(d.pgsize) FROM dbstat AS d JOIN sqlite_schema AS m ON m.name = d.name GROUP BY 1;",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(
                description: "sqlite3 cannot account for the pages of \(path); it needs DBSTAT (Debian's has it)")
        }
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "|")
            guard fields.count == 2, let bytes = Int(fields[1]) else { continue }
            tableBytes[String(fields[0]), default: 0] += bytes
        }
    }
}
