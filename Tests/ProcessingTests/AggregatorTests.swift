import Processing
import TelemetryModel
import TestSupport
import Testing

@Suite struct AggregatorTests {
    private func rule(_ text: String) throws -> AggregationRule {
        let source = PipelineSource(name: "p.yml", text: "stages: [{aggregate: {\(text)}}]", lookups: [:])
        return try #require(try source.pipeline().aggregationRules.first)
    }

    private func outputs(_ emissions: [Emission]) -> [String: Double] {
        var outputs: [String: Double] = [:]
        for sample in emissions.flatMap(\.samples) {
            guard case .number(let value) = sample.value else { continue }
            outputs["\(sample.labels) @\(sample.timestamp)"] = value
        }
        return outputs
    }

    @Test func samplesAreCountedInUnderFewerLabels() throws {
        let rule = try rule(
            "interval: 1m, by: job, outputs: [sum, count, min, max, avg, last, count_series, sum_last, quantile(0.5)]")
        var aggregator = Aggregator()
        let a = aggregator.slot(of: rule, for: LabelSet(["__name__": "m", "job": "x", "pod": "a"]))
        let b = aggregator.slot(of: rule, for: LabelSet(["__name__": "m", "job": "x", "pod": "b"]))
        // Windows are open at their start and closed at their end.
        for (slot, time, value) in [
            (a, 60_000, 99), (a, 60_001, 1), (a, 90_000, 2), (b, 120_000, 9), (b, 60_500, 4), (a, 120_001, 77),
        ] as [(Aggregator.Slot, Int64, Double)] {
            #expect(aggregator.add(slot, at: time, value, offset: 1, arrivedAt: 120_000) == .counted)
        }
        let emitted = outputs(aggregator.close(at: 120_000 + 60_000 + 1000).filter { $0.through == 120_000 })
        let group = "job=\"x\"} @120000"
        #expect(emitted["m:1m_sum{\(group)"] == 16)
        #expect(emitted["m:1m_count{\(group)"] == 4)
        #expect(emitted["m:1m_min{\(group)"] == 1)
        #expect(emitted["m:1m_max{\(group)"] == 9)
        #expect(emitted["m:1m_avg{\(group)"] == 4)
        #expect(emitted["m:1m_last{\(group)"] == 9)
        #expect(emitted["m:1m_count_series{\(group)"] == 2)
        #expect(emitted["m:1m_sum_last{\(group)"] == 11)
        #expect(emitted["m:1m_quantile{job=\"x\", quantile=\"0.5\"} @120000"] == 3)
    }

    @Test func aSampleIsLateByItsArrivalAlone() throws {
        let rule = try rule("interval: 1m, horizon: 30s, outputs: count")
        var aggregator = Aggregator()
        let slot = aggregator.slot(of: rule, for: LabelSet(["__name__": "m"]))
        #expect(aggregator.add(slot, at: 59_000, 1, offset: 3, arrivedAt: 90_000) == .counted)
        #expect(aggregator.add(slot, at: 59_001, 1, offset: 4, arrivedAt: 90_001) == .late)
        #expect(aggregator.add(slot, at: 500_000, 1, offset: 4, arrivedAt: 90_001) == .ahead)
        for extreme in [Int64.min, .max] {
            #expect(aggregator.add(slot, at: extreme, 1, offset: 4, arrivedAt: 90_001) != .counted)
        }
        #expect(aggregator.oldestOffset == 3)
        #expect(aggregator.nextClose == 91_000)
        #expect(aggregator.close(at: 90_999).isEmpty)
        let emissions = aggregator.close(at: 91_000)
        #expect(outputs(emissions) == ["m:1m_count @60000": 1])
        // On their way: given once, and the log is kept until they are there.
        #expect(aggregator.close(at: 200_000).isEmpty)
        #expect(aggregator.oldestOffset == 3)
        aggregator.finish(emissions[0].ruleIdentity, isWritten: false)
        let again = aggregator.close(at: 200_000)
        #expect(outputs(again) == outputs(emissions))
        aggregator.finish(again[0].ruleIdentity, isWritten: true)
        #expect(aggregator.oldestOffset == nil)
        #expect(aggregator.openSamples == 0)
    }

