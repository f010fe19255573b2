import HTTPSupport
import Logging
import Processing
import Processor
import Synchronization

/// Puts the pipeline's files into force as they are now: when asked, and the lookup files also when they have changed.
/// Thread-safe.
final class PipelineReload: Sendable {
    private struct State {
        var source: PipelineSource
        var stamps: [String: FileStamp]
    }

    private let file: PipelineFile
    private let processor: Processor
    private let work: BlockingWork
    private let logger: Logger
    private let state: Mutex<State>

    init(
        _ file: PipelineFile, reading: PipelineFile.Reading, processor: Processor, work: BlockingWork, logger: Logger
    ) {
        self.file = file
        self.processor = processor
        self.work = work
        self.logger = logger
        state = Mutex(State(source: reading.source, stamps: reading.stamps))
    }

    /// - Returns: what was read, in a few words.
    func reload() async throws -> String {
        try await work.run { [self] in try replace() }
    }

    /// Reads the files again if a lookup file is not as it was.
    func reloadIfLookupsChanged() async {
        let stamps = state.withLock { $0.stamps }
        let changed = stamps.filter { FileStamp(of: $0.key) != $0.value }.keys.sorted()
        guard !changed.isEmpty else { return }
        do {
            let words = try await reload()
            logger.info("lookup files changed", metadata: ["files": "\(changed)", "read": "\(words)"])
        } catch {
            // Said once for each change.
            state.withLock { state in
                for path in changed { state.stamps[path] = FileStamp(of: path) }
            }
            logger.error(
                "lookup files changed and cannot be used; the pipeline stays as it was",
                metadata: ["files": "\(changed)", "error": "\(error)"])
        }
    }

    private func replace() throws -> String {
        let reading = try file.read()
        let isNew = state.withLock { state in
            state.stamps = reading.stamps
            return state.source != reading.source
        }
        let count = "\(reading.pipeline.stages.count) stages"
        guard isNew else { return "\(count), as before" }
        try processor.replacePipeline(with: reading.source)
        state.withLock { $0.source = reading.source }
        return count
    }
}
