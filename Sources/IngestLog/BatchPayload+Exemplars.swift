import TelemetryModel

/// What version 4 has behind what version 3 has:
/// ```
/// k │ k × (length, UTF-8) names of labels │ e │ e × exemplar
/// exemplar: Δ reference, Δ timestamp (zigzag) │ value, 8 bytes LE │ l │ l × (index of the name, length, UTF-8)
/// ```
/// Names are those of all exemplars, each once; values are mostly the numbers of traces, no two the same.
extension BatchPayload {
    static func append(_ exemplars: [SeriesExemplar], to out: inout [UInt8]) {
        var names: [String: Int] = [:]
        var ordered: [String] = []
        for exemplar in exemplars {
            for label in exemplar.exemplar.labels.labels where names[label.name] == nil {
                names[label.name] = ordered.count
                ordered.append(label.name)
            }
        }
        out.appendVarint(UInt64(ordered.count))
        for name in ordered { append(name, to: &out) }
        out.appendVarint(UInt64(exemplars.count))
        var (reference, timestamp) = (Int64(0), Int64(0))
        for entry in exemplars {
            let exemplar = entry.exemplar
            out.appendVarint((Int64(entry.series.rawValue) - reference).zigzag)
            out.appendVarint((exemplar.timestamp &- timestamp).zigzag)
            (reference, timestamp) = (Int64(entry.series.rawValue), exemplar.timestamp)
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                out.append(UInt8(truncatingIfNeeded: exemplar.value.bitPattern >> shift))
            }
            out.appendVarint(UInt64(exemplar.labels.labels.count))
            for label in exemplar.labels.labels {
                out.appendVarint(UInt64(names[label.name] ?? 0))
                append(label.value, to: &out)
            }
        }
    }

    private static func append(_ text: String, to out: inout [UInt8]) {
        out.appendVarint(UInt64(text.utf8.count))
        out.append(contentsOf: text.utf8)
    }

    static func readExemplars(_ reader: inout VarintReader) throws(LogCorruption) -> [SeriesExemplar] {
        var names: [String] = []
        for _ in 0..<(try reader.count("names of exemplars' labels")) { names.append(try text(&reader)) }
        var exemplars: [SeriesExemplar] = []
        var (reference, timestamp) = (Int64(0), Int64(0))
        for _ in 0..<(try reader.count("exemplars")) {
            reference &+= try reader.zigzag("an exemplar's reference")
            timestamp &+= try reader.zigzag("an exemplar's timestamp")
            guard let series = UInt32(exactly: reference) else {
                throw LogCorruption(position: reader.position, expected: "a 32-bit series reference")
            }
            let value = Double(bitPattern: try reader.fixed64("an exemplar's value"))
            var labels: [Label] = []
            for _ in 0..<(try reader.count("an exemplar's labels")) {
                let name = try reader.varint("the name of an exemplar's label")
                guard name < UInt64(names.count) else {
                    throw LogCorruption(position: reader.position, expected: "one of \(names.count) names")
                }
                labels.append(Label(names[Int(name)], try text(&reader)))
            }
            exemplars.append(
                SeriesExemplar(
                    series: SeriesReference(series),
                    exemplar: Exemplar(labels: LabelSet(labels), value: value, timestamp: timestamp)))
        }
        return exemplars
    }

    private static func text(_ reader: inout VarintReader) throws(LogCorruption) -> String {
        String(decoding: try reader.slice(try reader.count("a text's length"), "a text of an exemplar"), as: UTF8.self)
    }
}
