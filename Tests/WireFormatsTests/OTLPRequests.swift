import Foundation
import TelemetryModel

@testable import WireFormats

/// The value of an attribute.
enum OTLPTestValue {
    case none
    case text(String)
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    case bytes([UInt8])
    case list([OTLPTestValue])
    /// Keys without a value are left out.
    case map([String], [OTLPTestValue])
}

/// A request of OTLP that can be written in both encodings.
struct OTLPRequest {
    struct Point {
        var attributes: [(String, OTLPTestValue)] = []
        var time: UInt64 = 1_700_000_000_123_000_000
        var start: UInt64 = 0
        var flags: UInt64 = 0
        var exemplars = 0
        var double: Double?
        var integer: Int64?
        var histogram: OTLPHistogram?
        var exponential: OTLPExponentialHistogram?
        var summary: OTLPSummary?
    }

    struct Metric {
        var name: String
        var unit = ""
        var description = ""
        var kind: OTLPKind
        var temporality = OTLPTemporality.cumulative
        var points: [Point]

        /// What the kind does not have is not written.
        var hasTemporality: Bool { kind != .gauge && kind != .summary }
    }

    struct Scope {
        var name = ""
        var version = ""
        var schema = ""
        var attributes: [(String, OTLPTestValue)] = []
        var metrics: [Metric]
    }

    struct Resource {
        var attributes: [(String, OTLPTestValue)] = []
        var schema = ""
        var scopes: [Scope]
    }

    var resources: [Resource]

    init(_ resources: [Resource]) { self.resources = resources }

    /// One scope of one resource.
    init(_ metrics: Metric..., resource: [(String, OTLPTestValue)] = []) {
        resources = [Resource(attributes: resource, scopes: [Scope(metrics: metrics)])]
    }
}

// MARK: Protobuf

extension OTLPRequest {
    var protobuf: [UInt8] {
        var request = ProtobufWriter()
        for resource in resources {
            request.message(1) { message in
                message.message(1) { $0.attributes(1, resource.attributes) }
                for scope in resource.scopes { message.message(2) { $0.scope(scope) } }
                if !resource.schema.isEmpty { message.string(3, resource.schema) }
            }
        }
        return request.bytes
    }
}

extension ProtobufWriter {
    fileprivate mutating func scope(_ scope: OTLPRequest.Scope) {
        message(1) { inner in
            if !scope.name.isEmpty { inner.string(1, scope.name) }
            if !scope.version.isEmpty { inner.string(2, scope.version) }
            inner.attributes(3, scope.attributes)
        }
        for metric in scope.metrics { message(2) { $0.metric(metric) } }
        if !scope.schema.isEmpty { string(3, scope.schema) }
    }

    fileprivate mutating func metric(_ metric: OTLPRequest.Metric) {
        string(1, metric.name)
        if !metric.description.isEmpty { string(2, metric.description) }
        if !metric.unit.isEmpty { string(3, metric.unit) }
        message(metric.kind.dataField) { data in
            for point in metric.points { data.message(1) { $0.point(point, metric.kind) } }
            if metric.hasTemporality { data.varint(2, metric.temporality.rawValue) }
            if metric.kind == .counter { data.varint(3, 1) }
        }
    }

    fileprivate mutating func fixed(_ number: Int, _ value: UInt64) { double(number, Double(bitPattern: value)) }

    fileprivate mutating func attributes(_ number: Int, _ attributes: [(String, OTLPTestValue)]) {
        for (key, value) in attributes {
            message(number) { pair in
                pair.string(1, key)
                pair.message(2) { $0.value(value) }
            }
        }
    }

    fileprivate mutating func value(_ value: OTLPTestValue) {
        switch value {
        case .none: break
        case .text(let text): string(1, text)
        case .boolean(let flag): varint(2, flag ? 1 : 0)
        case .integer(let integer): int64(3, integer)
        case .double(let number): double(4, number)
        case .list(let values): message(5) { list in for value in values { list.message(1) { $0.value(value) } } }
        case .map(let keys, let values): message(6) { $0.attributes(1, Array(zip(keys, values))) }
        case .bytes(let content): bytes(7, content)
        }
    }

