import EmbeddedStore
import Processor
import SelfMetrics

/// The store's part of `/metrics`.
extension PlatformMetrics {
    func registerHead(in metrics: MetricsRegistry) {
        let statistics: @Sendable () -> StoreStatistics = { [store] in store.statistics }
        metrics.register("heliograph_store_series", .gauge, help: "Series in the head's index.") {
            [.init(Double(statistics().headSeries))]
        }
        metrics.register("heliograph_store_head_windows", .gauge, help: "Two-hour windows in memory.") {
            [.init(Double(statistics().headWindows))]
        }
        metrics.register(
            "heliograph_store_head_bytes", .gauge, help: "Memory of the head, by what it holds: samples, index."
        ) {
            let statistics = statistics()
            return [("samples", statistics.headColumnBytes), ("index", statistics.headIndexBytes)].map {
                .init(Double($0.1), labels: [("part", $0.0)])
            }
        }
        metrics.register(
            "heliograph_store_head_bytes_per_series", .gauge, help: "Memory of the head for each series in it."
        ) {
            let statistics = statistics()
            let bytes = Double(statistics.headColumnBytes + statistics.headIndexBytes)
            return statistics.headSeries > 0 ? [.init(bytes / Double(statistics.headSeries))] : []
        }
        metrics.register("heliograph_store_head_samples_total", .counter, help: "Samples taken into the head.") {
            [.init(Double(statistics().counts.headSamples))]
        }
        metrics.register(
            "heliograph_store_late_samples_total", .counter,
            help: "Samples that came after a newer one of their series and two-hour window."
        ) { [.init(Double(statistics().counts.lateSamples))] }
        metrics.register("heliograph_store_replaced_values_total", .counter, help: "Values replaced by later ones.") {
            [.init(Double(statistics().counts.replacedValues))]
        }
    }

    func registerBlocks(in metrics: MetricsRegistry) {
        let statistics: @Sendable () -> StoreStatistics = { [store] in store.statistics }
        let flushes = processor.flushCounters
        metrics.register("heliograph_store_blocks", .gauge, help: "Blocks that are served, by tier.") {
            statistics().tiers.map { .init(Double($0.blocks), labels: [("tier", $0.name)]) }
        }
        metrics.register("heliograph_store_block_bytes", .gauge, help: "Size of the blocks' files, by tier.") {
            statistics().tiers.map { .init(Double($0.bytes), labels: [("tier", $0.name)]) }
        }
        metrics.register(
            "heliograph_store_pending_deletions", .gauge,
            help: "Deletions of which some block still has samples in its file, hidden."
        ) { [.init(Double(statistics().pendingDeletions))] }
        metrics.register("heliograph_store_block_samples", .gauge, help: "Samples in blocks of the tier raw.") {
            [.init(Double(statistics().blockSamples))]
        }
        metrics.register(
            "heliograph_store_damaged_blocks", .gauge, help: "Blocks set aside since start because they are damaged."
        ) { [store] in [.init(Double(store.damagedBlocks.count + store.damageReports.count))] }
        metrics.register("heliograph_store_deletions_total", .counter, help: "Deletions carried out, ever.") {
            [store] in
            [.init(Double((try? store.deletionReceipts().count) ?? 0))]
        }
        metrics.register("heliograph_flush_blocks_total", .counter, help: "Blocks written.") {
            [.init(Double(flushes.blocks.value))]
        }
        metrics.register("heliograph_flush_samples_total", .counter, help: "Samples written into blocks.") {
            [.init(Double(flushes.samples.value))]
        }
        metrics.register("heliograph_flush_failures_total", .counter, help: "Flushes that failed and are tried again.")
        {
            [.init(Double(flushes.failures.value))]
        }
    }

    func registerCompaction(in metrics: MetricsRegistry) {
        let counters = processor.compactor.counters
        let counts: [(name: String, help: String, counter: Counter)] = [
            ("heliograph_compaction_runs_total", "Merges of blocks that were carried out.", counters.runs),
            (
                "heliograph_compaction_failures_total",
                "Merges and sweeps of what is past its retention that failed and are tried again.", counters.failures
            ),
            ("heliograph_compaction_read_bytes_total", "Size of blocks that were merged.", counters.inputBytes),
            ("heliograph_compaction_written_bytes_total", "Size of blocks that merges made.", counters.outputBytes),
            ("heliograph_compaction_samples_total", "Samples in blocks that merges made.", counters.samples),
            (
                "heliograph_compaction_duplicate_samples_total",
                "Samples that merges left out because a later one has the same series and time.", counters.duplicates
            ),
            (
                "heliograph_retention_written_rollups_total", "Rollups made of samples that went.",
                counters.writtenRollups
            ),
        ]
        for (name, help, counter) in counts {
            metrics.register(name, .counter, help: help) { [.init(Double(counter.value))] }
        }
        metrics.register("heliograph_compaction_seconds_total", .counter, help: "Time that merges took.") {
            [.init(Double(counters.milliseconds.value) / 1000)]
        }
        metrics.register(
            "heliograph_retention_removed_blocks_total", .counter,
            help: "Blocks removed because nothing in them is kept any longer, by tier."
        ) {
            [("raw", counters.removedBlocks), ("rollup", counters.removedRollups)].map {
                .init(Double($0.1.value), labels: [("tier", $0.0)])
            }
        }
    }

    func registerReplay(in metrics: MetricsRegistry) {
        metrics.register("heliograph_replay_progress_ratio", .gauge, help: "Share of the log read back since start.") {
            [processor] in [.init(processor.replay.share)]
        }
        metrics.register("heliograph_replay_samples", .gauge, help: "Samples of the log that are read back, by state.")
        {
            [processor] in
            let samples = processor.replay.samples
            return [
                .init(Double(samples.done), labels: [("state", "done")]),
                .init(Double(samples.total - samples.done), labels: [("state", "left")]),
            ]
        }
    }
}
