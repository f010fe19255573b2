import Foundation

/// Where the scripts are that Prometheus' engine is tested with.
struct ScriptFolder {
    let folder: URL
    /// Sorted by name.
    let scripts: [URL]

    /// `HELIOGRAPH_PROMQLTEST`, or `shared/promqltest` beside the repository. Nil, with a printed reason, without any script.
    static func find() -> ScriptFolder? {
        let named = ProcessInfo.processInfo.environment["HELIOGRAPH_PROMQLTEST"].flatMap { $0.isEmpty ? nil : $0 }
        guard let folder = named.map({ URL(fileURLWithPath: $0) }) ?? beside else {
            print(
                "conformance: skipped: no folder shared/promqltest beside the repository; HELIOGRAPH_PROMQLTEST names another"
            )
            return nil
        }
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let scripts = (files ?? []).filter { $0.pathExtension == "test" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
        guard !scripts.isEmpty else {
            print("conformance: skipped: no *.test in \(folder.path)")
            return nil
        }
        return ScriptFolder(folder: folder, scripts: scripts)
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
