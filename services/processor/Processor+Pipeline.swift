import Foundation
import IngestLog
import Logging
package import Processing
import Synchronization

extension Processor {
    /// Puts another pipeline into force for all batches that are processed from now on; what is processed already stays as it is.
    /// On disk when this returns, so that a restart does the same. Blocks; not to be called on Swift's cooperative pool.
    ///
    /// - Throws: `PipelineFaults` if the source is none, or what the disk says; the pipeline stays as it was then.
    package func replacePipeline(with source: PipelineSource) throws {
        let pipeline = try source.pipeline()
        let stored = try source.stored
        let isDone: Bool? = try tasks.run(wake: { work.signal() }) { [self] applied in
            try log.write(PipelineVersion(fromOffset: applied + 1, source: stored))
            applier.withLock { $0.replace(pipeline) }
            pipelineTotals.replace(pipeline, source: source)
            return true
        }
        if isDone == nil { throw PipelineError.stopped }
    }

    /// What the stages are and did since the process began.
    package var pipelineStatus: PipelineStatus {
        let (series, open) = applier.withLock { ($0.series.seriesCounts, $0.aggregator { $0.openSamples }) }
        return pipelineTotals.status(series: series, openSamples: open)
    }

    /// Writes the outputs of aggregation windows that are over.
    ///
    /// - Parameter moment: everything that arrived by then has been processed. Milliseconds since 1970.
    func closeWindows(at moment: Int64) {
        for (identity, isWritten) in aggregates.takeFinished() {
            applier.withLock { $0.aggregator { $0.finish(identity, isWritten: isWritten) } }
            if !isWritten {
                logger.error("aggregates could not be written; trying again in a second")
                retryAggregatesAt.store(moment + AggregateWriter.retryInterval, ordering: .relaxed)
            }
        }
        guard moment >= retryAggregatesAt.load(ordering: .relaxed) else { return }
        let emissions = applier.withLock { $0.aggregator { $0.close(at: moment) } }
        for emission in emissions { aggregates.write(emission, now: moment) }
    }

    /// How long the loop may sleep with nothing to do; nil for until it is woken.
    func nextWindow(now: Int64) -> DispatchTimeInterval? {
        guard let close = applier.withLock({ $0.aggregator { $0.nextClose } }) else { return nil }
        let due = max(close, retryAggregatesAt.load(ordering: .relaxed))
        return .milliseconds(Int(min(max(1, due - now), 60_000)))
    }

    /// The oldest offset of the log that is needed for more than blocks: by windows that are open, and by refused records that
    /// are not kept yet.
    var oldestNeededOffset: Int64? {
        [applier.withLock { $0.aggregator { $0.oldestOffset } }, refusals.oldestWaiting].compactMap { $0 }.min()
    }
}

package enum PipelineError: Error, CustomStringConvertible {
    case stopped

    package var description: String { "the server is shutting down; the pipeline is as it was" }
}
