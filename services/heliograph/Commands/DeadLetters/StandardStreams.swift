import Foundation

/// Bytes from and to where a command was told.
enum StandardStreams {
    /// - Parameter path: of a file; `-` for standard input.
    static func read(_ path: String) throws -> [UInt8] {
        guard path != "-" else { return [UInt8](try FileHandle.standardInput.readToEnd() ?? Data()) }
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw CommandFailure("cannot read \(path): \(error.localizedDescription)")
        }
    }

    static func write(_ bytes: [UInt8]) { FileHandle.standardOutput.write(Data(bytes)) }
}
