import Foundation
import PromQLEngine
import TelemetryModel
import TimeSeriesStore

/// What a query gave, in a form in which two answers can be compared.
enum DifferentialAnswer {
    typealias Points = [(time: Int64, value: Double)]

    case failure(String)
    case value(type: String, [LabelSet: Points])

    init(_ result: QueryResult) {
        switch result.value {
        case .scalar(let time, let value): self = .value(type: "scalar", [.empty: [(time, value)]])
        case .string: self = .value(type: "string", [:])
        case .vector(let samples):
            self = .value(
                type: "vector",
                Dictionary(uniqueKeysWithValues: samples.map { ($0.labels, [($0.timestamp, $0.value)]) }))
        case .matrix(let series):
            let points = series.map { ($0.labels, Array(zip($0.samples.timestamps, $0.samples.values)) as Points) }
            self = .value(type: "matrix", Dictionary(uniqueKeysWithValues: points))
        }
    }

    /// From the HTTP API's JSON.
    init(_ json: Data) throws {
        let answer = try JSONDecoder().decode(WrittenAnswer.self, from: json)
        guard let data = answer.data else {
            self = .failure(answer.error ?? "no error")
            return
        }
        self = .value(type: data.resultType, try data.points())
    }

    /// Nil if they are the same: failures whatever their words, values to a billionth.
    func difference(from other: DifferentialAnswer, comparesValuesOnly: Bool) -> String? {
        switch (self, other) {
        case (.failure, .failure): return nil
        case (.failure(let reason), .value): return "fails (\(reason)), there it has a value"
        case (.value, .failure(let reason)): return "has a value, there it fails (\(reason))"
        case (.value(let type, let ours), .value(let otherType, let theirs)):
            guard type == otherType else { return "a \(type), there a \(otherType)" }
            return comparesValuesOnly ? Self.values(ours, theirs) : Self.series(ours, theirs)
        }
    }

    private static func series(_ ours: [LabelSet: Points], _ theirs: [LabelSet: Points]) -> String? {
        for (labels, points) in ours {
            guard let others = theirs[labels] else { return "\(labels) \(points.prefix(5)) is not there" }
            if let difference = first(points, others) { return "\(labels) \(difference)" }
        }
        return theirs.first { ours[$0.key] == nil }.map { "there is \($0.key) \($0.value.prefix(5)), too" }
    }

    /// By time, in order of value.
    private static func values(_ ours: [LabelSet: Points], _ theirs: [LabelSet: Points]) -> String? {
        func sorted(_ series: [LabelSet: Points]) -> Points {
            series.values.joined().sorted { a, b in
                a.time == b.time ? (a.value.isNaN ? !b.value.isNaN : a.value < b.value) : a.time < b.time
            }
        }
        return first(sorted(ours), sorted(theirs))
    }

    private static func first(_ ours: Points, _ theirs: Points) -> String? {
        for (our, their) in zip(ours, theirs) where our.time != their.time || !our.value.isNearly(their.value) {
            return "\(our), there \(their)"
        }
        return ours.count == theirs.count ? nil : "\(ours.count) points, there \(theirs.count)"
    }
}

extension Double {
    /// Equal to a billionth. What is as small as the rounding of the numbers that it is the difference of counts as 0.
    fileprivate func isNearly(_ other: Double) -> Bool {
        if self == other || (isNaN && other.isNaN) { return true }
        if isInfinite || other.isInfinite { return false }
        return (self - other).magnitude <= 1e-9 * Swift.max(magnitude, other.magnitude, 1e-3)
    }
}

/// https://prometheus.io/docs/prometheus/latest/querying/api/
private struct WrittenAnswer: Decodable {
    struct Content: Decodable {
        let resultType: String
        let result: Result

        func points() throws -> [LabelSet: DifferentialAnswer.Points] {
            switch result {
            case .point(let point): return [.empty: [try point.decoded()]]
            case .series(let series):
                var all: [LabelSet: DifferentialAnswer.Points] = [:]
                for one in series {
                    let labels = LabelSet(one.metric.map { Label($0.key, $0.value) })
                    all[labels] = try (one.values ?? one.value.map { [$0] } ?? []).map { try $0.decoded() }
                }
                return all
            }
        }
    }

    enum Result: Decodable {
        case point(Point)
        case series([Series])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            do {
                self = .series(try container.decode([Series].self))
            } catch {
                self = .point(try container.decode(Point.self))
            }
        }
    }

    struct Series: Decodable {
        let metric: [String: String]
        let value: Point?
        let values: [Point]?
    }

    /// `[1700000000.5, "12"]`
    struct Point: Decodable {
        let seconds: Double
        let text: String

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            seconds = try container.decode(Double.self)
            text = try container.decode(String.self)
        }

        func decoded() throws -> (time: Int64, value: Double) {
            guard let value = Double(text) else { throw PrometheusPeer.Failure(description: "not a number: \(text)") }
            return (Int64((seconds * 1000).rounded()), value)
        }
    }

    let data: Content?
    let error: String?
}
