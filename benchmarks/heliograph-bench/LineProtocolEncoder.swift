import TelemetryModel

/// InfluxDB's line protocol as Telegraf writes it: one line for all metrics of a source at one time, the metrics as its fields,
/// timestamps in nanoseconds. Not compressed.
///
///     telemetry,env=prod,…,source_id=host-000000 cpu_usage=12.5,mem_used_bytes=… 1795521600000000000
struct LineProtocolEncoder: RequestEncoder {
    private let metricNames: [[UInt8]]
    /// By source: the line up to the blank before its fields.
    private let heads: [[UInt8]]
    private var message: [UInt8] = []
    /// The source whose metrics are being added, and by step its timestamp and the fields so far.
    private var source = 0
    private var lines: [(timestamp: Int64, fields: [UInt8])] = []

    init(_ workload: Workload) {
        metricNames = workload.metrics.map { Array($0.rawValue.utf8) }
        heads = (0..<workload.sources).map { source in
            let tags = workload.labels(of: source * workload.metrics.count).filter { $0.name != "__name__" }
            return Array(("telemetry" + tags.map { ",\($0.name)=\($0.value)" }.joined() + " ").utf8)
        }
    }

    var messageByteCount: Int { message.count }

    mutating func begin() { message.removeAll(keepingCapacity: true) }

    mutating func append(series: Int, samples: Int, sample: (Int) -> (timestamp: Int64, value: Double)) {
        let (source, metric) = series.quotientAndRemainder(dividingBy: metricNames.count)
        if source != self.source { endSource() }
        self.source = source
        if lines.isEmpty { lines = (0..<samples).map { (sample($0).timestamp, []) } }
        for step in 0..<samples {
            if !lines[step].fields.isEmpty { lines[step].fields.append(UInt8(ascii: ",")) }
            lines[step].fields += metricNames[metric]
            lines[step].fields.append(UInt8(ascii: "="))
            lines[step].fields += sample(step).value.description.utf8
        }
    }

    mutating func finish() -> [UInt8] {
        endSource()
        return message
    }

    private mutating func endSource() {
        for (timestamp, fields) in lines {
            message += heads[source]
            message += fields
            message += " \(timestamp)000000\n".utf8
        }
        lines.removeAll(keepingCapacity: true)
    }
}
