import HTTPTypes
import Hummingbird
import NIOCore
import PromQLEngine
import TelemetryModel
import TimeSeriesStore

/// Writes answers in the form of Prometheus' HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/)
/// straight into a buffer: large results go through no tree of values.
struct AnswerWriter {
    private(set) var buffer = ByteBuffer()
    /// Collects short pieces, which a buffer takes up more cheaply together.
    private var pending: [UInt8] = []
    private static let pendingLimit = 16_384

    init() { pending.reserveCapacity(Self.pendingLimit + 4096) }

    /// `{"status":"success","data":…,"warnings":[…],"infos":[…]}`; empty lists are left out.
    static func success(
        warnings: [String] = [], infos: [String] = [], _ data: (inout AnswerWriter) -> Void
    ) -> ByteBuffer {
        var writer = AnswerWriter()
        writer.raw(#"{"status":"success","data":"#)
        data(&writer)
        for (name, texts) in [(#","warnings":"# as StaticString, warnings), (#","infos":"#, infos)] where !texts.isEmpty
        {
            writer.raw(name)
            writer.strings(texts)
        }
        writer.raw("}")
        writer.flush()
        return writer.buffer
    }

    /// A query's result with its annotations; `extraWarnings` come first.
    static func success(_ result: QueryResult, extraWarnings: [String] = []) -> ByteBuffer {
        let texts = { (kind: QueryAnnotation.Kind) in
            result.annotations.filter { $0.kind == kind }.map(\.description)
        }
        return success(warnings: extraWarnings + texts(.warning), infos: texts(.info)) { $0.value(result.value) }
    }

    mutating func value(_ value: QueryValue) {
        switch value {
        case .scalar(let timestamp, let value):
            raw(#"{"resultType":"scalar","result":"#)
            point(timestamp, value)
        case .string(let timestamp, let value):
            raw(#"{"resultType":"string","result":["#)
            SampleText.append(timestamp: timestamp, to: &pending)
            raw(",")
            string(value)
            raw("]")
        case .vector(let samples):
            raw(#"{"resultType":"vector","result":["#)
            for (index, sample) in samples.enumerated() {
                raw(index > 0 ? #",{"metric":"# : #"{"metric":"#)
                labels(sample.labels)
                raw(#","value":"#)
                point(sample.timestamp, sample.value)
                raw("}")
            }
            raw("]")
        case .matrix(let series):
            raw(#"{"resultType":"matrix","result":["#)
            for (index, one) in series.enumerated() {
                raw(index > 0 ? #",{"metric":"# : #"{"metric":"#)
                labels(one.labels)
                raw(#","values":["#)
                for (index, (timestamp, value)) in zip(one.samples.timestamps, one.samples.values).enumerated() {
                    if index > 0 { raw(",") }
                    point(timestamp, value)
                }
                raw("]}")
            }
            raw("]")
        }
        raw("}")
    }

    mutating func labels(_ labels: LabelSet) {
        raw("{")
        for (index, label) in labels.labels.enumerated() {
            if index > 0 { raw(",") }
            string(label.name)
            raw(":")
            string(label.value)
        }
        raw("}")
    }

    mutating func labelSets(_ sets: some Collection<LabelSet>) {
        raw("[")
        for (index, set) in sets.enumerated() {
            if index > 0 { raw(",") }
            labels(set)
        }
        raw("]")
    }

    mutating func strings(_ texts: some Collection<String>) {
        raw("[")
        for (index, text) in texts.enumerated() {
            if index > 0 { raw(",") }
            string(text)
        }
        raw("]")
    }

    /// RFC 8259, section 7.
    mutating func string(_ text: String) {
        pending.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): raw(#"\""#)
            case UInt8(ascii: "\\"): raw(#"\\"#)
            case UInt8(ascii: "\n"): raw(#"\n"#)
            case 0..<0x20:
                raw(#"\u00"#)
                for digit in [byte >> 4, byte & 0xF] {
                    pending.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
                }
            default: pending.append(byte)
            }
        }
        pending.append(UInt8(ascii: "\""))
        flushIfLarge()
    }

    mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { pending.append(contentsOf: $0) }
    }

    /// `[seconds,"value"]`
    private mutating func point(_ timestamp: Int64, _ value: Double) {
        pending.append(UInt8(ascii: "["))
        SampleText.append(timestamp: timestamp, to: &pending)
        pending.append(UInt8(ascii: ","))
        pending.append(UInt8(ascii: "\""))
        SampleText.append(value, to: &pending)
        pending.append(UInt8(ascii: "\""))
        pending.append(UInt8(ascii: "]"))
        flushIfLarge()
    }

    private mutating func flushIfLarge() {
        if pending.count >= Self.pendingLimit { flush() }
    }

    private mutating func flush() {
        buffer.writeBytes(pending)
        pending.removeAll(keepingCapacity: true)
    }
}

extension Response {
    static func answer(_ body: ByteBuffer) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"], body: .init(byteBuffer: body))
    }
}
