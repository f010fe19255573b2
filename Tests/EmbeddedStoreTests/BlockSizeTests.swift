import ChunkCodec
import Foundation
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@testable import EmbeddedStore

/// What a block takes beside its values: budgets for the shape of the main workload.
@Suite struct BlockSizeTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let metrics = [
        "cpu_usage", "mem_used_percent", "http_requests_total", "net_bytes_total", "request_latency_ms",
        "config_version", "cpu_cores", "sensor_raw", "queue_depth", "errors_total",
    ]

    /// Sources × metrics with labels as services have them, in order.
    private func labels(sources: Int, using generator: inout SeededGenerator) -> [LabelSet] {
        (0..<sources).flatMap { source in
            let instance = (0..<4).map { _ in String(format: "%08x", UInt32(truncatingIfNeeded: generator.next())) }
            return BlockSizeTests.metrics.map { metric in
                LabelSet([
                    "__name__": metric, "source_id": String(format: "host-%06d", source),
                    "region": "region-\(source % 4)", "service": "service-\(source % 20)",
                    "env": ["prod", "staging", "dev"][source % 3], "instance_uuid": instance.joined(separator: "-"),
                ])
            }
        }.sorted()
    }

    private func tableSizes(_ path: String) throws -> [String: Int] {
        let database = try BlockDatabase(path: path, file: "block", mode: .immutable)
        let rows = try database.prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC")
        var sizes: [String: Int] = [:]
        while try rows.step() { sizes[rows.text(0)] = Int(rows.integer(1)) }
        return sizes
    }

    /// Builds a block and says what each table takes.
    private func build(
        _ labels: [LabelSet], sampleCount: Int, hours: Int64, using generator: inout SeededGenerator
    ) throws -> (sizes: [String: Int], valueBytes: Int, fileBytes: Int) {
        let from = BlockFixture.day
        let name = BlockName(from: from, to: from + hours * BlockTime.hour, through: 1)
        var builder = try BlockBuilder(
            files: DiskFiles(), folder: folder.path, name: name, windowsThrough: [from: 1], effort: .best)
        let times = (0..<sampleCount).map { from + Int64($0) * 15_000 }
        var valueBytes = 0
        for set in labels {
            var value = Int(generator.next() % 10_000)
            let values = times.map { _ in
                value += Int(generator.next() % 401) - 200
                return Double(value) / 100
            }
            valueBytes += ChunkCodec.encodeValues(values, effort: .best).count
            try builder.add(set, SampleColumns(timestamps: times, values: values))
        }
        try builder.finish()
        try builder.publish()
        return (try tableSizes(builder.path), valueBytes, try DiskFiles().size(of: builder.path))
    }

    @Test func aWindowOfManySeries() throws {
        var generator = SeededGenerator.seeded("aWindowOfManySeries")
        let labels = labels(sources: 1000, using: &generator)
        let (sizes, valueBytes, _) = try build(labels, sampleCount: 200, hours: 2, using: &generator)
        let chunks = Double((sizes["chunk"] ?? .max) + (sizes["timeline"] ?? .max) - valueBytes) / Double(labels.count)
        let index =
            Double(["label", "label_name", "series"].reduce(0) { $0 + (sizes[$1] ?? .max) }) / Double(labels.count)
        print(
            "window: \(sizes.sorted { $0.value > $1.value }); a chunk beside values \(chunks), a series \(index) bytes")
        #expect(chunks <= 26)
        #expect(index <= 80)
    }

    @Test func aDayOfFewSeries() throws {
        var generator = SeededGenerator.seeded("aDayOfFewSeries")
        let labels = labels(sources: 5, using: &generator)
        let (sizes, valueBytes, fileBytes) = try build(labels, sampleCount: 5760, hours: 24, using: &generator)
        let share = Double(fileBytes - valueBytes) / Double(valueBytes)
        let statistics = Double(sizes["statistics"] ?? .max) / Double(labels.count * 5760)
        print("day: \(sizes.sorted { $0.value > $1.value }); beside values \(share), statistics \(statistics) a sample")
        #expect(share <= 0.13)
        #expect(statistics <= 0.075)
    }

    /// A row that fits is better off in a large page, a long one in small pages, and a small file is small.
    @Test func pagesSuitTheRows() {
        #expect(BlockRows.pageSize(rowByteCount: 300, fileByteCount: 64 << 20) == 65_536)
        #expect(BlockRows.pageSize(rowByteCount: 9_000, fileByteCount: 64 << 20) == 1024)
        #expect(BlockRows.pageSize(rowByteCount: 300, fileByteCount: 20_000) <= 4096)
    }
}
