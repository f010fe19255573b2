import Processing
import TelemetryModel
import Testing

@Suite struct PipelineStageTests {
    private func plan(
        _ stages: String, _ labels: LabelSet, lookups: [String: String] = [:]
    ) throws -> SeriesDisposition {
        try PipelineSource(name: "p.yml", text: "stages: [\(stages)]", lookups: lookups).pipeline().disposition(
            of: labels)
    }

    private func labels(
        _ stages: String, _ labels: LabelSet, lookups: [String: String] = [:]
    ) throws -> LabelSet? {
        guard case .kept(let plan) = try plan(stages, labels, lookups: lookups) else { return nil }
        return plan.labels
    }

    private func value(_ stages: String, _ value: Double) throws -> Double {
        var sample = PipelineSample(timestamp: 0, value: value, receivedAt: 0)
        guard case .kept = try fate(stages, &sample) else { return .nan }
        return sample.value
    }

    private func fate(_ stages: String, _ sample: inout PipelineSample, newest: Int64 = 0) throws -> SampleFate {
        let pipeline = try PipelineSource(name: "p.yml", text: "stages: [\(stages)]", lookups: [:]).pipeline()
        var run = PipelineRun(pipeline, aggregator: Aggregator())
        guard case .kept(let plan) = pipeline.disposition(of: LabelSet(["__name__": "m"])) else { return .dropped }
        let steps = run.bind(plan)
        return run.process(&sample, 0..<Int32(steps.count), of: steps, offset: 1) { newest }
    }

    @Test func dropAndKeepGoByAnyOfTheirSelectors() throws {
        let series = LabelSet(["__name__": "m", "env": "dev"])
        #expect(try labels("{drop: ['{env=\"prod\"}', m]}", series) == nil)
        #expect(try labels("{drop: ['{env=\"prod\"}']}", series) == series)
        #expect(try labels("{keep: ['{env=\"prod\"}', m]}", series) == series)
        #expect(try labels("{keep: ['{env=\"prod\"}']}", series) == nil)
        #expect(try plan("{keep: m}, {drop: m}", series) == .dropped(stage: 1))
    }

    @Test func laterStagesSeeWhatEarlierOnesMade() throws {
        let stages = "{unit: {match: temp_f, from: fahrenheit, to: celsius, rename: temp_c}}, {drop: temp_c}"
        #expect(try plan(stages, LabelSet(["__name__": "temp_f"])) == .dropped(stage: 1))
    }

    @Test(arguments: [
        ("celsius", "kelvin", 20.0, 293.15), ("fahrenheit", "celsius", 212, 100), ("celsius", "fahrenheit", -40, -40),
        ("milliseconds", "seconds", 250, 0.25), ("mebibytes", "bytes", 1.5, 1_572_864), ("percent", "ratio", 50, 0.5),
        ("hectopascals", "pascals", 1013.25, 101325), ("kilowatthours", "joules", 1, 3.6e6), ("bits", "bytes", 8, 1),
    ])
    func unitsAreConverted(from: String, to: String, value: Double, expected: Double) throws {
        let converted = try self.value("{unit: {match: m, from: \(from), to: \(to)}}", value)
        #expect(abs(converted - expected) <= 1e-12 * max(1, abs(expected)), "\(converted)")
    }

    @Test func factorsAndOffsetsApplyInOrder() throws {
        #expect(try value("{unit: {match: m, multiply: 2, add: 1}}, {unit: {match: m, multiply: 10}}", 3) == 70)
    }

    @Test func boundsDropRefuseOrClamp() throws {
        #expect(try value("{bounds: {min: 0, max: 10, outside: clamp}}", 12) == 10)
        #expect(try value("{bounds: {min: 0, max: 10, outside: clamp}}", -2) == 0)
        #expect(try value("{bounds: {min: 0, max: 10, outside: drop}}", 10) == 10)
        #expect(try value("{bounds: {min: 0, max: 10, outside: drop}}", 10.5).isNaN)
        var sample = PipelineSample(timestamp: 0, value: 11, receivedAt: 0)
        guard case .refused(let refusal) = try fate("{name: sane, bounds: {max: 10}}", &sample) else {
            Issue.record("11 passed a bound of 10")
            return
        }
        #expect(refusal.field == "metric_value")
        #expect(refusal.message == "metric_value: 11.0 is not from -inf to 10.0 (stage \"sane\")")
    }

    @Test func staleMarkersAndHistogramsAreNoNumbers() throws {
        let stages = "{not_finite: }, {bounds: {min: 0, max: 1}}, {unit: {match: m, multiply: 5}}"
        var stale = PipelineSample(timestamp: 0, value: .staleMarker, receivedAt: 0)
        #expect(try fate(stages, &stale) == .kept)
        #expect(stale.value.isStaleMarker)
        var histogram = PipelineSample(timestamp: 0, value: 99, isHistogram: true, receivedAt: 0)
        #expect(try fate(stages, &histogram) == .kept)
        #expect(histogram.value == 99)
        var nan = PipelineSample(timestamp: 0, value: .nan, receivedAt: 0)
        #expect(try fate(stages, &nan) == .dropped)
    }