    fileprivate mutating func point(_ point: OTLPRequest.Point, _ kind: OTLPKind) {
        if kind == .exponentialHistogram { attributes(1, point.attributes) }
        if point.start > 0 { fixed(2, point.start) }
        if point.time > 0 { fixed(3, point.time) }
        if let number = point.double { double(4, number) }
        if let integer = point.integer { fixed(6, UInt64(bitPattern: integer)) }
        if let histogram = point.histogram {
            fixed(4, histogram.count)
            if let sum = histogram.sum { double(5, sum) }
            doubles(6, histogram.counts.map { Double(bitPattern: $0) })
            doubles(7, histogram.bounds)
        }
        if let exponential = point.exponential {
            fixed(4, exponential.count)
            if let sum = exponential.sum { double(5, sum) }
            sint32(6, Int32(exponential.scale))
            fixed(7, exponential.zeroCount)
            for (number, buckets) in [(8, exponential.positive), (9, exponential.negative)] {
                message(number) { message in
                    message.sint32(1, Int32(buckets.offset))
                    var packed = ProtobufWriter()
                    for count in buckets.counts { packed.append(varint: count) }
                    message.bytes(2, packed.bytes)
                }
            }
            double(14, exponential.zeroThreshold)
        }
        if let summary = point.summary {
            fixed(4, summary.count)
            double(5, summary.sum)
            for (quantile, value) in summary.quantiles {
                message(6) { message in
                    message.double(1, quantile)
                    message.double(2, value)
                }
            }
        }
        if kind == .histogram { attributes(9, point.attributes) }
        if kind != .histogram, kind != .exponentialHistogram { attributes(7, point.attributes) }
        let exemplarField = kind == .exponentialHistogram ? 11 : kind == .histogram ? 8 : 5
        for _ in 0..<point.exemplars { message(exemplarField) { $0.double(3, 1) } }
        if point.flags > 0 { varint(kind == .histogram || kind == .exponentialHistogram ? 10 : 8, point.flags) }
    }
}

// MARK: JSON

extension OTLPRequest {
    /// Integers of 64 bits are written as strings, what is not finite as a name.
    var json: [UInt8] {
        let objects = resources.map { resource -> [String: Any] in
            [
                "resource": ["attributes": Self.attributes(resource.attributes)], "schemaUrl": resource.schema,
                "scopeMetrics": resource.scopes.map { scope -> [String: Any] in
                    [
                        "scope": [
                            "name": scope.name, "version": scope.version,
                            "attributes": Self.attributes(scope.attributes),
                        ] as [String: Any],
                        "schemaUrl": scope.schema, "metrics": scope.metrics.map(Self.metric),
                        "somethingNew": [1, [:], nil],
                    ]
                },
            ]
        }
        // Foundation writes what it is given here.
        return Array((try? JSONSerialization.data(withJSONObject: ["resourceMetrics": objects])) ?? Data())
    }

    private static func metric(_ metric: Metric) -> [String: Any] {
        var data: [String: Any] = ["dataPoints": metric.points.map(point)]
        if metric.hasTemporality { data["aggregationTemporality"] = metric.temporality.rawValue }
        if metric.kind == .counter { data["isMonotonic"] = true }
        return ["name": metric.name, "description": metric.description, "unit": metric.unit, metric.kind.dataKey: data]
    }

    private static func number(_ value: Double) -> Any {
        if value.isNaN { return "NaN" }
        return value.isFinite ? value as Any : value < 0 ? "-Infinity" : "Infinity"
    }

    private static func attributes(_ attributes: [(String, OTLPTestValue)]) -> [[String: Any]] {
        attributes.map { ["key": $0.0, "value": value($0.1)] }
    }

    private static func value(_ value: OTLPTestValue) -> [String: Any] {
        switch value {
        case .none: [:]
        case .text(let text): ["stringValue": text]
        case .boolean(let flag): ["boolValue": flag]
        case .integer(let integer): ["intValue": "\(integer)"]
        case .double(let double): ["doubleValue": number(double)]
        case .list(let values): ["arrayValue": ["values": values.map(self.value)]]
        case .map(let keys, let values): ["kvlistValue": ["values": attributes(Array(zip(keys, values)))]]
        case .bytes(let bytes): ["bytesValue": Data(bytes).base64EncodedString()]
        }
    }

    private static func point(_ point: Point) -> [String: Any] {
        var object: [String: Any] = [
            "attributes": attributes(point.attributes), "timeUnixNano": "\(point.time)",
            "startTimeUnixNano": "\(point.start)", "flags": point.flags,
        ]
        if point.exemplars > 0 { object["exemplars"] = (0..<point.exemplars).map { ["asDouble": $0] } }
        if let double = point.double { object["asDouble"] = number(double) }
        if let integer = point.integer { object["asInt"] = "\(integer)" }
        if let histogram = point.histogram {
            object["count"] = "\(histogram.count)"
            if let sum = histogram.sum { object["sum"] = number(sum) }
            object["bucketCounts"] = histogram.counts.map { "\($0)" }
            object["explicitBounds"] = histogram.bounds.map(number)
        }
        if let exponential = point.exponential {
            object["count"] = "\(exponential.count)"
            if let sum = exponential.sum { object["sum"] = number(sum) }
            object["scale"] = exponential.scale
            object["zeroCount"] = "\(exponential.zeroCount)"
            object["zeroThreshold"] = number(exponential.zeroThreshold)
            for (name, buckets) in [("positive", exponential.positive), ("negative", exponential.negative)] {
                object[name] =
                    ["offset": buckets.offset, "bucketCounts": buckets.counts.map { "\($0)" }] as [String: Any]
            }
        }
        if let summary = point.summary {
            object["count"] = "\(summary.count)"
            object["sum"] = number(summary.sum)
            object["quantileValues"] = summary.quantiles.map {
                ["quantile": number($0.quantile), "value": number($0.value)]
            }
        }
        return object
    }
}
