import Foundation
import IngestLog
import NativeHistograms
import TelemetryModel
import TestSupport
import Testing

/// Seeded requests, and what is known of each: the oracle is a dictionary of what was acknowledged, and of what may or may
/// not have come through.
struct Workload {
    struct Sample: Hashable {
        let labels: LabelSet
        let time: Int64
    }

    /// What a sample is: a number or a histogram, and when its counting began, if that is known.
    struct Content: Hashable, CustomStringConvertible {
        var value = 0.0
        var histogram: NativeHistogram?
        var start: Int64?

        var description: String {
            (histogram.map { "a histogram of \($0.count)" } ?? "\(value)") + (start.map { " since \($0)" } ?? "")
        }
    }

    /// A request that got an error for an answer, or none.
    struct Doubt {
        let samples: [Sample: Content]
        let deadLetters: Set<String>
        let records: Int
    }

    var generator: SeededGenerator
    let isEager: Bool
    /// What each sample may be: what was acknowledged last (nil: absent), then those of requests in doubt since.
    private(set) var possible: [Sample: [Content?]] = [:]
    /// All that was acknowledged for it, overwritten ones included.
    private(set) var history: [Sample: Set<Content>] = [:]
    private(set) var deadLetters: Set<String> = []
    private(set) var acknowledgedRecords = 0
    /// Requests refused by this process, in order, since the last that it acknowledged.
    private(set) var refused: [Doubt] = []
    /// Requests that were under way, or refused and followed by nothing, when a process ended.
    private(set) var doubts: [Doubt] = []
    private(set) var failures: [LogAppendError] = []
    /// Every sample ever sent, in order.
    private var known: [Sample] = []
    private var requests = 0
    private var now: Int64
    /// When requests arrive unless they say otherwise. For nodes that flush only what is over: longer ago than a flush waits
    /// for late samples, and not so long that what is not over must leave as well, at any time of day.
    private let arrival: Int64?

    /// - Parameter isEager: its nodes flush all windows, and its requests arrive hours ago. Otherwise they flush only what is
    ///   over, each request has a sample that is, and what arrived last stays in the head.
    init(seed: UInt64, isEager: Bool = true) {
        generator = SeededGenerator(seed: seed)
        self.isEager = isEager
        let clock = Int64(Date().timeIntervalSince1970 * 1000)
        // The two-hour window that is not over, whatever the time of day.
        arrival = isEager ? nil : clock - 3_600_000
        now = isEager ? clock - 6 * 3_600_000 : clock / 7_200_000 * 7_200_000 + 60_000
    }

    /// One request: samples of several sources, some late, some repeated, some with another value for a known time, and
    /// records that validation refused.
    mutating func append(to node: Node, arrivedAt: Int64? = nil) async throws {
        requests += 1
        now += Int64.random(in: 1...60_000, using: &generator)
        var batch = TelemetryBatch()
        var samples: [Sample: Content] = [:]
        for _ in 0..<Int.random(in: 1...30, using: &generator) {
            let sample = nextSample(isOver: !isEager && samples.isEmpty)
            var content = nextContent(of: sample)
            if let known = possible[sample]?.last ?? nil, generator.next() % 2 == 0 { content = known }
            let reference = try #require(node.registry.reference(for: sample.labels))
            if let start = content.start {
                batch.starts.append(RecordStart(sampleIndex: batch.count, startTimestamp: start))
            }
            if let histogram = content.histogram {
                batch.append(reference, at: sample.time, histogram: histogram)
            } else {
                batch.append(reference, at: sample.time, value: content.value)
            }
            samples[sample] = content
        }
        let rejected = (0..<Int.random(in: 0...2, using: &generator)).map { index in
            RejectedRecord(
                index: index, field: "metric_value", reason: .wrongType, message: "no number",
                payload: Array("refused \(requests).\(index)".utf8), sourceID: "s\(index)")
        }
        let letters = Set(rejected.map { String(decoding: $0.payload, as: UTF8.self) })
        let submission = LogSubmission(
            batch: batch, rejected: rejected, ingestProtocol: .contract, receivedAt: arrivedAt ?? arrival ?? now)
        do throws(LogAppendError) {
            _ = try await node.log.append(submission)
            acknowledgedRecords += submission.recordCount
            deadLetters.formUnion(letters)
            for (sample, content) in samples {
                possible[sample] = [content]
                history[sample, default: []].insert(content)
            }
            // What came after it in the log has overwritten what may have been left of a refused request.
            refused = []
        } catch {
            failures.append(error)
            refused.append(Doubt(samples: samples, deadLetters: letters, records: submission.recordCount))
        }
    }

    /// The process has ended without being able to close its files: what it refused last may be there all the same.
    mutating func crash() {
        for doubt in refused {
            for (sample, content) in doubt.samples { possible[sample, default: [nil]].append(content) }
        }
        doubts += refused
        refused = []
    }

    /// From now on, what was found is what must be there.
    mutating func settle(_ found: [Sample: Content], deadLetters letters: Set<String>, received: Int) {
        for sample in possible.keys { possible[sample] = [found[sample]] }
        deadLetters = letters
        acknowledgedRecords = received
        doubts = []
    }

    /// By source: numbers; numbers of a counter that says when it began; histograms; any of that, with a start of its own.
    private mutating func nextContent(of sample: Sample) -> Content {
        var content = Content(value: Double(Int.random(in: 0...1000, using: &generator)) / 8)
        let source = sample.labels["source_id"]
        if source == "s1" { content.start = 1_700_000_000_000 }
        if source == "s3", generator.next() % 2 == 0 { content.start = sample.time - 1000 }
        if source == "s2" || source == "s3" && generator.next() % 2 == 0 {
            content.value = 0
            let shape: RandomHistograms.Shape = generator.next() % 2 == 0 ? .counter : .fractions
            content.histogram = RandomHistograms.series(shape, count: 1, using: &generator)[0]
        }
        return content
    }

    private mutating func nextSample(isOver: Bool) -> Sample {
        if !known.isEmpty, !isOver, generator.next() % 5 == 0 {
            return known[Int.random(in: known.indices, using: &generator)]
        }
        // Ever more series, so that new ones turn up in late requests too.
        let metric = "m\(Int.random(in: 0...(2 + requests / 10), using: &generator))"
        let labels = LabelSet(["__name__": metric, "source_id": "s\(Int.random(in: 0...3, using: &generator))"])
        let age: Int64 =
            switch generator.next() % 60 {
            case 0: Int64.random(in: 0...400_000_000, using: &generator)
            case 1..<5: Int64.random(in: 0...20_000_000, using: &generator)
            default: Int64.random(in: 0...3000, using: &generator)
            }
        known.append(Sample(labels: labels, time: now - age - (isOver ? 36_000_000 : 0)))
        return known[known.count - 1]
    }
}