    @Test func clocksAreBoundedOrCorrected() throws {
        let arrival: Int64 = 1_000_000
        func outcome(_ stage: String, _ time: Int64, newest: Int64? = nil) throws -> (SampleFate, Int64, Int64?) {
            var sample = PipelineSample(
                timestamp: time, value: 1, startTimestamp: time &- 5000, receivedAt: arrival)
            let fate = try fate("{clock: {\(stage)}}", &sample, newest: newest ?? time)
            return (fate, sample.timestamp, sample.startTimestamp)
        }
        #expect(try outcome("max_age: 10s, max_ahead: 5s", 990_000).0 == .kept)
        #expect(try outcome("max_age: 10s, max_ahead: 5s, outside: drop", 989_999).0 == .dropped)
        #expect(try outcome("max_age: 10s, max_ahead: 5s, outside: drop", 1_005_001).0 == .dropped)
        #expect(try outcome("max_ahead: 5s, outside: drop", .min).0 == .kept)
        guard case .refused(let refusal) = try outcome("max_ahead: 5s", 1_006_000).0 else {
            Issue.record("six seconds ahead passed a bound of five")
            return
        }
        #expect(refusal.message.contains("it is 6.0 s ahead of its arrival, and may be 5.0 s"))
        #expect(try outcome("max_age: 10s, outside: arrival", 1).1 == arrival)
        #expect(try outcome("max_age: 10s, outside: arrival", 1).2 == arrival - 5000)
        // The source's newest record is an hour behind: all move by an hour.
        let shifted = try outcome("max_age: 10s, outside: shift", arrival - 3_602_000, newest: arrival - 3_600_000)
        #expect(shifted.1 == arrival - 2000)
        // An old record of a source whose clock is right stays where it is.
        #expect(try outcome("max_age: 10s, outside: shift", 1, newest: arrival).1 == 1)
        for extreme in [Int64.min, .max] { _ = try outcome("max_age: 1s, max_ahead: 1s, outside: shift", extreme) }
    }

    @Test func ofSendersThatMeasureTheSameTheFirstIsKept() throws {
        let pipeline = try PipelineSource(
            name: "p.yml", text: "stages: [{deduplicate: {interval: 15s}}]", lookups: [:]
        ).pipeline()
        var run = PipelineRun(pipeline, aggregator: Aggregator())
        guard case .kept(let plan) = pipeline.disposition(of: LabelSet(["__name__": "m"])) else { return }
        let steps = run.bind(plan)
        var kept: [Int64] = []
        for time in [0, 400, 15_000, 15_400, 14_000, 30_000, 29_000, 45_000, -1, -15_000, 90_000_000, 45_001] as [Int64]
        {
            var sample = PipelineSample(timestamp: time, value: 1, receivedAt: 0)
            let fate = run.process(&sample, 0..<Int32(steps.count), of: steps, offset: 1) { 0 }
            if fate == .kept { kept.append(time) }
        }
        #expect(kept == [0, 15_000, 30_000, 45_000, -1, 90_000_000, 45_001])
        #expect(run.takeCounts()[0].dropped == 5)
    }

    @Test func tagsAreLookedUp() throws {
        let csv = "\u{FEFF}source_id;site;team\npump-1;\"Hall; north\";water\npump-2;Yard;\n"
        let stage = "{enrich: {file: sites.csv, by: source_id}}"
        #expect(
            try labels(stage, LabelSet(["__name__": "m", "source_id": "pump-1"]), lookups: ["sites.csv": csv])
                == LabelSet(["__name__": "m", "site": "Hall; north", "source_id": "pump-1", "team": "water"]))
        #expect(
            try labels(
                stage, LabelSet(["__name__": "m", "source_id": "pump-2", "site": "Old"]), lookups: ["sites.csv": csv])
                == LabelSet(["__name__": "m", "site": "Old", "source_id": "pump-2"]))
        let overwriting = "{enrich: {file: sites.csv, by: source_id, add: site, overwrite: true}}"
        #expect(
            try labels(
                overwriting, LabelSet(["__name__": "m", "source_id": "pump-2", "site": "Old"]),
                lookups: ["sites.csv": csv])?["site"] == "Yard")
        let json = #"{"pump-1": {"floor": 3, "indoor": true}}"#
        #expect(
            try labels(
                "{enrich: {file: s.json, by: source_id}}", LabelSet(["__name__": "m", "source_id": "pump-1"]),
                lookups: ["s.json": json])
                == LabelSet(["__name__": "m", "floor": "3", "indoor": "true", "source_id": "pump-1"]))
    }

    @Test func prefixesAndNetworksAreLookedUpByTheNarrowest() throws {
        let hosts = "host,region\nweb-,any\nweb-eu-,europe\n"
        let prefix = "{enrich: {file: h.csv, by: host, lookup: prefix}}"
        func region(_ stage: String, _ key: String, _ value: String, _ file: [String: String]) throws -> String? {
            try labels(stage, LabelSet(["__name__": "m", key: value]), lookups: file)?["region"]
        }
        #expect(try region(prefix, "host", "web-eu-7", ["h.csv": hosts]) == "europe")
        #expect(try region(prefix, "host", "web-us-7", ["h.csv": hosts]) == "any")
        #expect(try region(prefix, "host", "db-1", ["h.csv": hosts]) == nil)
        let networks = "network,region\n10.0.0.0/8,inside\n10.2.0.0/16,lab\n2001:db8::/32,docs\n192.0.2.7,one\n"
        let cidr = "{enrich: {file: n.csv, by: client, column: network, lookup: cidr}}"
        for (address, expected) in [
            ("10.2.3.4", "lab"), ("10.3.3.4", "inside"), ("11.0.0.1", nil), ("2001:db8::1", "docs"),
            ("2001:db9::1", nil),
            ("192.0.2.7", "one"), ("192.0.2.8", nil), ("no address", nil), ("", nil),
        ] as [(String, String?)] {
            #expect(try region(cidr, "client", address, ["n.csv": networks]) == expected, "\(address)")
        }
    }
}
