import TelemetryModel

/// A pipeline at work: what it remembers from sample to sample, and what its stages did.
package struct PipelineRun: Sendable {
    package let pipeline: ProcessingPipeline
    package var aggregator: Aggregator
    private var deduplicator = Deduplicator()
    /// By stage; taken by whoever adds them up.
    package private(set) var counts: [StageCounts]

    package init(_ pipeline: ProcessingPipeline, aggregator: Aggregator) {
        self.pipeline = pipeline
        self.aggregator = aggregator
        counts = Array(repeating: StageCounts(), count: pipeline.stages.count)
    }

    /// What was counted since the last call.
    package mutating func takeCounts() -> [StageCounts] {
        defer { for index in counts.indices { counts[index] = StageCounts() } }
        return counts
    }

    package mutating func countDropped(by stage: Int) { counts[stage].dropped += 1 }

    /// The steps with the places where their series are remembered.
    package mutating func bind(_ plan: SeriesPlan) -> [BoundStep] {
        plan.steps.map { step in
            switch step {
            case .scale(let transform, let stage): .scale(transform, stage: stage)
            case .notFinite(let action, let stage): .notFinite(action, stage: stage)
            case .bounds(let bounds, let stage): .bounds(bounds, stage: stage)
            case .clock(let bounds, let stage): .clock(bounds, stage: stage)
            case .deduplicate(let interval, let stage):
                .deduplicate(deduplicator.slot(for: plan.labels, stage: stage), interval: interval, stage: stage)
            case .aggregate(let rule, let labels, let stage):
                .aggregate(aggregator.slot(of: rule, for: labels), keepsRaw: rule.keepsRaw, stage: stage)
            }
        }
    }

    /// - Parameters:
    ///   - steps: the places of the series' steps in `all`.
    ///   - newest: the newest time that the sample's source has in its request.
    package mutating func process(
        _ sample: inout PipelineSample, _ steps: Range<Int32>, of all: [BoundStep], offset: Int64, newest: () -> Int64
    ) -> SampleFate {
        for index in steps {
            let fate = apply(all[Int(index)], to: &sample, offset, newest)
            if fate != .kept { return fate }
        }
        return .kept
    }

    private mutating func apply(
        _ step: BoundStep, to sample: inout PipelineSample, _ offset: Int64, _ newest: () -> Int64
    ) -> SampleFate {
        switch step {
        case .scale(let transform, _):
            if sample.isNumber { sample.value = transform(sample.value) }
        case .notFinite(let action, let stage):
            guard sample.isNumber, !sample.value.isFinite else { break }
            return refuse(action, stage, "metric_value", "it is \(sample.value), which is no finite number")
        case .bounds(let bounds, let stage): return check(&sample, bounds, stage)
        case .clock(let bounds, let stage): return check(&sample, bounds, stage, newest)
        case .deduplicate(let slot, let interval, let stage):
            guard !deduplicator.isFirst(slot, at: sample.timestamp, interval: interval) else { break }
            counts[stage].dropped += 1
            return .dropped
        case .aggregate(let slot, let keepsRaw, let stage):
            return aggregate(sample, slot, keepsRaw: keepsRaw, stage, offset)
        }
        return .kept
    }

    private mutating func check(_ sample: inout PipelineSample, _ bounds: ValueBounds, _ stage: Int) -> SampleFate {
        // NaN is neither inside nor outside.
        guard sample.isNumber, sample.value < bounds.least || sample.value > bounds.greatest else { return .kept }
        guard let action = RefusalAction(rawValue: bounds.outside.rawValue) else {
            sample.value = min(max(sample.value, bounds.least), bounds.greatest)
            counts[stage].changed += 1
            return .kept
        }
        return refuse(
            action, stage, "metric_value", "\(sample.value) is not from \(bounds.least) to \(bounds.greatest)")
    }

    private mutating func check(
        _ sample: inout PipelineSample, _ bounds: ClockBounds, _ stage: Int, _ newest: () -> Int64
    ) -> SampleFate {
        let arrival = sample.receivedAt
        if bounds.outside == .shift {
            let newest = newest()
            guard !bounds.contains(newest, arrivedAt: arrival) else { return .kept }
            sample.move(by: arrival &- newest)
            counts[stage].changed += 1
            return .kept
        }
        guard !bounds.contains(sample.timestamp, arrivedAt: arrival) else { return .kept }
        guard let action = RefusalAction(rawValue: bounds.outside.rawValue) else {
            sample.move(by: arrival &- sample.timestamp)
            counts[stage].changed += 1
            return .kept
        }
        let distance = (Double(sample.timestamp) - Double(arrival)) / 1000
        return refuse(
            action, stage, "timestamp",
            distance < 0
                ? "it is \(-distance) s older than its arrival, and may be \(Double(bounds.maximumAge) / 1000) s"
                : "it is \(distance) s ahead of its arrival, and may be \(Double(bounds.maximumAhead) / 1000) s")
    }

    private mutating func aggregate(
        _ sample: PipelineSample, _ slot: Aggregator.Slot, keepsRaw: Bool, _ stage: Int, _ offset: Int64
    ) -> SampleFate {
        // A histogram is not counted in, and goes on; the end of a raw series is none of the aggregate.
        guard !sample.isHistogram else { return .kept }
        if sample.isNumber {
            let outcome = aggregator.add(
                slot, at: sample.timestamp, sample.value, offset: offset, arrivedAt: sample.receivedAt)
            switch outcome {
            case .counted: counts[stage].aggregated += 1
            case .late, .ahead: counts[stage].late += 1
            case .full:
                counts[stage].notAggregated += 1
                // Rather too many series than a sample that is nowhere.
                return .kept
            }
        }
        if keepsRaw { return .kept }
        counts[stage].dropped += 1
        return .dropped
    }

    private mutating func refuse(
        _ action: RefusalAction, _ stage: Int, _ field: String, _ reason: String
    ) -> SampleFate {
        switch action {
        case .drop:
            counts[stage].dropped += 1
            return .dropped
        case .refuse:
            counts[stage].refused += 1
            return .refused(
                PipelineRefusal(
                    field: field, message: "\(field): \(reason) (stage \"\(pipeline.stages[stage].name)\")"))
        }
    }
}

/// A step of a plan with the place where its series is remembered.
package enum BoundStep: Sendable {
    case scale(ValueTransform, stage: Int)
    case notFinite(RefusalAction, stage: Int)
    case bounds(ValueBounds, stage: Int)
    case clock(ClockBounds, stage: Int)
    case deduplicate(Int, interval: Int64, stage: Int)
    case aggregate(Aggregator.Slot, keepsRaw: Bool, stage: Int)
}
