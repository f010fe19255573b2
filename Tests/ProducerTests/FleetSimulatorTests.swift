import Foundation
import Testing

@testable import Producer

@Suite struct FleetSimulatorTests {
    private static let start: Int64 = 1_760_000_000_000

    private func records(
        seed: UInt64 = 1, sources: Int = 25, every interval: Duration = .seconds(5), minutes: Int64,
        start: Int64 = FleetSimulatorTests.start,
        demonstration: Bool = false
    ) throws -> [SentRecord] {
        var options = FleetOptions()
        options.seed = seed
        options.sources = sources
        options.interval = interval
        var fleet = FleetSimulator(options: options, start: start, demonstrationStart: demonstration ? start : nil)
        var buffer = RecordBuffer()
        while fleet.nextTimestamp < start + minutes * 60_000 { fleet.step(into: &buffer) }
        let records = try SentRecord.all(in: buffer.bytes)
        #expect(records.count == buffer.count)
        return records
    }

    /// Golden: the bytes for a seed are a promise, so that a bug that somebody saw can be seen again.
    @Test func theSameSeedGivesTheSameBytesForEver() {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var fleet = FleetSimulator(options: FleetOptions(), start: FleetSimulatorTests.start, demonstrationStart: nil)
        var buffer = RecordBuffer()
        while buffer.count < 20_000 { fleet.step(into: &buffer) }
        for byte in buffer.bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        #expect(hash == 16_822_508_612_187_577_536, "the hash of seed 1 is \(hash)")
    }

    @Test func otherSeedsGiveOtherFleets() throws {
        let one = try records(seed: 1, minutes: 1).map(\.value)
        let two = try records(seed: 2, minutes: 1).map(\.value)
        #expect(one != two)
    }

    @Test func everySourceSendsSixMetricsWithItsTags() throws {
        let records = try records(minutes: 1)
        #expect(Set(records.map(\.source)).count == 25)
        #expect(Set(records.map(\.metric)).isSuperset(of: FleetSource.metrics))
        for (source, own) in Dictionary(grouping: records, by: \.source) {
            #expect(Set(own.map { $0.tags["region"] }).count == 1, "\(source)")
            #expect(own.allSatisfy { $0.tags["service"] != nil && $0.tags["env"] != nil })
        }
        #expect(Set(records.compactMap { $0.tags["region"] }).count == 4)
        #expect(Set(records.compactMap { $0.tags["service"] }).count == 5)
        #expect(Set(records.compactMap { $0.tags["env"] }).count == 3)
        let cpu = records.filter { $0.metric == "cpu_usage" }
        // One of the sources may be silent.
        #expect((24 * 12...25 * 12).contains(cpu.count))
        #expect(cpu.allSatisfy { (0...100).contains($0.value) })
    }

    @Test func recordsComeInOrderAndNoSeriesTwiceInAMillisecond() throws {
        let records = try records(minutes: 3)
        #expect(zip(records, records.dropFirst()).allSatisfy { $0.timestamp <= $1.timestamp })
        let regular = records.filter { $0.metric != "incident" }
        #expect(Set(regular.map { "\($0.source) \($0.metric) \($0.timestamp)" }).count == regular.count)
    }

    @Test func countersGoBackOnlyWithARestart() throws {
        let records = try records(sources: 10, every: .seconds(60), minutes: 24 * 60)
        let restarts = records.filter { $0.metric == "incident" && $0.message?.contains("restarted") == true }
        #expect(!restarts.isEmpty)
        var last: [String: SentRecord] = [:]
        var resets = 0
        for record in records where record.metric.hasSuffix("_total") {
            let before = last.updateValue(record, forKey: record.source + record.metric)
            guard let before, record.value < before.value else { continue }
            resets += 1
            let isExplained = restarts.contains {
                $0.source == record.source && $0.timestamp > before.timestamp && $0.timestamp <= record.timestamp
            }
            #expect(isExplained, "\(record.source) \(record.metric) at \(record.timestamp)")
        }
        #expect(resets == restarts.count * 2)
    }

