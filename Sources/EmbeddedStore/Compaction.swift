import ChunkCodec
import TelemetryModel

/// Carries out what `CompactionPlan` says.
///
/// The result names its inputs (`replaces`) and is published before they are removed: after a crash in between, the start
/// removes them. To the caller remains to put the result in the inputs' place for new queries, and to `retire` them.
enum Compaction {
    /// - Parameters:
    ///   - inputs: the job's, opened.
    ///   - deletedThrough: the number of the newest tombstone that has been applied to all inputs (`Block.delete`).
    ///   - keeps: false for series of which nothing is to be kept.
    ///   - step: see `BlockMerge.merge`.
    /// - Throws: what stopped the merge; then nothing has changed.
    static func run(
        _ job: CompactionPlan.Job, inputs: [Block], files: any StoreFiles, folder: String, cache: BlockLabelCache,
        deletedThrough: Int64, keeps: (LabelSet) -> Bool = { _ in true },
        step: (BlockMerge.Progress) throws -> Void = { _ in }
    ) throws -> (block: Block, report: BlockMerge.Report) {
        let ordered = inputs.sorted { $0.name < $1.name }
        guard ordered.map(\.name) == job.inputs else {
            throw BlockBuildError(
                file: job.output.fileName, expected: "the blocks \(job.inputs.map(\.fileName))",
                found: "\(ordered.map(\.name.fileName))")
        }
        var builder = try BlockBuilder(
            files: files, folder: folder, name: job.output, windowsThrough: job.windowsThrough,
            replaces: job.inputs.map(\.fileName), deletedThrough: deletedThrough, effort: .best)
        do {
            let report = try BlockMerge.merge(ordered, into: &builder, keeps: keeps, step: step)
            try builder.finish()
            try builder.publish()
            return (try Block(files: files, folder: folder, name: job.output, cache: cache), report)
        } catch {
            builder.discard()
            throw error
        }
    }
}
