import NativeHistograms
import PromQLEngine
import TelemetryModel
import TimeSeriesStore

extension Script.Evaluation {
    typealias TimedPoint = (time: Int64, point: SeriesDescription.Point)

    /// What is wrong about the remarks; nil if nothing is.
    func mismatch(_ all: [QueryAnnotation]) -> String? {
        let kinds: [(QueryAnnotation.Kind, [Script.TextMatch], Bool)] = [
            (.warning, warnings, forbidsWarnings), (.info, infos, forbidsInfos),
        ]
        for (kind, wanted, isForbidden) in kinds {
            let texts = all.filter { $0.kind == kind }.map(\.description)
            if isForbidden, let text = texts.first { return "unexpected annotation \(text)" }
            for match in wanted where !texts.contains(where: match.accepts) {
                return "no \(kind.rawValue) \(match), only \(texts)"
            }
            if !wanted.isEmpty, let other = texts.first(where: { text in !wanted.contains { $0.accepts(text) } }) {
                return "unexpected annotation \(other)"
            }
        }
        return nil
    }

    /// What is wrong about the value; nil if nothing is. `times` are those of the expected points, if it is a matrix.
    func mismatch(_ value: QueryValue, at times: [Int64]) -> String? {
        switch value {
        case .scalar(_, let number):
            guard let scalar else { return "unexpected scalar \(number)" }
            return number.isClose(to: scalar) ? nil : "expected \(scalar), got \(number)"
        case .string(_, let text):
            return string == text ? nil : "expected string \(string ?? "none"), got \(text)"
        case .vector(let samples):
            if let scalar { return "expected scalar \(scalar), got a vector of \(samples.count)" }
            let got = samples.map { ($0.labels, [(time: Int64(0), point: $0.point)]) }
            let expected = series.map { ($0.labels, $0.points(at: [0])) }
            if isOrdered, expected.map(\.0) != got.map(\.0) {
                return "expected order \(expected.map(\.0)), got \(got.map(\.0))"
            }
            return Self.compare(expected, got)
        case .matrix(let matrix):
            return Self.compare(
                series.map { ($0.labels, $0.points(at: times)) }, matrix.map { ($0.labels, $0.points) })
        }
    }

    private static func compare(
        _ expected: [(LabelSet, [TimedPoint])], _ got: [(LabelSet, [TimedPoint])]
    ) -> String? {
        var rest = Dictionary(got) { first, _ in first }
        guard rest.count == got.count else { return "the result repeats labels" }
        for (labels, samples) in expected where !samples.isEmpty {
            guard let found = rest.removeValue(forKey: labels) else {
                return "no \(labels), only \(got.prefix(8).map { "\($0.0) \($0.1.text)" }.joined(separator: "; "))"
            }
            let isEqual =
                found.count == samples.count
                && zip(found, samples).allSatisfy { $0.time == $1.time && $1.point.isClose(to: $0.point) }
            if !isEqual { return "\(labels): expected \(samples.text), got \(found.text)" }
        }
        return rest.first.map { "unexpected \($0.key) \($0.value.text)" }
    }
}

extension SeriesDescription {
    fileprivate func points(at times: [Int64]) -> [Script.Evaluation.TimedPoint] {
        zip(times, points).filter { $1 != .missing && $1 != .stale }
    }
}

extension SeriesDescription.Point {
    fileprivate func isClose(to found: SeriesDescription.Point) -> Bool {
        switch (self, found) {
        case (.number(let wanted), .number(let found)): found.isClose(to: wanted)
        case (.histogram(let wanted), .histogram(let found)): wanted.isClose(to: found.histogram)
        default: false
        }
    }
}

extension [Script.Evaluation.TimedPoint] {
    /// `1 @0 2 @60000`, times in milliseconds.
    fileprivate var text: String { map { "\($0.point) @\($0.time)" }.joined(separator: " ") }
}

extension VectorSample {
    fileprivate var point: SeriesDescription.Point {
        histogram.map { .histogram(HistogramDescription($0, hasHint: true)) } ?? .number(value)
    }
}

extension MatrixSeries {
    /// Numbers and histograms, ascending by time.
    fileprivate var points: [Script.Evaluation.TimedPoint] {
        let numbers = zip(samples.timestamps, samples.values).map { ($0, SeriesDescription.Point.number($1)) }
        let others = zip(histograms.timestamps, histograms.histograms).map {
            ($0, SeriesDescription.Point.histogram(HistogramDescription($1, hasHint: true)))
        }
        return (numbers + others).sorted { $0.0 < $1.0 }
    }
}

extension Double {
    /// Equal within a part of the sum of the magnitudes, by which Prometheus' runner compares; NaN equals NaN.
    package func isClose(to other: Double, within tolerance: Double = 1e-6) -> Bool {
        if self == other || (isNaN && other.isNaN) { return true }
        let difference = (self - other).magnitude
        let sum = magnitude + other.magnitude
        if self == 0 || other == 0 || sum < .leastNormalMagnitude {
            return difference < tolerance * .leastNormalMagnitude
        }
        return difference / Swift.min(sum, .greatestFiniteMagnitude) < tolerance
    }
}
