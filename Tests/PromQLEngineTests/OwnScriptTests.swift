import Foundation
import PromQLScripts
import Testing

@Suite struct OwnScriptTests {
    static var scripts: [URL] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Scripts")
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).filter { $0.pathExtension == "test" }.sorted { $0.path < $1.path }
    }

    @Test func scriptsAreThere() {
        #expect(Self.scripts.count >= 8)
    }

    @Test(arguments: scripts)
    func passes(_ file: URL) throws {
        var runner = ScriptRunner()
        runner.run(Script(try String(contentsOf: file, encoding: .utf8)))
        #expect(runner.passed > 0)
        for failure in runner.failures { Issue.record("\(file.lastPathComponent) \(failure)") }
    }
}
