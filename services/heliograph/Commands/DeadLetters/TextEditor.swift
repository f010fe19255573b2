import Foundation

/// The editor that somebody has set for their terminal.
struct TextEditor {
    /// - Returns: the file's content once the editor has ended.
    func edit(_ content: [UInt8], named name: String) throws -> [UInt8] {
        let environment = ProcessInfo.processInfo.environment
        let editor = [environment["VISUAL"], environment["EDITOR"]].compactMap { $0 }.first { !$0.isEmpty }
        guard let editor else {
            throw CommandFailure("neither VISUAL nor EDITOR names an editor: set one, or give --payload or --file")
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("heliograph-\(UUID().uuidString)")
        // A payload may hold what is nobody else's business.
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent(name)
        // An editor ends a file with a line feed; without one at the end of the payload, that is not meant.
        try Data(content + [UInt8(ascii: "\n")]).write(to: file)
        // `system` leaves the terminal to the editor; in the shell's words, as git does, so that EDITOR may have arguments.
        let status = system("\(editor) '\(file.path.replacing("'", with: "'\\''"))'")
        guard status == 0 else {
            throw CommandFailure("the editor (\(editor)) ended with an error; nothing was changed")
        }
        var edited = [UInt8](try Data(contentsOf: file))
        if edited.last == UInt8(ascii: "\n") { edited.removeLast() }
        return edited
    }
}
