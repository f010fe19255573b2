import Foundation
import PromQLScripts
import TestSupport
import Testing

/// Prometheus' own scripts, through the engine over the store: once from the head, once from blocks.
@Suite struct ScriptTests {
    @Test func everyScriptPasses() throws {
        guard let scripts = try ScriptFolder.find() else { return }
        print("conformance: \(scripts.scripts.count) scripts of \(scripts.folder.path)")
        var (passed, total) = (0, 0)
        var failures: [String] = []
        for file in scripts.scripts {
            let script = Script(try String(contentsOf: file, encoding: .utf8))
            for place in EmbeddedStorage.Place.allCases {
                var runner = ScriptRunner(try EmbeddedStorage(place))
                runner.run(script)
                passed += runner.passed
                total += runner.total
                let name = file.lastPathComponent
                print("\(name) from the \(place.rawValue): \(runner.passed) of \(runner.total) passed")
                failures += runner.failures.map { "\(name), from the \(place.rawValue), \($0)" }
            }
        }
        let list = try write(failures)
        print("conformance: \(passed) of \(total) passed, \(failures.count) failed")
        if !failures.isEmpty { print("what failed: \(list)") }
        #expect(failures.isEmpty, "see \(list)")
        #expect(passed > 0, "no script has an `eval`")
    }

    @Test func aFolderWithoutScriptsIsSaid() throws {
        let empty = try TemporaryFolder()
        for (folder, reason) in [(empty.path, "found none"), (empty.path + "/mistyped", "there is no such folder")] {
            let missing = #expect(throws: ScriptFolder.Missing.self) { try ScriptFolder.find(named: folder) }
            let text = try #require(missing).description
            for part in [folder, reason, "HELIOGRAPH_PROMQLTEST"] { #expect(text.contains(part), "\(text)") }
        }
        try Data().write(to: URL(fileURLWithPath: empty.path + "/a.test"))
        #expect(try ScriptFolder.find(named: empty.path)?.scripts.map(\.lastPathComponent) == ["a.test"])
    }

    /// Into `.build/conformance/failures.txt`; empty if nothing failed. Returns the path.
    private func write(_ failures: [String]) throws -> String {
        let folder = ScriptFolder.repository.appending(path: ".build/conformance")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "failures.txt")
        try failures.map { $0 + "\n" }.joined().write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }
}
