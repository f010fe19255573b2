import Foundation
import Processing

/// A pipeline file on disk, with the lookup files that it names, relative to its own folder.
struct PipelineFile: Sendable {
    /// All files together may have so many bytes: the log keeps them.
    static let maximumBytes = 64 << 20

    let path: String

    /// What it is read from, and the files' state at that time.
    struct Reading {
        let source: PipelineSource
        let pipeline: ProcessingPipeline
        /// Of the lookup files, by path.
        let stamps: [String: FileStamp]
    }

    /// - Throws: `PipelineFaults`, or `CommandFailure` if a file cannot be read.
    func read() throws -> Reading {
        let name = URL(fileURLWithPath: path).lastPathComponent
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let reader = LookupReader(folder: folder, bytesLeft: Self.maximumBytes)
        let text = try reader.text(of: path)
        let pipeline = try ProcessingPipeline.parse(text, file: name) { try reader.lookup($0) }
        return Reading(
            source: PipelineSource(name: name, text: text, lookups: reader.lookups), pipeline: pipeline,
            stamps: reader.stamps)
    }
}

/// When a file was changed last, and how long it is.
struct FileStamp: Equatable {
    private let modified: Date?
    private let bytes: Int?

    init(of path: String) {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        modified = attributes?[.modificationDate] as? Date
        bytes = (attributes?[.size] as? NSNumber)?.intValue
    }
}

/// Reads the files that a pipeline names and remembers what was in them.
private final class LookupReader {
    private let folder: String
    private var bytesLeft: Int
    private(set) var lookups: [String: String] = [:]
    private(set) var stamps: [String: FileStamp] = [:]

    init(folder: String, bytesLeft: Int) {
        self.folder = folder
        self.bytesLeft = bytesLeft
    }

    func lookup(_ name: String) throws -> String {
        if let known = lookups[name] { return known }
        let path = name.hasPrefix("/") ? name : "\(folder)/\(name)"
        // Before it is read: a change in between is then seen as one.
        stamps[path] = FileStamp(of: path)
        let text = try text(of: path)
        lookups[name] = text
        return text
    }

    func text(of path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure("cannot read \(path): it is not there, or may not be read by this user")
        }
        bytesLeft -= data.count
        guard bytesLeft >= 0 else {
            throw CommandFailure(
                "a pipeline and its lookup files may have \(PipelineFile.maximumBytes >> 20) MiB together, and "
                    + "\(path) is over that")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw CommandFailure("cannot read \(path): it is not UTF-8 text")
        }
        return text
    }
}
