import Foundation
import TelemetryModel

/// The contract's records as NDJSON: one line a sample, the labels beside source and metric as its tags. Not compressed.
struct ContractEncoder: RequestEncoder {
    /// By series: what stands between the timestamp and the value, and what stands behind the value.
    private let middles: [[UInt8]]
    private let ends: [[UInt8]]
    private var message: [UInt8] = []
    /// Timestamps repeat: a step's samples have the same.
    private var stamp: (milliseconds: Int64, text: [UInt8]) = (.min, [])

    init(_ workload: Workload) {
        var middles: [[UInt8]] = []
        var ends: [[UInt8]] = []
        for series in 0..<workload.seriesCount {
            let labels = workload.labels(of: series)
            func value(_ name: String) -> String { labels.first { $0.name == name }?.value ?? "" }
            let tags = labels.filter { $0.name != "__name__" && $0.name != "source_id" }
            middles.append(
                Array(
                    "\",\"source_id\":\"\(value("source_id"))\",\"metric_name\":\"\(value("__name__"))\",\"metric_value\":"
                        .utf8))
            ends.append(
                Array(",\"tags\":{\(tags.map { "\"\($0.name)\":\"\($0.value)\"" }.joined(separator: ","))}}\n".utf8))
        }
        self.middles = middles
        self.ends = ends
    }

    var messageByteCount: Int { message.count }

    mutating func begin() { message.removeAll(keepingCapacity: true) }

    mutating func append(series: Int, samples: Int, sample: (Int) -> (timestamp: Int64, value: Double)) {
        for step in 0..<samples {
            let (timestamp, value) = sample(step)
            if stamp.milliseconds != timestamp {
                let date = Date(timeIntervalSince1970: Double(timestamp) / 1000)
                let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
                stamp = (timestamp, Array(date.formatted(style).utf8))
            }
            message += "{\"timestamp\":\"".utf8
            message += stamp.text
            message += middles[series]
            message += value.description.utf8
            message += ends[series]
        }
    }

    mutating func finish() -> [UInt8] { message }
}
