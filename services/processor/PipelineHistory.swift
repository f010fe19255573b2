import Foundation
import IngestLog
import Logging
import Processing

/// Which pipeline is in force for which batches of the log: the versions of the past, for those that are read again, and the
/// newest.
struct PipelineHistory {
    private struct Version {
        let fromOffset: Int64
        let pipeline: ProcessingPipeline
    }

    /// Those that begin after the batch that is processed next, the oldest last.
    private var coming: [Version]
    let first: ProcessingPipeline

    /// Reads the versions back and adds `source` if it is not the newest.
    ///
    /// - Parameters:
    ///   - next: the offset of the batch that is processed first.
    ///   - end: the newest offset on disk.
    init(_ log: IngestLog, source: PipelineSource, next: Int64, end: Int64, logger: Logger) throws {
        let current = try source.pipeline()
        var versions: [Version] = []
        let stored = try log.pipelineVersions()
        for version in stored {
            do {
                let source = try JSONDecoder().decode(PipelineSource.self, from: version.source)
                versions.append(Version(fromOffset: version.fromOffset, pipeline: try source.pipeline()))
            } catch {
                // Better than not to start: the batches are there, and go through the pipeline of today.
                logger.critical(
                    "a former version of the pipeline cannot be read; its batches go through the present one",
                    metadata: ["from_offset": "\(version.fromOffset)", "error": "\(error)"])
                versions.append(Version(fromOffset: version.fromOffset, pipeline: current))
            }
        }
        let newest = try stored.last.map { try JSONDecoder().decode(PipelineSource.self, from: $0.source) } ?? .empty
        if newest != source {
            try log.write(PipelineVersion(fromOffset: end + 1, source: try source.stored))
            versions.append(Version(fromOffset: end + 1, pipeline: current))
        }
        first = versions.last { $0.fromOffset <= next }?.pipeline ?? .empty
        coming = versions.filter { $0.fromOffset > next }.reversed()
    }

    /// The pipeline that comes into force with this batch; nil if it goes on with the one before.
    mutating func change(at offset: Int64) -> ProcessingPipeline? {
        var change: ProcessingPipeline?
        while let next = coming.last, next.fromOffset <= offset {
            change = next.pipeline
            coming.removeLast()
        }
        return change
    }
}

extension PipelineSource {
    /// The form in which the log keeps it.
    var stored: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(self)
        }
    }
}
