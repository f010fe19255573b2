import Foundation
import TelemetryModel

/// A query's answer as it came: in the JSON of Prometheus' HTTP API.
struct QueryAnswer {
    /// A sample that is a number, as text with all its digits, and as number.
    struct Point: Equatable {
        /// Milliseconds since 1970.
        let timestamp: Int64
        let text: String

        var value: Double { Double(text) ?? .nan }
    }

    /// A sample that is a native histogram.
    struct Histogram: Equatable {
        let timestamp: Int64
        let count: String
        let sum: String
        let buckets: [Bucket]
    }

    struct Bucket: Equatable {
        /// 0: open on the left, 1: open on the right, 2: open, 3: closed.
        let boundaries: Int
        let lower: String
        let upper: String
        let count: String

        var interval: String {
            "\(boundaries == 1 || boundaries == 3 ? "[" : "(")\(lower), \(upper)\(boundaries == 0 || boundaries == 3 ? "]" : ")")"
        }
    }

    struct Series: Equatable {
        /// In order of names, without `__name__`.
        let labels: [(name: String, value: String)]
        let metric: String?
        let points: [Point]
        let histograms: [Histogram]

        static func == (a: Series, b: Series) -> Bool {
            a.metric == b.metric && a.points == b.points && a.histograms == b.histograms
                && a.labels.elementsEqual(b.labels) { $0 == $1 }
        }

        /// `name{label="value"}`, fit for a terminal.
        var name: String {
            let pairs = labels.map { "\($0.name)=\"\($0.value.escapedForLabelText)\"" }.joined(separator: ", ")
            return (pairs.isEmpty ? metric ?? "{}" : "\(metric ?? ""){\(pairs)}").printable
        }
    }

    enum Kind: String { case scalar, string, vector, matrix }

    let kind: Kind
    let series: [Series]
    let warnings: [String]
    let infos: [String]

    /// - Throws: `CommandFailure` if the text is no such answer.
    init(json text: some DataProtocol) throws {
        let root = (try? JSONSerialization.jsonObject(with: Data(text))) as? [String: Any]
        guard let root, let data = root["data"] as? [String: Any],
            let kind = (data["resultType"] as? String).flatMap(Kind.init)
        else {
            throw CommandFailure("the answer is not in the form of Prometheus' HTTP API; is --url a Heliograph server?")
        }
        self.kind = kind
        warnings = root["warnings"] as? [String] ?? []
        infos = root["infos"] as? [String] ?? []
        switch kind {
        case .scalar, .string:
            series = [
                Series(
                    labels: [], metric: nil, points: [QueryAnswer.point(data["result"])].compactMap { $0 },
                    histograms: [])
            ]
        case .vector, .matrix:
            series = (data["result"] as? [[String: Any]] ?? []).map(QueryAnswer.series)
        }
    }

    private static func series(_ object: [String: Any]) -> Series {
        let metric = object["metric"] as? [String: String] ?? [:]
        let points = (object["values"] as? [Any] ?? [object["value"]].compactMap { $0 }).compactMap(point)
        let histograms = (object["histograms"] as? [Any] ?? [object["histogram"]].compactMap { $0 })
            .compactMap(histogram)
        let labels = metric.filter { $0.key != "__name__" }.sorted { $0.key < $1.key }
        return Series(
            labels: labels.map { ($0.key, $0.value) }, metric: metric["__name__"], points: points,
            histograms: histograms)
    }

    private static func point(_ any: Any?) -> Point? {
        guard let pair = any as? [Any], pair.count == 2, let seconds = pair[0] as? NSNumber,
            let text = pair[1] as? String
        else { return nil }
        return Point(timestamp: milliseconds(seconds), text: text)
    }

    private static func histogram(_ any: Any) -> Histogram? {
        guard let pair = any as? [Any], pair.count == 2, let seconds = pair[0] as? NSNumber,
            let object = pair[1] as? [String: Any]
        else { return nil }
        let buckets = (object["buckets"] as? [[Any]] ?? []).compactMap { bucket -> Bucket? in
            guard bucket.count == 4, let boundaries = bucket[0] as? NSNumber, let lower = bucket[1] as? String,
                let upper = bucket[2] as? String, let count = bucket[3] as? String
            else { return nil }
            return Bucket(boundaries: boundaries.intValue, lower: lower, upper: upper, count: count)
        }
        return Histogram(
            timestamp: milliseconds(seconds), count: object["count"] as? String ?? "",
            sum: object["sum"] as? String ?? "", buckets: buckets)
    }

    private static func milliseconds(_ seconds: NSNumber) -> Int64 {
        let product = (seconds.doubleValue * 1000).rounded()
        return Int64(exactly: product) ?? 0
    }
}
