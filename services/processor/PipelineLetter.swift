import Processing
import TelemetryModel
import WireFormats

/// The dead letter of a record that the pipeline refused: the record as it came, in a form in which it can be sent again: a histogram as a series of remote
/// write, a number as a record of the data contract if that has one for it, else as a line of Prometheus' text format.
struct PipelineLetter {
    let labels: LabelSet
    let timestamp: Int64
    let value: Double
    let details: RecordDetails

    func record(_ refusal: PipelineRefusal, index: Int) -> RejectedRecord {
        RejectedRecord(
            index: index, field: refusal.field, reason: .refusedByPipeline, message: refusal.message,
            payload: payload, sourceID: labels["source_id"], parameters: form.parameters)
    }

    private var form: PipelineLetterForm {
        details.histogram == nil ? .number(startTimestamp: details.startTimestamp) : .series
    }

    private var payload: [UInt8] {
        if let histogram = details.histogram {
            var series = ProtobufWriter()
            series.labels(labels)
            series.histogram(timestamp: timestamp, histogram, start: details.startTimestamp ?? 0)
            return series.bytes
        }
        if var writer = try? ContractRecordWriter(labels, format: .ndjson) {
            var text: [UInt8] = []
            if writer.append(timestamp: timestamp, value: value, message: details.message, to: &text) == nil {
                return text.dropLast()
            }
        }
        return Array(ExpositionLineText.text(labels, value: value, timestamp: timestamp).utf8)
    }
}
