import Foundation

/// A folder of its own for one test, gone with it.
final class SettingsFolder: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "heliograph-settings-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// The path of a new file that holds this text.
    func file(_ text: String, name: String = "heliograph.yaml") throws -> String {
        let file = url.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file.path
    }
}
