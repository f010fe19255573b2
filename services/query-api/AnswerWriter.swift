import HTTPTypes
import Hummingbird
import NIOCore
import NativeHistograms
import TelemetryModel

/// Writes answers in the form of Prometheus' HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/) straight
/// into bytes: no tree of values, no string per number.
struct AnswerWriter: ~Copyable {
    var text: TextBytes

    init(capacity: Int = 4096) { text = TextBytes(capacity: capacity) }

    /// `{"status":"success","data":…,"warnings":[…],"infos":[…]}`; empty lists are left out.
    static func success(
        warnings: [String] = [], infos: [String] = [], _ data: (inout AnswerWriter) -> Void
    ) -> ByteBuffer {
        var writer = AnswerWriter()
        writer.begin()
        data(&writer)
        writer.end(warnings: warnings, infos: infos)
        return writer.text.buffer()
    }

    mutating func begin() { raw(#"{"status":"success","data":"#) }

    mutating func end(warnings: [String], infos: [String]) {
        if !warnings.isEmpty {
            raw(#","warnings":"#)
            strings(warnings)
        }
        if !infos.isEmpty {
            raw(#","infos":"#)
            strings(infos)
        }
        raw("}")
    }

    mutating func raw(_ text: StaticString) { self.text.append(text) }

    mutating func string(_ text: String) { self.text.append(quoted: text) }

    mutating func labels(_ labels: LabelSet) {
        raw("{")
        var isFirst = true
        for label in labels.labels {
            if !isFirst { raw(",") }
            isFirst = false
            string(label.name)
            raw(":")
            string(label.value)
        }
        raw("}")
    }

    mutating func labelSets(_ sets: some Collection<LabelSet>) {
        raw("[")
        var isFirst = true
        for set in sets {
            if !isFirst { raw(",") }
            isFirst = false
            labels(set)
        }
        raw("]")
    }

    mutating func strings(_ texts: some Collection<String>) {
        raw("[")
        var isFirst = true
        for text in texts {
            if !isFirst { raw(",") }
            isFirst = false
            string(text)
        }
        raw("]")
    }

    /// `[seconds,"value"]`
    mutating func point(_ timestamp: Int64, _ value: Double) {
        raw("[")
        SampleText.append(timestamp: timestamp, to: &text)
        raw(",")
        quoted(value)
        raw("]")
    }

    /// `[seconds,{"count":…,"sum":…,"buckets":[[boundaries,"lower","upper","count"],…]}]`; without `buckets` if none has
    /// observations. `boundaries` says which of the bounds belong to the bucket: 0 the upper one, 1 the lower, 2 none, 3 both.
    mutating func point(_ timestamp: Int64, _ histogram: NativeHistogram) {
        raw("[")
        SampleText.append(timestamp: timestamp, to: &text)
        raw(#",{"count":"#)
        quoted(histogram.count)
        raw(#","sum":"#)
        quoted(histogram.sum)
        var hasBuckets = false
        for bucket in histogram.buckets {
            raw(hasBuckets ? ",[" : #","buckets":[["#)
            hasBuckets = true
            switch (bucket.isLowerInclusive, bucket.isUpperInclusive) {
            case (false, true): raw("0,")
            case (true, false): raw("1,")
            case (false, false): raw("2,")
            case (true, true): raw("3,")
            }
            quoted(bucket.lower)
            raw(",")
            quoted(bucket.upper)
            raw(",")
            quoted(bucket.count)
            raw("]")
        }
        raw(hasBuckets ? "]}]" : "}]")
    }

    /// `"value"`
    mutating func quoted(_ value: Double) {
        raw("\"")
        SampleText.append(value, to: &text)
        raw("\"")
    }

    /// A number that JSON has; 0 for those that it has not.
    mutating func number(_ value: Double) { SampleText.append(value.isFinite ? value : 0, to: &text) }

    mutating func number(_ value: Int) { text.append(number: Int64(value)) }
}

extension Response {
    static func answer(_ body: ByteBuffer) -> Response {
        Response(status: .ok, headers: .jsonAnswer, body: .init(byteBuffer: body))
    }
}

extension HTTPFields {
    static var jsonAnswer: HTTPFields { [.contentType: "application/json; charset=utf-8"] }
}
