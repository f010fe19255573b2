import ChunkCodec
import Foundation

/// Bytes a sample of recorded metrics at their own timestamps, in columns of up to 8,192 samples.
func measureRecorded(folder: String) {
    print("\nrecorded metrics: file, samples, B timestamps, B values, B both, forms")
    let format = DateFormatter()
    format.dateFormat = "yyyy-MM-dd HH:mm:ss"
    format.timeZone = TimeZone(identifier: "UTC")
    format.locale = Locale(identifier: "en_US_POSIX")
    var totalBytes = 0
    var totalSamples = 0
    let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    for file in files.filter({ $0.hasSuffix(".csv") }).sorted() {
        guard let text = try? String(contentsOfFile: folder + "/" + file, encoding: .utf8) else { continue }
        var samples: [(Int64, Double)] = []
        for line in text.split(whereSeparator: \.isNewline).dropFirst() {
            let parts = line.split(separator: ",")
            guard parts.count >= 2, let date = format.date(from: String(parts[0])), let value = Double(parts[1]) else {
                continue
            }
            samples.append((Int64(date.timeIntervalSince1970 * 1_000), value))
        }
        samples.sort { $0.0 < $1.0 }
        var timeBytes = 0
        var valueBytes = 0
        var forms = ""
        for start in stride(from: 0, to: samples.count, by: 8_192) {
            let piece = samples[start..<min(start + 8_192, samples.count)]
            let times = piece.map(\.0)
            let values = piece.map(\.1)
            let timeColumn = ChunkCodec.encodeTimestamps(times)
            let valueColumn = ChunkCodec.encodeValues(values)
            timeBytes += timeColumn.count
            valueBytes += valueColumn.count
            var decodedTimes: [Int64] = []
            var decodedValues: [Double] = []
            try? ChunkCodec.decodeTimestamps(timeColumn, into: &decodedTimes)
            try? ChunkCodec.decodeValues(valueColumn, into: &decodedValues)
            guard decodedTimes == times, decodedValues.map(\.bitPattern) == values.map(\.bitPattern) else {
                fatalError("\(file) does not come back")
            }
            if start == 0 { forms = valueColumn.prefix(6).map { String($0, radix: 16) }.joined(separator: " ") }
        }
        totalBytes += timeBytes + valueBytes
        totalSamples += samples.count
        let count = Double(max(samples.count, 1))
        print(
            file.padding(toLength: max(62, file.count), withPad: " ", startingAt: 0), samples.count,
            String(
                format: "  %.2f + %.2f = %.2f", Double(timeBytes) / count, Double(valueBytes) / count,
                Double(timeBytes + valueBytes) / count), " ", forms)
    }
    print("all", String(format: "%.2f", Double(totalBytes) / Double(max(totalSamples, 1))))
}
