import GRDB
import TelemetryModel
import TestSupport
import Testing

@testable import IngestLog

@Suite struct MetadataTableTests {
    private let counter = FamilyMetadata("a_total", MetricMetadata(type: .counter, help: "\"A\"\n\\", unit: "s"))
    private let gauge = FamilyMetadata("a_total", MetricMetadata(type: .gauge))
    private let other = FamilyMetadata("b", MetricMetadata(help: "é"))

    private func submission(_ metadata: [FamilyMetadata], at now: Int64) -> LogSubmission {
        LogSubmission(
            batch: TelemetryBatch(), rejected: [], ingestProtocol: .remoteWrite, receivedAt: now, metadata: metadata)
    }

    @Test func metadataAloneIsDurableAndReadBack() async throws {
        let fixture = try LogFixture()
        #expect(fixture.log.metadata.familyCount == 0)
        // No batch: the offset is still that of the newest one.
        #expect(try await fixture.log.append(submission([counter, gauge, other], at: 5)) == 0)
        #expect(fixture.log.metadata.news(in: [counter, gauge, other], at: 5).isEmpty)
        let before = fixture.log.metadata.families()
        let log = try fixture.reopen()
        #expect(log.metadata.families().map(\.family) == ["a_total", "b"])
        #expect(log.metadata.families().map(\.variants) == before.map(\.variants))
        #expect(log.metadata.families(named: "a_total").first?.variants.count == 2)
        #expect(try log.entries().isEmpty && log.durableOffset == 0)
    }

    @Test func whatIsSeenAgainIsOneRow() async throws {
        let fixture = try LogFixture()
        let later = MetadataRegistry.seenResolution
        _ = try await fixture.log.append(submission([other], at: 0))
        _ = try await fixture.log.append(submission([other], at: later))
        let rows = try fixture.fetch("SELECT family, type, help, unit, last_seen_ms FROM metric_metadata")
        #expect(rows.count == 1 && rows.first?["last_seen_ms"] == later)
    }

    @Test func whatIsReplacedOrExpiredIsGoneFromTheFile() async throws {
        var limits = LogLimits()
        limits.metadata.variantsPerFamily = 1
        let fixture = try LogFixture(limits: limits)
        let hours = 2 * MetadataRegistry.seenResolution
        _ = try await fixture.log.append(submission([counter, other], at: 0))
        _ = try await fixture.log.append(submission([gauge], at: hours))
        func rows() throws -> [String] {
            try fixture.fetch("SELECT family || ' ' || type FROM metric_metadata ORDER BY 1").map { $0[0] }
        }
        #expect(try rows() == ["a_total 2", "b 0"])
        // Times are not kept so finely that the last two hours could be told apart.
        #expect(try fixture.log.expireMetadata(seenBefore: .max, now: hours) == 0)
        #expect(try fixture.log.expireMetadata(seenBefore: 1, now: hours + 1) == 1)
        #expect(try rows() == ["a_total 2"])
        #expect(fixture.log.metadata.families().map(\.family) == ["a_total"])
    }

    @Test func aTypeOfANewerVersionIsUnknown() async throws {
        let fixture = try LogFixture()
        try fixture.log.close()
        try fixture.execute("INSERT INTO metric_metadata VALUES ('a', 99, 'h', '', 1), ('b', -1, '', '', 1)")
        let log = try IngestLog(folder: fixture.folder.path, registry: SeriesRegistry())
        #expect(log.metadata.families().map { $0.variants.map(\.metadata.type) } == [[.unknown], [.unknown]])
        try log.close()
    }
}