    @Test func theDayIsBusierThanTheNight() throws {
        // 2025-10-09 was a Thursday; host-001 is in a region at UTC.
        let midnight: Int64 = 1_759_968_000_000
        let records = try records(sources: 4, every: .seconds(60), minutes: 24 * 60, start: midnight)
        func mean(hour: Int64) -> Double {
            let own = records.filter {
                $0.source == "host-001" && $0.metric == "cpu_usage"
                    && ($0.timestamp - midnight) / 3_600_000 == hour
            }
            return own.map(\.value).reduce(0, +) / Double(max(own.count, 1))
        }
        #expect(mean(hour: 15) > mean(hour: 3) * 1.3)
        let saturday = DailyLoad.factor(at: midnight + 2 * 86_400_000 + 43_200_000, hoursEast: 0)
        #expect(saturday < DailyLoad.factor(at: midnight + 43_200_000, hoursEast: 0) * 0.7)
    }

    @Test func aDemonstrationShowsEveryKindWithinMinutes() throws {
        let records = try records(minutes: 20, demonstration: true)
        let events = records.filter { $0.metric == "incident" }
        let started = events.filter { $0.value == 1 }
        #expect(Set(started.compactMap { $0.tags["kind"] }) == Set(Incident.Kind.allCases.map(\.rawValue)))
        #expect(started.contains { $0.timestamp < FleetSimulatorTests.start + 60_000 })
        #expect(Set(started.compactMap(\.severity)) == ["warning", "error", "critical"])
        #expect(events.filter { $0.value == 0 }.allSatisfy { $0.severity == "info" })
        #expect(events.allSatisfy { $0.message?.contains($0.source) == true })
    }

    @Test func incidentsDoWhatTheySay() throws {
        let records = try records(minutes: 20, demonstration: true)
        let plan = IncidentSchedule(seed: 1, sources: 25).demonstration(from: FleetSimulatorTests.start)
        for incident in plan {
            let name = FleetSource(index: incident.source, seed: 1).name
            func values(_ metric: String, _ range: Range<Int64>) -> [Double] {
                records.filter { $0.source == name && $0.metric == metric && range.contains($0.timestamp) }.map(\.value)
            }
            func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
            let during = (incident.start + 10_000)..<incident.end
            let before = FleetSimulatorTests.start..<(incident.start - 5000)
            switch incident.kind {
            case .outage: #expect(values("cpu_usage", during).isEmpty)
            case .latencySpike:
                #expect(mean(values("request_latency_ms", during)) > 3 * mean(values("request_latency_ms", before)))
                #expect(mean(values("queue_depth", during)) > 10)
            case .errorBurst:
                let errors = values("http_errors_total", during)
                let requests = values("http_requests_total", during)
                let ratio = ((errors.last ?? 0) - (errors.first ?? 0)) / ((requests.last ?? 1) - (requests.first ?? 0))
                #expect(ratio > 0.05)
            case .memoryLeak:
                let memory = values("mem_used_percent", during)
                #expect((memory.last ?? 0) > (memory.first ?? 0) + 10)
            }
        }
    }

    @Test func theScheduleDoesNotDependOnWhereTheDataBegins() throws {
        let long = try records(every: .seconds(60), minutes: 180).filter { $0.metric == "incident" && $0.value == 1 }
        let later = FleetSimulatorTests.start + 90 * 60_000
        let short = try records(every: .seconds(60), minutes: 90, start: later).filter {
            $0.metric == "incident" && $0.value == 1
        }
        let known = Set(long.map { "\($0.source) \($0.tags["kind"] ?? "")" })
        #expect(!short.isEmpty)
        // A source that is still busy with an earlier incident has no second one; that is all that may differ.
        #expect(short.filter { known.contains("\($0.source) \($0.tags["kind"] ?? "")") }.count >= short.count - 1)
    }

    @Test func theIntervalCanChange() {
        var fleet = FleetSimulator(options: FleetOptions(), start: FleetSimulatorTests.start)
        var buffer = RecordBuffer()
        for _ in 0..<25 { fleet.step(into: &buffer) }
        fleet.setInterval(.milliseconds(100))
        for _ in 0..<25 { fleet.step(into: &buffer) }
        #expect(fleet.nextTimestamp == FleetSimulatorTests.start + 10_000)
        for _ in 0..<25 { fleet.step(into: &buffer) }
        #expect(fleet.nextTimestamp == FleetSimulatorTests.start + 10_100)
    }
}
