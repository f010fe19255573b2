import TelemetryModel

/// What one step did with a sample.
package struct SampleTrace: Sendable {
    /// Index of the stage that asked for the step.
    package let stage: Int
    package let before: PipelineSample
    package let after: PipelineSample
    package let fate: SampleFate
}

extension PipelineRun {
    /// As `process`, telling what each step did.
    package mutating func trace(
        _ sample: inout PipelineSample, _ steps: [BoundStep], offset: Int64, newest: Int64
    ) -> [SampleTrace] {
        var traces: [SampleTrace] = []
        for step in steps {
            let before = sample
            let fate = process(&sample, 0..<1, of: [step], offset: offset) { newest }
            traces.append(SampleTrace(stage: step.stage, before: before, after: sample, fate: fate))
            if fate != .kept { break }
        }
        return traces
    }
}

extension BoundStep {
    /// Index of the stage that asked for it.
    var stage: Int {
        switch self {
        case .scale(_, let stage), .notFinite(_, let stage), .bounds(_, let stage), .clock(_, let stage),
            .deduplicate(_, _, let stage), .aggregate(_, _, let stage):
            stage
        }
    }
}