    @Test func countersRiseOverTheEdgesOfWindows() throws {
        let rule = try rule("interval: 1m, horizon: 10s, by: job, outputs: [increase, rate]")
        var aggregator = Aggregator()
        let slot = aggregator.slot(of: rule, for: LabelSet(["__name__": "c_total", "job": "x", "pod": "a"]))
        var increases: [Int64: Double] = [:]
        // 10 a sample, every 20 s; falls to 5 at 200 s; pauses for a window.
        let samples: [(Int64, Double)] = [
            (20, 10), (40, 20), (60, 30), (80, 40), (120, 60), (140, 70), (200, 5), (220, 15), (320, 95), (340, 100),
        ]
        for (index, (second, value)) in samples.enumerated() {
            let now = second * 1000
            for emission in aggregator.close(at: now) {
                for sample in emission.samples where sample.labels.metricName == "c_total:1m_increase" {
                    guard case .number(let value) = sample.value else { continue }
                    increases[sample.timestamp / 1000] = value
                }
                aggregator.finish(emission.ruleIdentity, isWritten: true)
            }
            _ = aggregator.add(slot, at: now, value, offset: Int64(index), arrivedAt: now)
        }
        for emission in aggregator.close(at: 1_000_000) {
            for sample in emission.samples where sample.labels.metricName == "c_total:1m_increase" {
                guard case .number(let value) = sample.value else { continue }
                increases[sample.timestamp / 1000] = value
            }
        }
        #expect(increases == [60: 20, 120: 30, 180: 10, 240: 15, 360: 5])
    }

    /// Any order of arrival, with repetitions, gives what sorting by hand gives; and so does beginning again from the log at any
    /// moment.
    @Test func ordersRepetitionsAndRestartsChangeNothing() throws {
        var generator = SeededGenerator.seeded("ordersRepetitionsAndRestartsChangeNothing")
        let rule = try rule(
            "interval: 10s, horizon: 20s, without: pod, outputs: [sum, count, last, increase, quantile(0.9)]")
        for _ in 0..<30 {
            var stream: [(series: Int, time: Int64, value: Double, arrival: Int64)] = []
            for index in 0..<300 {
                let time = Int64(index) * 400 + Int64(generator.next() % 300)
                let series = Int(generator.next() % 4)
                stream.append((series, time, Double(generator.next() % 50), time + Int64(generator.next() % 25_000)))
            }
            stream += stream.filter { _ in generator.next() % 8 == 0 }
            stream.sort { $0.arrival < $1.arrival }
            let whole = run(rule, stream, restartsAt: [], using: &generator)
            let cuts = Set((0..<3).map { _ in Int(generator.next() % UInt64(stream.count)) })
            let cut = run(rule, stream, restartsAt: cuts, using: &generator)
            #expect(!whole.isEmpty)
            #expect(cut == whole)
            #expect(whole.filter { $0.key.contains("_count") } == counts(stream))
        }
    }

    private func series(_ index: Int) -> LabelSet {
        LabelSet(["__name__": "m", "job": index % 2 == 0 ? "x" : "y", "pod": "\(index)"])
    }

    /// How many different times each group has a window, by hand.
    private func counts(_ stream: [(series: Int, time: Int64, value: Double, arrival: Int64)]) -> [String: Double] {
        var seen: Set<[Int64]> = []
        var counts: [String: Double] = [:]
        for sample in stream {
            let end = (sample.time + 9999) / 10_000 * 10_000
            guard sample.arrival <= end + 20_000, seen.insert([Int64(sample.series), sample.time]).inserted else {
                continue
            }
            counts["m:10s_count{job=\"\(sample.series % 2 == 0 ? "x" : "y")\"} @\(end)", default: 0] += 1
        }
        return counts
    }

    /// Each element of the stream is a batch; a restart begins again with the oldest batch that the log still has.
    private func run(
        _ rule: AggregationRule, _ stream: [(series: Int, time: Int64, value: Double, arrival: Int64)],
        restartsAt restarts: Set<Int>, using generator: inout SeededGenerator
    ) -> [String: Double] {
        var aggregator = Aggregator()
        var emitted: [String: Double] = [:]
        var positions: [String: Int64] = [:]
        func close(at moment: Int64) {
            for emission in aggregator.close(at: moment) {
                for (key, value) in outputs([emission]) {
                    #expect(emitted.updateValue(value, forKey: key) == nil, "\(key) twice")
                }
                positions[emission.ruleIdentity] = emission.through
                aggregator.finish(emission.ruleIdentity, isWritten: true)
            }
        }
        func add(_ index: Int) {
            let sample = stream[index]
            close(at: sample.arrival)
            let slot = aggregator.slot(of: rule, for: series(sample.series))
            _ = aggregator.add(slot, at: sample.time, sample.value, offset: Int64(index), arrivedAt: sample.arrival)
        }
        for index in stream.indices {
            if restarts.contains(index) {
                let oldest = aggregator.oldestOffset.map(Int.init) ?? index
                aggregator = Aggregator(emittedThrough: positions)
                for again in oldest..<index { add(again) }
            }
            add(index)
        }
        close(at: 1_000_000)
        return emitted
    }

    @Test func overTheBoundNothingMoreIsCountedIn() throws {
        let rule = try rule("interval: 1m, outputs: count")
        var aggregator = Aggregator(maximumSamples: 2)
        let slot = aggregator.slot(of: rule, for: LabelSet(["__name__": "m"]))
        for index in 0..<3 {
            let outcome = aggregator.add(slot, at: Int64(index), 1, offset: 1, arrivedAt: 0)
            #expect(outcome == (index < 2 ? .counted : .full))
        }
    }
}
