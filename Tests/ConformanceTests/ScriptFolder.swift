import Foundation

/// Where the scripts are that Prometheus' engine is tested with.
struct ScriptFolder {
    let folder: URL
    /// Sorted by name.
    let scripts: [URL]

    /// The folder that `HELIOGRAPH_PROMQLTEST` names, else `shared/promqltest` beside the repository. Nil, with a printed
    /// reason, if none is named and there is none.
    ///
    /// - Throws: `Missing` if the folder has no script.
    static func find(
        named name: String? = ProcessInfo.processInfo.environment["HELIOGRAPH_PROMQLTEST"]
    ) throws -> ScriptFolder? {
        let name = name.flatMap { $0.isEmpty ? nil : $0 }
        guard let folder = name.map({ URL(fileURLWithPath: $0) }) ?? beside else {
            print(
                "conformance: skipped: there is no folder shared/promqltest beside the repository; "
                    + "HELIOGRAPH_PROMQLTEST names another")
            return nil
        }
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let scripts = (files ?? []).filter { $0.pathExtension == "test" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
        guard !scripts.isEmpty else { throw Missing(folder: folder.path, exists: files != nil, isNamed: name != nil) }
        return ScriptFolder(folder: folder, scripts: scripts)
    }

    /// A folder that was to have scripts.
    struct Missing: Error, CustomStringConvertible {
        let folder: String
        let exists: Bool
        let isNamed: Bool

        var description: String {
            "expected scripts *.test in \(folder)\(isNamed ? ", which HELIOGRAPH_PROMQLTEST names" : ""), "
                + (exists ? "found none" : "but there is no such folder") + ": name the folder of the scripts"
        }
    }

    static var repository: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// At the repository's side, or at that of a folder around it.
    private static var beside: URL? {
        var folder = repository
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appending(path: "shared/promqltest")
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
        }
        return nil
    }
}
