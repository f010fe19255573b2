import Foundation

/// Small files that decoders are always tried with, a folder a decoder: what real clients send, and whatever once was trouble.
package enum KeptInputs {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("DecoderFuzzTests/Inputs")

    package struct Input: Sendable {
        package let file: String
        package let bytes: [UInt8]
    }

    /// Those of one decoder, by name.
    package static func of(_ decoder: String) throws -> [Input] {
        let files = try FileManager.default.contentsOfDirectory(
            at: folder.appendingPathComponent(decoder), includingPropertiesForKeys: nil)
        return try files.sorted { $0.path < $1.path }.map { file in
            Input(file: "\(decoder)/\(file.lastPathComponent)", bytes: Array(try Data(contentsOf: file)))
        }
    }
}

/// Where an input lies before it is fed, so that one that ends the process is not lost with it.
package final class InputJournal {
    private let descriptor: Int32
    private let path: String

    /// - Parameter name: of the decoder.
    package init(_ name: String) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("heliograph-fuzz")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appendingPathComponent("\(name)-\(ProcessInfo.processInfo.processIdentifier).input").path
        descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        print("\(name): what is fed lies in \(path)")
    }

    package func write(_ input: [UInt8]) {
        // The kernel has it then, whatever becomes of the process.
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, input, input.count, 0)
    }

    deinit {
        close(descriptor)
        unlink(path)
    }
}
